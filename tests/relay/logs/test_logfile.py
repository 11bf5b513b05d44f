"""Log files: whole lines, rotation, reopening, and a disk that says no."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from relay.logs.logfile import LogFile
from relay.logs.process_log import ProcessLog
from spooltool.logs import SCAN_STOP, parse_line, parse_record


class Turns:
    """A loop whose turns the test makes."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def call_soon(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def turn(self) -> None:
        work, self.waiting = self.waiting, []
        for one in work:
            one()


class Clock:
    """Seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_of_a_turn_are_written_together(tmp_path: Path) -> None:
    turns = Turns()
    log = LogFile(str(tmp_path / "a.elg"), turns.call_soon)
    log.write("one")
    log.write("two \udcff")
    assert not (tmp_path / "a.elg").exists()
    assert len(turns.waiting) == 1
    turns.turn()
    assert (tmp_path / "a.elg").read_bytes() == b"one\ntwo \xff\n"
    log.close()


def test_rotation_keeps_the_youngest(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "a.elg"), max_bytes=10, keep=2)
    for number in range(5):
        log.write(f"line {number} ...")
    log.close()
    files = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert files == {
        "a.elg": "line 4 ...\n",
        "a.elg.0": "line 3 ...\n",
        "a.elg.1": "line 2 ...\n",
    }


def test_two_writers_rotate_once_and_lose_nothing(tmp_path: Path) -> None:
    clock = Clock()
    path = str(tmp_path / "a.elg")
    writers = [LogFile(path, max_bytes=200, keep=99, clock=clock) for _ in range(2)]
    for number in range(100):
        clock.now += 0.7
        writers[number % 2].write(f"line {number:04d}")
    for writer in writers:
        writer.close()
    lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    assert sorted(lines) == [f"line {number:04d}" for number in range(100)]
    assert all(file.stat().st_size <= 220 for file in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) > 3


def test_a_file_renamed_away_is_left_within_a_second(tmp_path: Path) -> None:
    clock = Clock()
    log = LogFile(str(tmp_path / "a.elg"), clock=clock)
    log.write("before")
    os.rename(tmp_path / "a.elg", tmp_path / "old")
    clock.now = 1.0
    log.write("after")
    log.close()
    assert (tmp_path / "old").read_text() == "before\n"
    assert (tmp_path / "a.elg").read_text() == "after\n"


def test_reopen_leaves_a_renamed_file_at_once(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "a.elg"), clock=Clock())
    log.write("before")
    os.rename(tmp_path / "a.elg", tmp_path / "old")
    log.reopen()
    log.write("after")
    log.close()
    assert (tmp_path / "a.elg").read_text() == "after\n"


def test_trouble_is_said_once_and_so_is_its_end(tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "logs"
    log = LogFile(str(folder / "a.elg"), complain=said.append)
    log.write("lost")
    log.write("lost, too")
    assert len(said) == 1 and "No such file" in said[0]
    folder.mkdir()
    log.write("kept")
    log.write("kept, too")
    log.close()
    assert len(said) == 2 and said[1].endswith("written again")
    assert (folder / "a.elg").read_text() == "kept\nkept, too\n"


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "precious").write_text("keep\n")
    (tmp_path / "a.elg").symlink_to(tmp_path / "precious")
    log = LogFile(str(tmp_path / "a.elg"), complain=said.append)
    log.write("attack")
    log.close()
    assert (tmp_path / "precious").read_text() == "keep\n"
    assert len(said) == 1


def test_process_log_speaks_both_grammars(tmp_path: Path) -> None:
    log = ProcessLog(str(tmp_path / "log"), "mdq", clock=lambda: 1795543999.123)
    log.event("001njqb0", "delivered", host="10.1.5.7:25", to="a@b.c\nforged", reply=None)
    log.alert("disk", "001njqb0", code=5)
    log.limit()
    log.track("accept", "001njqb0", sender="a@b", reason="x; y", size=7, rule=None, to="")
    log.close()
    first, second, third = (tmp_path / "log/mdq.elg").read_bytes().splitlines()
    line = parse_line(first)
    assert (line.id, line.event, dict(line.fields), line.defects) == (
        "001njqb0",
        "delivered",
        {"host": "10.1.5.7:25", "to": "a@b.c\nforged"},
        (),
    )
    assert (parse_line(second).event, parse_line(second).text) == ("alert", "disk")
    assert third.endswith(f"] {SCAN_STOP}".encode())
    record = parse_record((tmp_path / "log/tracker.log").read_bytes())
    assert record.fields == (
        ("id", "001njqb0"),
        ("from", "a@b"),
        ("Reason", "x; y"),
        ("Len", "7"),
        ("product", "relay"),
    )
