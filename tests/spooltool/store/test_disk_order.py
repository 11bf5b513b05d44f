"""What reaches the disk before what: the order is all that a power cut leaves."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from spooltool.errors import CannotWrite
from spooltool.spool import verbs
from spooltool.spool.codec import splices
from spooltool.spool.hosts import parse_hosts
from spooltool.spool.names import HOLD, SpoolName
from spooltool.spool.plan import Change, Plan
from spooltool.spool.recipient import RESULT_WIDTH
from spooltool.store.apply import apply
from spooltool.store.counter import Counter
from spooltool.store.edit import rewrite, write_recipients
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.journal import Actor
from spooltool.store.lock import lock
from spooltool.store.move import move
from spooltool.store.root import Spool
from spooltool.store.scan import scan
from tests.harness.disk_calls import DiskCalls
from tests.spooltool.store.test_incoming import message

Put = Callable[..., SpoolName]
ME = Actor("jo", "", "gw1", "")
RECORD = ("write .spooltool/journal", "fsync .spooltool/journal")


@pytest.fixture
def calls(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> DiskCalls:
    return DiskCalls(spool.path, monkeypatch)


def changes(spool: Spool, decide: Callable[[verbs.Seen], object]) -> Plan:
    made = [
        decide(verbs.Seen(entry.name, entry.inode, entry.size, entry.envelope))
        for entry in scan(spool).entries()
        if entry.envelope is not None
    ]
    kept = tuple(one for one in made if isinstance(one, Change))
    return Plan("verb", spool.path, "--spool", "", 0.0, kept)


def test_a_move_syncs_the_target_before_the_source(
    spool: Spool, put: Put, calls: DiskCalls
) -> None:
    name = put()
    calls.clear()
    with lock(spool, name) as locked:
        move(locked, name.at(HOLD))
    assert calls == [
        f"move {name.file} -> D_hold/{name.base}",
        "fsync D_hold",
        "fsync D_sender",
    ]


def finished(spool: Spool, count: int) -> list[Incoming]:
    batch = [Incoming(spool, f"0000000{at}") for at in range(count)]
    for incoming in batch:
        incoming.begin(message(), b"", b"")
        incoming.finish()
    return batch


def release(batch: list[Incoming]) -> None:
    for incoming in batch:
        incoming.release()


@pytest.mark.parametrize("count", [1, 3])
def test_without_a_proof_by_syncfs_each_file_and_both_directories_are_synced(
    spool: Spool, calls: DiskCalls, count: int
) -> None:
    batch = finished(spool, count)
    calls.clear()
    with closing(Syncer(spool.path, by_syncfs=False)) as syncer:
        assert commit(spool, batch, syncer) == [None] * count
    release(batch)
    assert calls == [
        *(f"move D_state/T0000000{at} -> D_sender/R0000000{at}" for at in range(count)),
        *(f"fsync D_sender/R0000000{at}" for at in range(count)),
        "fsync D_sender",
        "fsync D_state",
    ]


def test_with_it_one_call_covers_the_batch(spool: Spool, calls: DiskCalls) -> None:
    batch = finished(spool, 3)
    calls.clear()
    with closing(Syncer(spool.path, by_syncfs=True)) as syncer:
        assert commit(spool, batch, syncer) == [None] * 3
    release(batch)
    assert calls.of("fsync", "syncfs") == ["syncfs ."]


def test_a_block_of_numbers_is_synced_before_one_is_given(spool: Spool, calls: DiskCalls) -> None:
    counter = Counter(spool, block=2)
    calls.clear()
    counter.take()
    own = ".spooltool/counter"
    assert calls == [f"pwrite {own}", f"fsync {own}", "fsync .spooltool"]
    calls.clear()
    counter.take()
    assert calls == []
    counter.take()
    assert calls == [f"pwrite {own}", f"fsync {own}"]


def test_marks_are_written_last_each_by_its_own_call(spool: Spool, put: Put) -> None:
    name = put(recipients=("anna@example.org", "ben@example.org"))
    with lock(spool, name) as locked:
        both = [replace(r, mark="D", code=250, text="queued") for r in locked.envelope().recipients]
        writes: list[tuple[int, int]] = []
        real = os.pwrite

        def pwrite(fd: int, data: bytes, offset: int) -> int:
            writes.append((offset, len(data)))
            return real(fd, data, offset)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(os, "pwrite", pwrite)
            write_recipients(locked, both)
    assert writes == [
        *((one.offset + 1, RESULT_WIDTH - 1) for one in both),
        *((one.offset, 1) for one in both),
    ]


def test_a_rewrite_is_on_disk_before_it_takes_the_place(
    spool: Spool, put: Put, calls: DiskCalls
) -> None:
    name = put()
    locked = lock(spool, name)
    calls.clear()
    rewrite(locked, splices(locked.envelope(), {"DST": "10.1.5.9"})).close()
    dot = f"D_sender/.{name.base}.{os.getpid()}.new"
    assert calls.of("fsync", "rename") == [
        f"fsync {dot}",
        f"rename {dot} -> {name.file}",
        "fsync D_sender",
    ]


def test_a_failed_sync_of_the_directory_is_an_error_of_ours(
    spool: Spool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = put()
    locked = lock(spool, name)
    real = os.fsync

    def fsync(fd: int) -> None:
        if fd == spool.dir_fd("D_sender"):
            raise OSError(5, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(CannotWrite, match="Input/output error"):
        rewrite(locked, splices(locked.envelope(), {"DST": "10.1.5.9"}))
    locked.close()


def test_the_journal_knows_what_will_happen_and_then_what_has(
    spool: Spool, put: Put, calls: DiskCalls
) -> None:
    name = put()
    plan = changes(spool, lambda one: verbs.retarget(one, parse_hosts("10.1.5.9")))
    calls.clear()
    apply(spool, plan, ME)
    dot = f"D_sender/.{name.base}.{os.getpid()}.new"
    assert calls == [
        "fsync .spooltool",
        *RECORD,  # the beginning
        *RECORD,  # the intent
        f"write {dot}",
        f"write {dot}",
        f"write {dot}",
        f"fsync {dot}",
        f"rename {dot} -> {name.file}",
        "fsync D_sender",
        *RECORD,  # the result
        *RECORD,  # the end
    ]


def test_it_does_so_for_a_move(spool: Spool, put: Put, calls: DiskCalls) -> None:
    name = put()
    plan = changes(spool, verbs.hold)
    calls.clear()
    apply(spool, plan, ME)
    assert calls == [
        "fsync .spooltool",
        *RECORD,
        *RECORD,
        f"pwrite {name.file}",
        f"move {name.file} -> D_hold/{name.base}",
        "fsync D_hold",
        "fsync D_sender",
        *RECORD,
        *RECORD,
    ]


def test_a_journal_that_cannot_be_synced_changes_nothing(
    spool: Spool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = put()
    before = Path(spool.path, name.file).read_bytes()
    plan = changes(spool, lambda one: verbs.retarget(one, parse_hosts("10.1.5.9")))
    real = os.fsync
    count = 0

    def fsync(fd: int) -> None:
        nonlocal count
        if os.readlink(f"/proc/self/fd/{fd}").endswith("/journal"):
            count += 1
            if count == 2:
                raise OSError(28, "No space left on device")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(CannotWrite, match="No space"):
        apply(spool, plan, ME)
    assert Path(spool.path, name.file).read_bytes() == before
    assert os.listdir(f"{spool.path}/D_sender") == [name.base]
