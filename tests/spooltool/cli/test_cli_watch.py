"""`watch`: a line for each change of standing, until all have left; then the outcome."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from spooltool.logs import format_line
from spooltool.spool.names import RESEND, parse_path
from spooltool.spool.state import State
from spooltool.store.edit import write_state
from spooltool.store.lock import lock
from spooltool.store.move import move
from spooltool.store.root import Spool
from tests.spooltool.cli.calling import ROOT, Ended
from tests.spooltool.cli.changed import OLD, put

Call = Callable[..., Ended]
NOW = 1795545851.5


class Watcher:
    """A running `watch`; `line` waits for its next line."""

    def __init__(self, spool: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spooltool", "--spool", str(spool), "watch", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        # A line that never comes must not hold the tests up for ever.
        self._last_resort = threading.Timer(60, self.process.kill)
        self._last_resort.start()
        self.said = [self._read(self.process.stderr)]
        if "--json" not in words:
            self.said.append(self._read(self.process.stderr))

    def line(self) -> list[str]:
        return self._read(self.process.stdout).rstrip("\n").split("\t")

    def end(self) -> int:
        assert self.process.stdout is not None and self.process.stderr is not None
        self._last_resort.cancel()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait()

    @staticmethod
    def _read(stream: IO[str] | None) -> str:
        assert stream is not None
        return stream.readline()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 2)
    (tmp_path / "spool" / ".spooltool" / "log").mkdir(parents=True)
    log(tmp_path / "spool", "", "start")
    return tmp_path / "spool"


@pytest.fixture
def watcher(spool: Path) -> Iterator[Callable[..., Watcher]]:
    started: list[Watcher] = []

    def start(*words: str) -> Watcher:
        started.append(Watcher(spool, *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
        one.end()


def log(spool: Path, number: str, event: str, **fields: str) -> None:
    with open(spool / ".spooltool/log/mdq.elg", "a", encoding="utf-8") as file:
        file.write(format_line(1, "gw1", NOW, number, event, fields) + "\n")


def files(spool: Path) -> list[str]:
    return sorted(str(path.relative_to(spool)) for path in spool.glob("D_*/R*"))


def fail(spool: Path, file: str) -> None:
    name = parse_path(file)
    assert name is not None
    with Spool.open(str(spool)) as opened, lock(opened, name) as locked:
        state = State("refused", 1, 1, 2, text="connect port 25", pending=1)
        assert write_state(locked, locked.envelope(), state)
        move(locked, name.at(RESEND))


def test_changes_of_standing_then_the_outcome(spool: Path, watcher: Callable[..., Watcher]) -> None:
    watch = watcher(f"dst:{OLD}")
    assert watch.said[0].startswith("watching 2 messages in ")
    assert watch.said[1] == "relay not running: nothing moves until it does\n"
    first, second = files(spool)
    fail(spool, first)
    _, name, word, host, why = watch.line()
    assert (name, word, host) == (first[9:], "stuck", "-")
    assert why == "refused: connect port 25"
    log(spool, second[10:], "delivered", host="10.1.5.2:25", to="anna1@example.org", reply="250 ok")
    (spool / second).unlink()
    _, *rest = watch.line()
    assert rest == [second[9:], "delivered", "10.1.5.2:25", "250 ok"]
    log(spool, first[10:], "rejected", host="10.1.5.2:25", to="anna0@example.org", reply="550 no")
    log(spool, first[10:], "notice-delivered", host="10.1.5.2:25", to="jo@example.com")
    (spool / "D_resend" / first[9:]).unlink()
    assert watch.line()[2] == "notice"
    assert watch.process.wait() == 1
    (last,) = watch.line()
    assert last.startswith("2 left in ")
    assert last.endswith(" s: 1 notice, 1 delivered")


def test_all_delivered_is_a_happy_end(spool: Path, watcher: Callable[..., Watcher]) -> None:
    first, second = files(spool)
    watch = watcher(first[9:], "--json")
    log(spool, second[10:], "delivered", host="h:25", to="anna1@example.org")  # another's line
    log(spool, first[10:], "delivered", host="h:25", to="anna0@example.org", reply="250 2.0.0 ok")
    (spool / first).unlink()
    one = json.loads(watch.line()[0])
    assert (one["id"], one["outcome"], one["standing"]) == (first[10:], "delivered", None)
    assert (one["host"], one["why"]) == ("h:25", "250 2.0.0 ok")
    schema = json.loads((ROOT / "docs/schema/watch.json").read_text())
    assert list(one) == list(schema["properties"])
    summary = json.loads(watch.line()[0])
    assert (summary["left"], summary["here"]) == ({"delivered": 1}, {})
    assert watch.process.wait() == 0


def test_without_a_log_they_left_the_queue(spool: Path, watcher: Callable[..., Watcher]) -> None:
    (spool / ".spooltool/log/mdq.elg").unlink()
    (spool / ".spooltool/log").rmdir()
    watch = watcher(f"dst:{OLD}")
    for file in files(spool):
        (spool / file).unlink()
    assert {watch.line()[2] for _ in range(2)} == {"left"}
    assert watch.line()[0].endswith(" s: 2 left the queue")
    assert watch.process.wait() == 0


def test_what_the_trash_has_is_trashed(spool: Path, watcher: Callable[..., Watcher]) -> None:
    first, _ = files(spool)
    watch = watcher(first[9:])
    trash = spool / ".spooltool/trash"
    log(spool, first[10:], "trashed", expired="1")
    os.rename(spool / first, trash / first[9:])
    assert watch.line()[2] == "trashed"
    assert watch.process.wait() == 1


def test_for_a_time(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "watch", f"dst:{OLD}", "--for", "0s")
    assert done.code == 1
    assert done.lines[-1].startswith("0 left in ")
    assert "; 2 still here after the time of --for: 2 fresh" in done.lines[-1]


def test_control_c_counts_and_ends(spool: Path, watcher: Callable[..., Watcher]) -> None:
    watch = watcher(f"dst:{OLD}")
    first, _ = files(spool)
    fail(spool, first)
    watch.line()
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait() == 130
    assert "2 still here when interrupted: 1 refused, 1 fresh" in watch.line()[0]


def test_nothing_to_watch(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "watch", "dst:10.9.9.9")
    assert (done.code, done.out, done.err) == (0, "", "nothing matches: nothing to watch\n")
    assert call("--spool", spool, "watch", "00000zzz").code == 1
    assert call("--spool", spool, "watch", "--for", "ever").code == 2
