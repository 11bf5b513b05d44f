"""The sync that deliveries share: how many share one, and who hears of a failing disk."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from threading import Event

import pytest

from relay.dequeue.settle import WINDOW_DELIVERIES, WINDOW_SECONDS, Settler
from spooltool.spool.names import HOLD, RESEND, SENDER, TRASH
from spooltool.store.filesystem import Syncer
from spooltool.store.root import Spool

HALF = WINDOW_DELIVERIES // 2


class Counting(Syncer):
    """Syncs nothing and keeps what it was asked for; `error` is raised instead."""

    def __init__(self, path: str, *, by_syncfs: bool, error: OSError | None = None) -> None:
        super().__init__(path)
        self.close()  # nothing is synced through it
        self.by_syncfs = by_syncfs
        self.error = error
        self.asked: list[tuple[int, int]] = []

    def sync(self, files: Collection[int], directories: Iterable[int]) -> None:
        self.asked.append((len(files), len(list(directories))))
        if self.error is not None:
            raise self.error


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool.create(str(tmp_path / "spool")) as made:
        for name in ("D_sender", "D_resend", "D_hold"):
            made.mail_dir(name)
        yield made


async def settle(spool: Spool, syncer: Counting, count: int) -> list[OSError]:
    errors: list[OSError] = []
    settler = Settler(spool, syncer, errors.append)
    for _ in range(count):
        settler.changed()
    await settler.flush()
    return errors


@pytest.mark.parametrize(
    ("count", "syncs"), [(0, 0), (1, 1), (HALF - 1, 1), (HALF, 1), (WINDOW_DELIVERIES, 2)]
)
def test_half_a_window_of_deliveries_shares_a_sync(spool: Spool, count: int, syncs: int) -> None:
    syncer = Counting(spool.path, by_syncfs=True)
    assert asyncio.run(settle(spool, syncer, count)) == []
    assert syncer.asked == [(0, 4)] * syncs


class Named(Counting):
    """Keeps the names of the directories that it was to sync."""

    def sync(self, files: Collection[int], directories: Iterable[int]) -> None:
        self.names = [os.readlink(f"/proc/self/fd/{fd}") for fd in directories]


def test_where_mail_went_is_synced_before_where_it_was(spool: Spool, tmp_path: Path) -> None:
    syncer = Named(spool.path, by_syncfs=False)
    asyncio.run(settle(spool, syncer, 1))
    at = [syncer.names.index(f"{spool.path}/{name}") for name in (TRASH, RESEND, HOLD, SENDER)]
    assert at == sorted(at)
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "R195").touch()
    with Spool.open(str(flat)) as opened:
        opened.own_dir(TRASH)
        syncer = Named(opened.path, by_syncfs=False)
        asyncio.run(settle(opened, syncer, 1))
    assert syncer.names == [f"{flat}/{TRASH}", str(flat)]


def test_what_comes_during_a_sync_shares_the_next_one(spool: Spool) -> None:
    syncer = Counting(spool.path, by_syncfs=True)
    asyncio.run(settle(spool, syncer, 3 * WINDOW_DELIVERIES))
    assert len(syncer.asked) == 2


class Stuck(Syncer):
    """A sync that ends when it is told to."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.close()  # nothing is synced through it
        self.let_go = Event()

    def sync(self, files: Collection[int], directories: Iterable[int]) -> None:
        assert self.let_go.wait(30)


def test_no_attempt_begins_while_a_full_window_waits_for_a_slow_disk(spool: Spool) -> None:
    syncer = Stuck(spool.path)

    async def main() -> None:
        settler = Settler(spool, syncer, lambda error: None)
        for _ in range(WINDOW_DELIVERIES - 1):
            settler.changed()
        await settler.room()
        settler.changed()
        waiting = asyncio.ensure_future(settler.room())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        syncer.let_go.set()
        async with asyncio.timeout(30):
            await waiting
            await settler.flush()

    asyncio.run(main())


def test_a_few_are_synced_without_being_waited_for(spool: Spool) -> None:
    syncer = Counting(spool.path, by_syncfs=True)

    async def main() -> None:
        settler = Settler(spool, syncer, lambda error: None)
        settler.changed()
        async with asyncio.timeout(30):
            while not syncer.asked:
                await asyncio.sleep(0.005)

    asyncio.run(main())
    assert len(syncer.asked) == 1


@pytest.mark.parametrize(("by_syncfs", "files"), [(True, 0), (False, 1)])
def test_results_in_a_file_that_stays_are_synced_without_its_lock(
    spool: Spool, *, by_syncfs: bool, files: int
) -> None:
    """Where syncfs is no proof the file itself is synced, through a descriptor of its own."""
    syncer = Counting(spool.path, by_syncfs=by_syncfs)
    path = Path(spool.path) / "D_resend/R0000001"
    path.touch()

    async def main() -> None:
        fd = os.open(path, os.O_RDWR)
        settler = Settler(spool, syncer, lambda error: None)
        settler.changed(fd)
        os.close(fd)
        await settler.flush()

    asyncio.run(main())
    assert syncer.asked == [(files, 4)]
    assert not [one for one in os.listdir("/proc/self/fd") if _names(one) == str(path)]


def test_a_failing_disk_is_told_and_the_next_sync_tried(spool: Spool) -> None:
    failing = OSError(errno.EIO, "Input/output error")
    syncer = Counting(spool.path, by_syncfs=True, error=failing)
    assert asyncio.run(settle(spool, syncer, 1)) == [failing]
    assert asyncio.run(settle(spool, syncer, 2 * WINDOW_DELIVERIES)) == [failing] * 2


def test_the_window_is_what_the_docs_say() -> None:
    share = WINDOW_DELIVERIES // 2
    documented = (Path(__file__).parents[3] / "docs/spool-format.md").read_text()
    words = " ".join(documented.split())
    assert f"every {WINDOW_SECONDS * 1000:.0f} ms or {share} deliveries" in words
    assert f"begins while {WINDOW_DELIVERIES} deliveries are unsynced" in words


def _names(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
