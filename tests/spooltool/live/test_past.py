"""One log backwards: what a follower has read, no more and no less, the newest first."""

from __future__ import annotations

import gzip
import os
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spooltool.errors import NotPermitted
from spooltool.live import logfile, past
from spooltool.live.backward import Backward
from spooltool.live.logfile import Start
from spooltool.live.past import PastLog, Stretch, Wanted
from spooltool.live.patient import PatientLog


def _line(one):
    return one.line


def _read(log, wanted=None):
    """All that was passed, oldest first."""
    reading = PastLog(log.path, log.passed(), wanted or Wanted(_line))
    chunks = list(reading)
    reading.close()
    return [line for chunk in reversed(chunks) for _, line in chunk.found]


@pytest.fixture
def log(tmp_path, rotator):
    return rotator(tmp_path / "mdq.elg")


def test_over_rotation_and_compression_newest_first(log):
    for number in range(4):
        log.write(30)
        log.rename()
        if number < 2:
            log.compress()
    log.write(5)
    reader = PatientLog(log.path, Start.END)
    assert _read(reader) == log.written
    reader.close()


def test_blocks_are_bounded_and_lines_stay_whole(log, monkeypatch):
    monkeypatch.setattr(past, "BLOCK", 500)
    log.write(400)
    reader = PatientLog(log.path, Start.END)
    reading = PastLog(log.path, reader.passed(), Wanted(_line))
    size = reading.size
    chunks = list(reading)
    reading.close()
    reader.close()
    assert [line for chunk in reversed(chunks) for _, line in chunk.found] == log.written
    assert max(chunk.looked for chunk in chunks) <= 500
    assert sum(chunk.looked for chunk in chunks) == size == os.path.getsize(log.path)
    assert [chunk.reached for chunk in chunks] == sorted(
        (chunk.reached for chunk in chunks), reverse=True
    )


def test_a_line_longer_than_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr(past, "BLOCK", 64)
    path = tmp_path / "mdq.elg"
    lines = [b"[1@h] 2026-11-24T00:00:01Z - a", b"[1@h] 2026-11-24T00:00:02Z - b text=" + b"x" * 99,
             b"[1@h] 2026-11-24T00:00:03Z - c"]  # fmt: skip
    path.write_bytes(b"\n".join(lines) + b"\n")
    reader = PatientLog(path, Start.END)
    assert _read(reader) == lines
    reader.close()


def test_a_line_without_a_time_goes_with_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(past, "BLOCK", 64)
    path = tmp_path / "mdq.elg"
    lines = []
    for second in range(20):
        lines += [b"[1@h] 2026-11-24T00:00:%02dZ - e" % second, b"[1@h] free text"]
    path.write_bytes(b"\n".join(lines) + b"\n")
    reader = PatientLog(path, Start.END)
    times = _read(reader, Wanted(lambda one: one.time - 1795478400))
    assert times == [float(second) for second in range(20) for _ in range(2)]
    reader.close()


def test_only_lines_with_the_needle_are_looked_at(log):
    log.write(500)
    log.rename()
    log.compress()
    log.write(500)
    reader = PatientLog(log.path, Start.END)
    seen = []

    def shape(one):
        seen.append(one.line)
        return one.line

    wanted = [line for line in log.written if b"n=77" in line]
    assert _read(reader, Wanted(shape, (b"n=77",))) == wanted
    assert sorted(seen) == sorted(wanted)
    reader.close()


def test_of_a_compressed_file_the_last_ones_are_kept(log):
    log.write(300)
    log.rename()
    log.compress()
    reader = PatientLog(log.path, Start.END)
    assert _read(reader, Wanted(_line, most=7)) == log.written[-7:]
    reader.close()


def test_a_file_that_is_emptied_while_it_is_read_goes_on_in_its_copy(log, monkeypatch):
    monkeypatch.setattr(past, "BLOCK", 500)
    log.write(100)
    reader = PatientLog(log.path, Start.END)
    reading = PastLog(log.path, reader.passed(), Wanted(_line))
    chunks = [next(reading)]
    log.copytruncate()
    log.write(3)
    chunks += list(reading)
    reading.close()
    reader.close()
    lines = [line for chunk in reversed(chunks) for _, line in chunk.found]
    assert lines == log.written[:100]


def test_a_compressed_file_up_to_where_it_was_read(tmp_path):
    path = tmp_path / "mdq.elg.0.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\nthree\n"))
    generation = logfile.Generation(str(path), compressed=True)
    reading = PastLog("mdq.elg", [Stretch(generation, 8)], Wanted(_line))
    assert [line for chunk in reading for _, line in chunk.found] == [b"one", b"two"]
    reading.close()


def test_a_log_that_is_forbidden_is_in_trouble_until_it_is_not(log, monkeypatch, drain):
    log.write(1)
    reader = PatientLog(log.path, Start.END)
    allowed = logfile.Generation

    def forbid(path, compressed=False):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(logfile, "Generation", forbid)
    log.rename()
    log.write(2)
    assert drain(reader) == []
    assert reader.trouble == NotPermitted(f"{log.path}: permission denied").message
    monkeypatch.setattr(logfile, "Generation", allowed)
    assert drain(reader) == log.written[1:]
    assert reader.trouble == ""
    reader.close()


def test_several_logs_come_in_order(tmp_path, rotator):
    written = []
    paths = [str(tmp_path / name) for name in ("asmtpd.elg", "mdq.elg", "tracker.log")]
    for index, path in enumerate(paths):
        lines = [
            b"[1@h] 2026-11-24T%02d:%02d:%02d.000Z - e n=%d" % (n // 3600, n // 60 % 60, n % 60, n)
            for n in range(index, 30000, 3)
        ]
        written += lines
        with open(path, "wb") as file:
            file.write(b"\n".join(lines) + b"\n")
    readers = [PatientLog(path, Start.END) for path in paths]
    backward = Backward([PastLog(one.path, one.passed(), Wanted(_line)) for one in readers])
    read = []
    while not backward.done:
        read += [line for _, line in backward.step()]
    numbers = [int(line.rpartition(b"=")[2]) for line in read]
    assert numbers == list(range(29999, -1, -1))
    assert backward.looked == backward.size == sum(map(os.path.getsize, paths))
    backward.close()
    for one in readers:
        one.close()


_OPS = st.sampled_from(
    ["write", "write", "write many", "late", "rename", "copytruncate", "compress", "poll", "poll"]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_OPS, max_size=25))
def test_what_was_read_and_what_is_to_come_is_each_line_exactly_once(rotator, drain, ops):
    with tempfile.TemporaryDirectory() as directory:
        log = rotator(os.path.join(directory, "mdq.elg"))
        log.write(1)
        log.rename()
        log.write(2)
        reader = PatientLog(log.path, Start.END)
        for op in ops:
            match op:
                case "write" | "write many" | "late":
                    log.write(40 if op == "write many" else 1, late=op == "late")
                case "poll":
                    reader.poll()
                case _:
                    getattr(log, op)()
        read = _read(reader)
        to_come = drain(reader)
        reader.close()
        log.close()
        assert sorted(read + to_come) == sorted(log.written)
