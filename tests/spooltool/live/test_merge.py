"""Several logs in time order."""

from __future__ import annotations

import pytest

from spooltool.live.logfile import LogFile, Start
from spooltool.live.merge import LogLine, MergedLogs, read_logs

MIDNIGHT = 1795478400


def _elg(second, word, process="1@h"):
    return f"[{process}] 2026-11-24T00:00:{second:06.3f}Z - {word}".encode()


def _tracker(second, word):
    return f"24Nov2026 00:00:{second:02d} {word} h".encode()


@pytest.fixture
def paths(tmp_path):
    return [tmp_path / "asmtpd.elg", tmp_path / "mdq.elg", tmp_path / "tracker.log"]


def test_what_is_there_comes_in_order(paths):
    asmtpd = [_elg(1, "a"), _elg(3, "c"), _elg(3, "c2")]
    mdq = [_elg(2, "b"), b"[1@h] untimed", _elg(5, "e")]
    tracker = [_tracker(4, "accept")]
    for path, lines in zip(paths, [asmtpd, mdq, tracker], strict=True):
        path.write_bytes(b"".join(line + b"\n" for line in lines))
    read = list(read_logs(paths))
    assert [line.line for line in read] == [
        asmtpd[0],
        mdq[0],
        mdq[1],
        asmtpd[1],
        asmtpd[2],
        tracker[0],
        mdq[2],
    ]
    assert read[2] == LogLine(str(paths[1]), MIDNIGHT + 2.0, b"[1@h] untimed")


def test_large_logs_come_in_order_and_whole(paths):
    for index, path in enumerate(paths):
        path.write_bytes(
            b"".join(
                b"[1@h] 2026-11-24T%02d:%02d:%02d.%03dZ - e n=%d\n"
                % (n // 3600000, n // 60000 % 60, n // 1000 % 60, n % 1000, n)
                for n in range(index, 120000, 3)
            )
        )
    numbers = [int(line.line.rpartition(b"=")[2]) for line in read_logs(paths)]
    assert numbers == list(range(120000))


def test_a_log_keeps_its_own_order_when_the_clock_went_back(paths):
    lines = [_elg(5, "a"), _elg(2, "b"), _elg(6, "c")]
    paths[0].write_bytes(b"\n".join(lines) + b"\n")
    paths[1].write_bytes(_elg(4, "x") + b"\n")
    assert [line.line for line in read_logs(paths[:2])] == [_elg(4, "x"), *lines]


def test_an_unfinished_line_is_the_last_one(paths):
    paths[0].write_bytes(_elg(1, "a") + b"\n" + _elg(2, "b"))
    assert [line.line for line in read_logs(paths)] == [_elg(1, "a"), _elg(2, "b")]


def test_following_holds_a_line_until_the_others_were_looked_at_after_it(paths):
    now = [MIDNIGHT + 10.0]
    logs = [LogFile(path) for path in paths[:2]]
    merged = MergedLogs(logs, clock=lambda: now[0])
    assert merged.poll() == []
    paths[0].write_bytes(_elg(11, "b") + b"\n")
    assert merged.poll() == []
    paths[1].write_bytes(_elg(10.5, "a") + b"\n")
    now[0] += 2
    read = merged.poll() + merged.poll()
    assert [line.line for line in read] == [_elg(10.5, "a"), _elg(11, "b")]
    merged.close()


def test_a_line_of_the_future_is_held_for_one_look_only(paths):
    paths[0].write_bytes(_elg(50, "a") + b"\n")
    merged = MergedLogs([LogFile(path) for path in paths], clock=lambda: MIDNIGHT + 1.0)
    assert merged.poll() == []
    assert [line.line for line in merged.poll()] == [_elg(50, "a")]
    merged.close()


def test_following_goes_on_until_it_is_stopped(paths):
    paths[0].write_bytes(_elg(1, "old") + b"\n")
    waited = []

    def wait(seconds):
        waited.append(seconds)
        with paths[1].open("ab") as file:
            file.write(_elg(2 + len(waited), "new") + b"\n")

    read = list(read_logs(paths, Start.END, follow=True, stop=lambda: len(waited) >= 4, wait=wait))
    assert [line.line for line in read] == [_elg(2 + n, "new") for n in range(1, len(waited) + 1)]
    assert len(waited) == 4
    assert max(waited) <= 0.25


def test_logs_that_do_not_exist_have_no_lines(paths):
    assert list(read_logs(paths)) == []
