"""`watch`: a line for each change of standing, until all have left; then the outcome."""

from __future__ import annotations

import errno
import fcntl
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

from spooltool.cli import following
from spooltool.live import watcher as watcher_module
from spooltool.logs import format_line
from spooltool.spool.names import RESEND, parse_path
from spooltool.spool.state import State
from spooltool.store.edit import write_state
from spooltool.store.lock import lock
from spooltool.store.move import move
from spooltool.store.root import Spool
from tests.spooltool.cli.calling import ROOT, Ended
from tests.spooltool.cli.changed import OLD, put, tree

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
        self.header = ""
        if "--json" not in words:
            self.said.append(self._read(self.process.stderr))
            self.header = self._read(self.process.stdout)

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
    assert watch.said[0].endswith(": 2 not tried yet\n")
    assert watch.said[1] == "relay not running: nothing moves until it does\n"
    first, second = files(spool)
    fail(spool, first)
    assert watch.header == "#TIME\tID\tFROM\tTO\tHOST\tWHY\n"
    assert watch.line()[1:] == [first[9:], "fresh", "stuck", "-", "refused: connect port 25"]
    log(spool, second[10:], "delivered", host="10.1.5.2:25", to="anna1@example.org", reply="250 ok")
    (spool / second).unlink()
    _, *rest = watch.line()
    assert rest == [second[9:], "fresh", "delivered", "10.1.5.2:25", "250 ok"]
    log(spool, first[10:], "rejected", host="10.1.5.2:25", to="anna0@example.org", reply="550 no")
    log(spool, first[10:], "notice-delivered", host="10.1.5.2:25", to="jo@example.com")
    (spool / "D_resend" / first[9:]).unlink()
    assert watch.line()[2:4] == ["stuck", "notice"]
    assert watch.process.wait() == 1
    (last,) = watch.line()
    assert last.startswith("2 left in ")
    assert last.endswith(" s: 1 bounced (notice sent), 1 delivered")


def test_all_delivered_is_a_happy_end(spool: Path, watcher: Callable[..., Watcher]) -> None:
    first, second = files(spool)
    watch = watcher(first[9:], "--json")
    log(spool, second[10:], "delivered", host="h:25", to="anna1@example.org")  # another's line
    log(spool, first[10:], "delivered", host="h:25", to="anna0@example.org", reply="250 2.0.0 ok")
    (spool / first).unlink()
    one = json.loads(watch.line()[0])
    assert (one["id"], one["outcome"], one["standing"]) == (first[10:], "delivered", None)
    assert (one["host"], one["why"]) == ("h:25", "250 2.0.0 ok")
    assert (one["before"], one["before_stuck"], one["stuck"]) == ("fresh", None, None)
    schema = json.loads((ROOT / "docs/schema/watch.json").read_text())
    assert list(one) == list(schema["properties"])
    summary = json.loads(watch.line()[0])
    assert (summary["left"], summary["here"]) == ({"delivered": 1}, {})
    assert summary["interrupted"] is False
    assert watch.process.wait() == 0


def test_without_a_log_they_left_the_queue(spool: Path, watcher: Callable[..., Watcher]) -> None:
    (spool / ".spooltool/log/mdq.elg").unlink()
    (spool / ".spooltool/log").rmdir()
    watch = watcher(f"dst:{OLD}")
    for file in files(spool):
        (spool / file).unlink()
    assert {watch.line()[3] for _ in range(2)} == {"left"}
    assert watch.line()[0].endswith(" s: 2 left the queue")
    assert watch.process.wait() == 0


def test_what_the_trash_has_is_trashed(spool: Path, watcher: Callable[..., Watcher]) -> None:
    first, _ = files(spool)
    watch = watcher(first[9:])
    trash = spool / ".spooltool/trash"
    log(spool, first[10:], "trashed", expired="1")
    os.rename(spool / first, trash / first[9:])
    assert watch.line()[3] == "trashed"
    assert watch.process.wait() == 1


def test_for_a_time(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "watch", f"dst:{OLD}", "--for", "0s")
    assert done.code == 1
    assert done.lines[-1].startswith("0 left in ")
    assert "; 2 still here after the time of --for: 2 not tried yet" in done.lines[-1]


def test_control_c_counts_and_ends(spool: Path, watcher: Callable[..., Watcher]) -> None:
    watch = watcher(f"dst:{OLD}")
    first, _ = files(spool)
    fail(spool, first)
    watch.line()
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait() == 130
    assert "2 still here when interrupted: 1 refused, 1 not tried yet" in watch.line()[0]


def test_nothing_to_watch(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "watch", "dst:10.9.9.9")
    assert (done.code, done.out, done.err) == (0, "", "nothing matches: nothing to watch\n")
    assert call("--spool", spool, "watch", "00000zzz").code == 1
    assert call("--spool", spool, "watch", "--for", "ever").code == 2


def test_what_an_operator_deleted(spool: Path, watcher: Callable[..., Watcher], call: Call) -> None:
    first, second = files(spool)
    watch = watcher(f"dst:{OLD}")
    done = call("--spool", spool, "delete", first[9:], "--yes", "--reason", "spam\x1b[2J")
    assert done.code == 0
    *line, told = watch.line()[1:]
    assert line == [first[9:], "fresh", "deleted", "-"]
    assert told.startswith("txn 1 by ") and told.endswith(": spam^[[2J")
    assert call("--spool", spool, "delete", second[9:], "--purge", "--yes").code == 0
    *line, told = watch.line()[1:]
    assert line == [second[9:], "fresh", "deleted", "-"]
    assert told.startswith("txn 2 by ")
    assert watch.line()[0].endswith(" s: 2 deleted by an operator")
    assert watch.process.wait() == 0


def test_a_hold_is_no_end(spool: Path, watcher: Callable[..., Watcher], call: Call) -> None:
    first, _ = files(spool)
    watch = watcher(first[9:])
    assert call("--spool", spool, "hold", first[9:], "--yes").code == 0
    assert watch.line()[1:] == [first[9:], "fresh", "held", "-", "held"]
    assert call("--spool", spool, "release", first[9:], "--yes").code == 0
    assert watch.line()[1:4] == [first[9:], "held", "fresh"]
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait() == 130


def test_a_line_of_the_log_says_where_to_look(spool: Path, watcher: Callable[..., Watcher]) -> None:
    """A change of STATE in place moves no name: the kernel reports none."""
    first, _ = files(spool)
    watch = watcher(first[9:])
    change_in_place(spool, first)
    log(spool, first[10:], "put-off", host="h:25", to="anna0@example.org", reply="refused")
    assert watch.line()[1:4] == [first[9:], "fresh", "stuck"]


def change_in_place(spool: Path, file: str) -> None:
    name = parse_path(file)
    assert name is not None
    with Spool.open(str(spool)) as opened, lock(opened, name) as locked:
        state = State("refused", 1, 1, 2, text="connect port 25", pending=1)
        assert write_state(locked, locked.envelope(), state)


def test_the_scan_sees_what_makes_no_event(
    spool: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = files(spool)
    monkeypatch.setattr(following, "SCAN_EVERY", 0.01)
    looked = following.Follow._look

    def look_and_change(follow: following.Follow) -> None:
        looked(follow)
        monkeypatch.setattr(following.Follow, "_look", looked)
        change_in_place(spool, first)

    monkeypatch.setattr(following.Follow, "_look", look_and_change)
    done = call("--spool", spool, "watch", first[9:], "--for", "2s")
    (line,) = [line for line in done.lines if f"\t{first[9:]}\t" in line]
    assert line.split("\t")[2:4] == ["fresh", "stuck"]
    assert done.code == 1


def test_an_attempt_that_lasts_is_a_change(spool: Path, call: Call) -> None:
    first, _ = files(spool)
    with (spool / first).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = call("--spool", spool, "watch", first[9:], "--for", "0s")
    assert done.err.splitlines()[0].endswith(": 1 being delivered")


def test_what_a_server_said_is_shown_and_never_obeyed(
    spool: Path, watcher: Callable[..., Watcher]
) -> None:
    first, _ = files(spool)
    watch = watcher(first[9:])
    reply = "550 [/b]:smile:\x1b[2J\u202e[@click=app.quit]x[/]"
    log(spool, first[10:], "rejected", host="[/b]\x1b[1m", to="anna0@example.org", reply=reply)
    (spool / first).unlink()
    *_, host, why = watch.line()
    assert host == "[/b]^[[1m"
    assert why == "550 [/b]:smile:^[[2J\\u202e[@click=app.quit]x[/]"


def test_watching_writes_nothing(spool: Path, call: Call) -> None:
    before = tree(spool)
    assert call("--spool", spool, "watch", "--for", "0.5s").code == 1
    assert tree(spool) == before


def test_a_system_without_a_watch_still_sees_the_end(
    spool: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_watch(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(watcher_module.Observer, "schedule", no_watch)
    monkeypatch.setattr(following, "SCAN_EVERY", 0.01)
    looked = following.Follow._look

    def look_and_remove(follow: following.Follow) -> None:
        looked(follow)
        for file in files(spool):
            log(spool, file[10:], "delivered", host="h:25", to=f"anna{file[-1]}@example.org")
            (spool / file).unlink()

    monkeypatch.setattr(following.Follow, "_look", look_and_remove)
    done = call("--spool", spool, "watch")
    assert done.code == 0
    assert done.lines[-1].endswith(" s: 2 delivered")
