"""The journal keeps every record, whatever broke off before it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.errors import CannotWrite
from spooltool.spool import verbs
from spooltool.spool.hosts import parse_hosts
from spooltool.spool.names import SpoolName
from spooltool.spool.plan import Change, Plan
from spooltool.store.apply import apply
from spooltool.store.journal import Actor, Journal, Outcome, read_journal
from spooltool.store.root import Spool
from spooltool.store.scan import scan

Put = Callable[..., SpoolName]
ME = Actor("jo", "", "gw1", "")


def nothing(spool: Spool) -> Plan:
    return Plan("hold", spool.path, "--spool", "", 1795543999.0, ())


def retarget(spool: Spool) -> Plan:
    hosts = parse_hosts("10.1.5.9")
    made = [
        verbs.retarget(verbs.Seen(one.name, one.inode, one.size, one.envelope), hosts)
        for one in scan(spool).entries()
        if one.envelope is not None
    ]
    return Plan(
        "retarget",
        spool.path,
        "--spool",
        "",
        1795543999.0,
        tuple(one for one in made if isinstance(one, Change)),
    )


@pytest.mark.parametrize("cut", [1, 2, 20, 40])
def test_a_record_behind_a_half_written_line_is_not_lost(spool: Spool, cut: int) -> None:
    """As a power cut or a full disk leaves it, and whoever changes something next goes on."""
    journal = Journal(spool)
    first = journal.begin(nothing(spool), ME, 1.0)
    journal.end(first, 2.0)
    journal.close()
    path = Path(spool.path, ".spooltool/journal")
    os.truncate(path, path.stat().st_size - cut)
    journal = Journal(spool)
    second = journal.begin(nothing(spool), ME, 3.0)
    journal.record(second, [Outcome("00000001", "D_sender/R00000001", "done")])
    journal.end(second, 4.0)
    journal.close()
    found = read_journal(spool)
    assert [one.txn for one in found] == [first, second]
    assert found[1].ended
    assert found[1].count("done") == 1


def test_a_disk_that_is_full_in_the_middle_of_a_record_costs_that_record_alone(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(spool)
    txn = journal.begin(nothing(spool), ME, 1.0)
    real = os.write
    written = []

    def write(fd: int, data: bytes) -> int:
        if written:
            raise OSError(28, "No space left on device")
        written.append(real(fd, bytes(data)[:20]))
        return 20

    with monkeypatch.context() as full:
        full.setattr(os, "write", write)
        with pytest.raises(CannotWrite, match="No space"):
            journal.record(txn, [Outcome("00000001", "D_sender/R00000001", "done")])
    with pytest.raises(CannotWrite, match="No space"):  # this command writes no more of it
        journal.record(txn, [Outcome("00000003", "D_sender/R00000003", "done")])
    journal.close()
    journal = Journal(spool)
    journal.record(txn, [Outcome("00000002", "D_sender/R00000002", "done")])
    journal.close()
    (found,) = read_journal(spool)
    assert [one.id for one in found.outcomes] == ["00000002"]


def test_a_directory_that_cannot_be_synced_fails_what_was_renamed_in_it(
    spool: Spool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says so in the journal: nothing is done that may not be there after a power cut."""
    put()
    plan = retarget(spool)
    real = os.fsync

    def fsync(fd: int) -> None:
        if fd == spool.dir_fd("D_sender"):
            raise OSError(5, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    (outcome,) = apply(spool, plan, ME).outcomes
    assert (outcome.result, outcome.detail) == ("failed", "sync: Input/output error")
    (found,) = read_journal(spool)
    assert [one.result for one in found.outcomes] == ["failed"]


def test_space_is_kept_behind_its_end(spool: Spool) -> None:
    """So that holding works on a full disk."""
    journal = Journal(spool)
    journal.begin(nothing(spool), ME, 1.0)
    journal.close()
    facts = os.stat(f"{spool.path}/.spooltool/journal")
    if facts.st_blocks * 512 < facts.st_size + 4096:
        pytest.skip("this file system keeps nothing allocated behind a file's end")
    assert facts.st_blocks * 512 >= 1 << 20
