"""What the kernel reports of a spool, and what it is told apart from."""

from __future__ import annotations

import logging
import os
import queue
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.observers import Observer

from spooltool.live.watcher import SpoolWatch


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    for name in ("D_state", "D_sender", "D_resend", ".spooltool/trash"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "D_sender" / "R00000001").write_text("")
    return tmp_path


@pytest.fixture
def watch(spool: Path) -> Iterator[SpoolWatch]:
    made = SpoolWatch(spool)
    assert made.works
    yield made
    made.close()


def touched(watch: SpoolWatch, *numbers: str) -> bool:
    """Whether exactly these are reported, however many events that takes."""
    deadline = time.monotonic() + 20
    found: set[str] = set()
    while found != set(numbers) and time.monotonic() < deadline:
        watch.wait(0.1)
        taken = watch.take()
        assert not taken.everything
        found |= taken.numbers
    return found == set(numbers)


def test_what_comes_moves_and_goes(spool: Path, watch: SpoolWatch) -> None:
    os.rename(spool / "D_sender/R00000001", spool / "D_resend/R00000001")
    assert touched(watch, "00000001")
    os.rename(spool / "D_resend/R00000001", spool / ".spooltool/trash/R00000001")
    (spool / "D_state/T00000002").write_text("")
    assert touched(watch, "00000001", "00000002")
    (spool / "D_state/T00000002").unlink()
    assert touched(watch, "00000002")


def test_a_replacement_is_reported_by_the_name_that_it_gets(spool: Path, watch: SpoolWatch) -> None:
    (spool / "D_sender/.R00000001.77.new").write_text("")
    os.rename(spool / "D_sender/.R00000001.77.new", spool / "D_sender/R00000001")
    assert touched(watch, "00000001")


def test_reading_writing_and_our_own_folder_are_no_events(spool: Path, watch: SpoolWatch) -> None:
    (spool / "D_sender/R00000001").read_text()
    (spool / "D_sender/R00000001").write_text("more")
    (spool / ".spooltool/trash/R00000009").write_text("")
    (spool / ".spooltool/log").mkdir()
    (spool / "D_sender/notes.txt").write_text("")
    (spool / "D_state/T00000002").write_text("")  # the last one, so the others were passed over
    assert touched(watch, "00000002")


def test_a_new_directory_and_lost_events_ask_for_a_look_at_everything(
    spool: Path, watch: SpoolWatch, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
    assert watch.take().everything
    assert not watch.take().everything
    (spool / "D_hold").mkdir()
    deadline = time.monotonic() + 20
    while not watch.take().everything:
        assert time.monotonic() < deadline
        watch.wait(0.1)
    (spool / "D_hold/R00000005").write_text("")
    assert touched(watch, "00000005")
    assert capfd.readouterr() == ("", "")


def test_a_link_to_the_spool_is_followed(
    spool: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("links") / "spool"
    link.symlink_to(spool)
    watch = SpoolWatch(link)
    (spool / "D_sender/R00000003").write_text("")
    assert touched(watch, "00000003")
    watch.close()


def test_somebody_who_waits_for_other_things_too_is_woken(spool: Path) -> None:
    woken: queue.SimpleQueue[None] = queue.SimpleQueue()
    watch = SpoolWatch(spool, lambda: woken.put(None))
    (spool / "D_sender/R00000004").write_text("")
    woken.get(timeout=20)
    assert watch.take().numbers == {"00000004"}
    watch.look_everywhere()
    woken.get(timeout=20)
    assert watch.take().everything
    watch.close()


def test_where_the_system_gives_none(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError("no watch")

    monkeypatch.setattr(Observer, "start", refuse)
    watch = SpoolWatch(spool)
    assert not watch.works
    watch.wait(0.0)
    assert watch.take() == (frozenset(), False)
    watch.close()
