"""The screen in tmux, beside a running relay: what an operator does over SSH."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway
from tests.harness.process import free_port, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit
from tests.harness.tmux import ENDED, Tmux

MESSAGES = 12


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Gateway]:
    """A relay whose next hop refuses connections, and mail that is stuck there."""
    with Gateway(tmp_path, free_port(), settings={"resend_period": 600}) as gateway:
        for number in range(MESSAGES):
            submit(gateway.port, make_sample(f"m-{number}"))
        wait_until(lambda: len(gateway.listed("stuck")) == MESSAGES, what="all are stuck")
        yield gateway


def screen(gateway: Gateway, size: tuple[int, int] = (80, 24), *words: str) -> Tmux:
    argv = [sys.executable, "-m", "spooltool", "--spool", str(gateway.spool)]
    return Tmux([*argv, "--config", str(gateway.config), "tui", *words], size)


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    own = [int(word) for word in found.stdout.split()]
    return [*own, *(grandchild for child in own for grandchild in children(child))]


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_stuck_mail_is_seen_sent_another_way_and_gone(
    stuck: Gateway, size: tuple[int, int]
) -> None:
    """Look, tag all, retarget with a probe and a kick, see it leave, look at the log, quit."""
    with SinkProcess(log=stuck.folder / "sink.log") as sink, screen(stuck, size) as tmux:
        tmux.wait_for("relay up", f"{MESSAGES} match of {MESSAGES}", "refused: connect port")
        tmux.keys("A")
        tmux.wait_for(f"{MESSAGES} tagged")
        tmux.keys("R")
        tmux.wait_for(f"RETARGET {MESSAGES} messages")
        tmux.typed(f"127.0.0.1:{sink.port}")
        tmux.keys("Enter")
        tmux.wait_for(f"{MESSAGES} would change", "takes all", "y apply")
        tmux.keys("y")
        tmux.wait_for(f"{MESSAGES} done, 0 busy, 0 gone, 0 failed")
        tmux.keys("Escape")
        tmux.wait_gone(f"RETARGET {MESSAGES}")
        tmux.keys("A", "K")
        tmux.wait_for(f"KICK {MESSAGES} messages", "y apply")
        tmux.keys("y")
        tmux.wait_for("kicked")
        stuck.wait_empty()
        tmux.keys("Escape")
        tmux.wait_gone(f"KICK {MESSAGES}")
        tmux.keys(".")
        tmux.wait_for(f"0 messages; relay up, {MESSAGES} delivered in the last hour")
        tmux.keys("6")
        tmux.wait_for("delivered")
        tmux.keys("q")
        tmux.wait_for(f"{ENDED}0")
        entries = sink.entries()
    assert len(entries) == MESSAGES
    (record,) = [r for r in history(stuck) if r["verb"] == "retarget"]
    assert record["command"].startswith("spooltool retarget stuck --to 127.0.0.1:")


def history(gateway: Gateway) -> list[dict[str, str]]:
    done = gateway.spooltool("history", "--json")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_another_operator_does_appears(stuck: Gateway) -> None:
    with screen(stuck) as tmux:
        tmux.wait_for(f"{MESSAGES} match of {MESSAGES}")
        done = stuck.spooltool("hold", "--all", "--yes", "--reason", "spam wave")
        assert done.returncode == 0, done.stderr
        tmux.wait_for("nothing matches", f"hold  {MESSAGES} done", "spam wave")
        assert "root" in tmux.text or "hold" in tmux.text


def test_letters_typed_ahead_of_a_plan_change_nothing(stuck: Gateway) -> None:
    """`Dy12` and Enter at once, faster than any plan can be painted."""
    with screen(stuck) as tmux:
        tmux.wait_for(f"{MESSAGES} match of {MESSAGES}")
        tmux.keys("A", "H", "y", "y", "y")
        tmux.wait_for(f"HOLD {MESSAGES} messages", "y apply")
        assert len(stuck.listed("stuck")) == MESSAGES
        assert history(stuck) == []
        tmux.keys("Escape")
        tmux.wait_gone(f"HOLD {MESSAGES}")
        assert history(stuck) == []


def test_it_follows_the_size_of_the_terminal(stuck: Gateway) -> None:
    with screen(stuck) as tmux:
        tmux.wait_for(f"{MESSAGES} match of {MESSAGES}")
        assert "DESTINATION x AGE" not in tmux.text
        tmux.resize(160, 48)
        tmux.wait_for("2 DESTINATION x AGE", "3 REASON", "4 ORDERS", "6 LOG")
        tmux.resize(80, 24)
        tmux.wait_for("mend")
        assert all(len(line) <= 80 for line in tmux.lines)


def test_killed_it_leaves_no_process_and_no_lock(stuck: Gateway) -> None:
    with screen(stuck) as tmux:
        tmux.wait_for(f"{MESSAGES} match of {MESSAGES}")
        (screen_pid, *workers) = children(tmux.pid)
        assert workers
        os.kill(screen_pid, signal.SIGKILL)
        wait_until(lambda: not any(map(alive, workers)), what="the workers end with it")
        assert stuck.spooltool("hold", "--all", "--yes").returncode == 0


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_read_only_has_no_keys_that_change(stuck: Gateway) -> None:
    with screen(stuck, (80, 24), "--read-only") as tmux:
        tmux.wait_for("READ ONLY", f"{MESSAGES} match of {MESSAGES}")
        assert "retarget" not in tmux.text
        tmux.keys("A", "H")
        tmux.keys("Escape")
        tmux.keys("j")
        tmux.wait_for(f"{MESSAGES} match of {MESSAGES}")
        assert "HOLD" not in tmux.text
    assert history(stuck) == []


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": "linux"}, {"NO_COLOR": "1"}])
def test_other_terminals(stuck: Gateway, variables: dict[str, str]) -> None:
    argv = [sys.executable, "-m", "spooltool", "--spool", str(stuck.spool), "tui"]
    with Tmux(argv, env=variables) as tmux:
        if variables.get("TERM") == "dumb":
            tmux.wait_for("can draw no screen", "spooltool ls --stuck", f"{ENDED}2")
        else:
            tmux.wait_for(f"{MESSAGES} match of {MESSAGES}")


def test_a_locale_without_utf8_gets_ascii_alone(stuck: Gateway) -> None:
    argv = [sys.executable, "-m", "spooltool", "--spool", str(stuck.spool), "tui"]
    with Tmux(argv, (160, 48), env={"LC_ALL": "C", "PYTHONUTF8": "0"}) as tmux:
        shown = tmux.wait_for(f"{MESSAGES} match of {MESSAGES}", "LOG", "REASON")
        assert shown.isascii(), [ch for ch in shown if not ch.isascii()]
