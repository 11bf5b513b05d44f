"""One log over rotation: each line exactly once."""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spooltool.errors import Incomplete, NotPermitted
from spooltool.live import generation, logfile
from spooltool.live.logfile import LogFile, Start


@pytest.fixture
def log(tmp_path, rotator):
    return rotator(tmp_path / "mdq.elg")


def test_from_the_begin_reads_every_rotated_file_oldest_first(log, drain):
    for number in range(3):
        log.write(5)
        log.rename()
        if number == 1:
            log.compress()
    log.write(2)
    reader = LogFile(log.path)
    assert drain(reader) == log.written
    assert reader.poll() == []
    reader.close()


def test_from_the_end_reads_only_what_comes(log, drain):
    log.write(3)
    log.rename()
    log.write(4)
    reader = LogFile(log.path, Start.END)
    assert drain(reader) == []
    log.write(2)
    assert drain(reader) == log.written[-2:]
    log.rename()
    log.write(2)
    assert drain(reader) == log.written[-2:]
    reader.close()


@pytest.mark.parametrize("count", [3, 40000])
@pytest.mark.parametrize("since", [0, 2, 1000, 39999, 50000])
def test_since_a_time(log, drain, count, since):
    log.write(count // 3)
    log.rename()
    log.compress()
    log.write(count // 3)
    log.rename()
    log.write(count - 2 * (count // 3))
    midnight = 1795478400  # 2026-11-24
    reader = LogFile(log.path, float(midnight + since))
    assert drain(reader) == log.written[since:]
    reader.close()


def test_a_line_without_a_time_goes_with_the_one_before(tmp_path, drain):
    path = tmp_path / "mdq.elg"
    path.write_bytes(
        b"[1@h] untimed\n[1@h] 2026-11-24T00:00:01Z - a\n[1@h] first\n"
        b"[1@h] 2026-11-24T00:00:09Z - b\n[1@h] second\n"
    )
    reader = LogFile(path, 1795478405.0)
    assert drain(reader) == [b"[1@h] 2026-11-24T00:00:09Z - b", b"[1@h] second"]
    reader.close()


def test_an_unfinished_line_waits_for_its_end(tmp_path, drain):
    path = tmp_path / "mdq.elg"
    path.write_bytes(b"one\ntw")
    reader = LogFile(path)
    assert drain(reader) == [b"one"]
    with path.open("ab") as file:
        file.write(b"o\nthr")
    assert drain(reader) == [b"two"]
    assert reader.finish() == [b"thr"]
    assert reader.finish() == []
    reader.close()


def test_from_the_end_of_an_unfinished_line_the_whole_line_is_read(tmp_path, drain):
    path = tmp_path / "mdq.elg"
    path.write_bytes(b"one\ntw")
    reader = LogFile(path, Start.END)
    with path.open("ab") as file:
        file.write(b"o\n")
    assert drain(reader) == [b"two"]
    reader.close()


def test_a_log_that_does_not_exist_yet(log, drain):
    reader = LogFile(log.path, Start.END)
    assert drain(reader) == []
    log.write(2)
    assert drain(reader) == log.written
    reader.close()


def test_late_lines_of_a_renamed_file_are_read(log, drain):
    log.write(2)
    reader = LogFile(log.path)
    drain(reader)
    log.rename()
    log.write(1)
    assert drain(reader) == log.written[2:]
    log.write(3, late=True)
    assert drain(reader) == log.written[3:]
    reader.close()


def test_a_renamed_file_is_let_go_after_a_while(log, drain):
    now = [0.0]
    log.write(1)
    reader = LogFile(log.path, clock=lambda: now[0])
    drain(reader)
    log.rename()
    log.write(1)
    drain(reader)
    before = len(os.listdir("/proc/self/fd"))
    now[0] = logfile.LINGER + 1
    drain(reader)
    assert len(os.listdir("/proc/self/fd")) == before - 1
    reader.close()


def test_a_copy_in_the_making_is_not_read_twice(log, drain):
    reader = LogFile(log.path)
    log.write(2)
    with open(log.path, "rb") as source, open(log.path + ".0", "wb") as copy:
        copy.write(source.read()[:30])
        copy.flush()
        assert drain(reader) == log.written
        log.write(1)
        source.seek(30)
        copy.write(source.read())
        copy.flush()
        os.truncate(log.path, 0)
    log.write(1)
    assert drain(reader) == log.written[2:]
    reader.close()


def test_a_truncation_that_the_file_has_outgrown_is_seen(log, drain):
    log.write(2)
    reader = LogFile(log.path)
    drain(reader)
    log.write(1)
    log.copytruncate()
    log.write(20)
    assert drain(reader) == log.written[2:]
    reader.close()


def test_a_truncation_without_a_copy_goes_on_with_the_new_content(log, drain):
    log.write(2)
    reader = LogFile(log.path)
    drain(reader)
    os.truncate(log.path, 0)
    log.write(1)
    assert drain(reader) == log.written[2:]
    reader.close()


def test_a_hole_left_by_a_writer_that_does_not_append_is_passed_over(tmp_path, drain):
    path = tmp_path / "mdq.elg"
    with path.open("wb", buffering=0) as file:
        file.write(b"one\n")
        reader = LogFile(path)
        assert drain(reader) == [b"one"]
        os.truncate(path, 0)
        file.write(b"two\n")
        assert drain(reader) == [b"two"]
    reader.close()


def test_a_damaged_compressed_file_is_named_and_read_as_far_as_it_goes(log, drain):
    log.write(50)
    log.rename()
    log.compress()
    log.write(1)
    size = os.path.getsize(log.path + ".0.gz")
    os.truncate(log.path + ".0.gz", size - 20)
    reader = LogFile(log.path)
    lines = drain(reader)
    assert lines[0] == log.written[0]
    assert lines[-1] == log.written[-1]
    assert len(reader.problems) == 1
    reader.close()


def test_what_is_no_regular_file_is_not_opened_for_long(tmp_path):
    os.mkfifo(tmp_path / "mdq.elg")
    with pytest.raises(Incomplete, match="not a regular file"):
        LogFile(tmp_path / "mdq.elg")


def test_a_rotated_name_that_is_no_file_is_a_problem_not_an_end(log, drain):
    os.mkfifo(log.path + ".0")
    log.write(1)
    reader = LogFile(log.path)
    assert drain(reader) == log.written
    assert reader.problems == [f"{log.path}.0: not a regular file"]
    reader.close()


def test_a_log_that_may_not_be_read(log, monkeypatch):
    log.write(1)

    def forbid(path, compressed=False):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(logfile, "Generation", forbid)
    with pytest.raises(NotPermitted, match="permission denied"):
        LogFile(log.path)


_OPS = st.sampled_from(
    ["write", "write", "write many", "late", "rename", "copytruncate", "compress", "poll", "poll"]
)


def _do(op, log, reader, read):
    match op:
        case "write":
            log.write(1)
        case "write many":
            log.write(40)
        case "late":
            log.write(1, late=True)
        case "poll":
            read += reader.poll()
        case _:
            getattr(log, op)()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_OPS, max_size=25), st.sampled_from(Start))
def test_each_line_exactly_once_whatever_happens_between_two_looks(rotator, drain, ops, start):
    with tempfile.TemporaryDirectory() as directory:
        log = rotator(os.path.join(directory, "mdq.elg"))
        log.write(1)
        log.rename()
        log.write(2)
        reader = LogFile(log.path, start)
        read = []
        for op in ops:
            _do(op, log, reader, read)
        read += drain(reader)
        reader.close()
        log.close()
        assert sorted(read) == sorted(log.written[3 if start is Start.END else 0 :])


@pytest.mark.parametrize("way", ["rename", "copytruncate"])
def test_names_that_change_while_they_are_looked_at_lose_nothing(log, drain, monkeypatch, way):
    """A look that learns nothing is not a look that found nothing: it is made again."""
    log.write(5)
    reader = LogFile(log.path)
    assert reader.poll() == log.written
    log.write(3)
    getattr(log, way)()
    log.write(2)
    unsteady = iter([False] * 30)
    named = logfile._is_named
    monkeypatch.setattr(logfile, "_is_named", lambda one: next(unsteady, True) and named(one))
    assert drain(reader) == log.written[5:]
    reader.close()


def test_rotations_between_the_head_and_the_look_around_lose_nothing(log, drain, monkeypatch):
    """The head of the log was read; before its directory is, it is copied and emptied twice."""
    log.write(5)
    log.copytruncate()
    reader = LogFile(log.path)
    log.write(5)
    assert drain(reader) == log.written
    log.copytruncate()
    log.write(3)
    restart = generation.Generation.restart
    restarts = iter([False, True])  # after the truncation; then the look around

    def restarted(self):
        restart(self)
        if next(restarts, False):
            for lines in (2, 1):
                log.copytruncate()
                log.write(lines)

    monkeypatch.setattr(generation.Generation, "restart", restarted)
    assert drain(reader) == log.written[10:]
    reader.close()


def test_a_file_that_a_listing_missed_is_not_lost(log, drain, monkeypatch):
    """A rename while the directory is read can hide a file from that one reading."""
    log.write(5)
    log.copytruncate()
    reader = LogFile(log.path)
    log.write(5)
    assert drain(reader) == log.written
    log.write(3)
    log.copytruncate()
    log.write(2)
    listings = [logfile.siblings(log.path)[:-1]]
    real = logfile.siblings
    monkeypatch.setattr(
        logfile, "siblings", lambda path: listings.pop() if listings else real(path)
    )
    assert drain(reader) == log.written[10:]
    reader.close()


@pytest.mark.parametrize("ways", [["rename"], ["copytruncate"], ["rename", "compress"], "all"])
def test_each_line_exactly_once_under_a_concurrent_writer(log, ways):
    """The writer never pauses but while a copy is truncated, which would lose its lines."""
    lock, stop = threading.Lock(), threading.Event()

    def write():
        while not stop.is_set():
            with lock:
                log.write(3)

    def rotate():
        chosen = random.Random(7)
        every = ["rename", "copytruncate", "compress"]
        for turn in range(40):
            target = len(log.written) + chosen.randrange(1, 400)
            while len(log.written) < target:
                time.sleep(0)
            with lock:
                getattr(log, chosen.choice(every) if ways == "all" else ways[turn % len(ways)])()
        stop.set()

    log.write(1)
    reader = LogFile(log.path)
    threads = [threading.Thread(target=write), threading.Thread(target=rotate)]
    for thread in threads:
        thread.start()
    read = []
    while any(thread.is_alive() for thread in threads):
        read += reader.poll()
    read += reader.poll()
    while not reader.caught_up:
        read += reader.poll()
    reader.close()
    assert len(read) == len(log.written)
    assert sorted(read) == sorted(log.written)
