"""The trash by age, under locks; the journal where it cannot be written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from spooltool.errors import CannotWrite
from spooltool.spool.names import TRASH, SpoolName
from spooltool.spool.placing import removed
from spooltool.spool.plan import Plan
from spooltool.store import journal
from spooltool.store.apply import apply
from spooltool.store.journal import Actor, Journal, read_journal, reserve
from spooltool.store.lock import lock
from spooltool.store.move import move
from spooltool.store.root import Spool
from spooltool.store.trash import clear_trash, trash_files

Put = Callable[..., SpoolName]
ME = Actor("jo", "pts/3", "gw1", "spooltool purge")


def bin_it(spool: Spool, name: SpoolName) -> SpoolName:
    with lock(spool, name) as locked:
        move(locked, name.at(TRASH))
    return name.at(TRASH)


def test_what_is_locked_stays_in_the_trash(spool: Spool, put: Put) -> None:
    first, second = bin_it(spool, put()), bin_it(spool, put())
    with lock(spool, first):
        assert clear_trash(spool, time.time() + 1) == [second]
    assert [one.name for one in trash_files(spool)] == [first]
    assert clear_trash(spool, time.time() + 1) == [first]


def test_what_is_no_message_goes_too_but_no_folder(spool: Spool) -> None:
    folder = FilePath(spool.path, TRASH)
    os.symlink("/etc/passwd", folder / "R00000001")
    os.mkfifo(folder / "R00000002")
    (folder / "R00000003").mkdir()
    (folder / "notes.txt").write_text("no message")
    cleared = clear_trash(spool, time.time() + 1)
    assert sorted(name.base for name in cleared) == ["R00000001", "R00000002"]
    assert sorted(os.listdir(folder)) == ["R00000003", "notes.txt"]
    assert os.path.exists("/etc/passwd")


def test_the_oldest_comes_first(spool: Spool, put: Put) -> None:
    names = [bin_it(spool, put()) for _ in range(3)]
    found = trash_files(spool)
    assert [one.name for one in found] == names
    assert [one.since for one in found] == sorted(one.since for one in found)


def test_without_a_trash_there_is_nothing(spool: Spool) -> None:
    FilePath(spool.path, TRASH).rmdir()
    assert trash_files(spool) == []
    assert clear_trash(spool, time.time()) == []


def purge_plan(spool: Spool) -> Plan:
    changes = tuple(
        removed(one.name, one.inode, one.size, by_path=True) for one in trash_files(spool)
    )
    return Plan("purge", "gw1:/x", "--spool", "", 1.0, changes)


def test_letters_of_one_number_are_freed_each(spool: Spool, put: Put) -> None:
    name = bin_it(spool, put())
    twin = FilePath(spool.path, TRASH, "E" + name.number)
    twin.write_bytes(b"x")
    applied = apply(spool, purge_plan(spool), ME)
    assert [outcome.result for outcome in applied.outcomes] == ["done", "done"]
    assert trash_files(spool) == []


def full(*arguments: object) -> int:
    raise OSError(28, "No space left on device")


def test_what_frees_space_goes_on_without_a_journal(
    spool: Spool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        bin_it(spool, put())
    plan = purge_plan(spool)
    monkeypatch.setattr(journal.os, "write", full)
    with pytest.raises(CannotWrite, match="No space left"):
        apply(spool, plan, ME)
    assert len(trash_files(spool)) == 3
    lines: list[str] = []
    applied = apply(spool, plan, ME, spare=lines.append)
    assert [outcome.result for outcome in applied.outcomes] == ["done"] * 3
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == ["begin", *["intent"] * 3, *["result"] * 3, "end"]
    assert trash_files(spool) == []


def test_a_transaction_is_in_the_journal_whole_or_from_its_beginning(
    spool: Spool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_it(spool, put())
    lines: list[str] = []
    opened = Journal(spool, lines.append)
    with monkeypatch.context() as patched:
        patched.setattr(journal.os, "write", full)
        txn = opened.begin(purge_plan(spool), ME, 1.0)
    opened.end(txn, 2.0)
    opened.close()
    assert [json.loads(line)["kind"] for line in lines] == ["begin", "end"]
    assert FilePath(spool.path, ".spooltool/journal").read_bytes() == b""


def test_a_record_after_one_that_was_cut_off_is_read(spool: Spool, put: Put) -> None:
    bin_it(spool, put())
    path = FilePath(spool.path, ".spooltool/journal")
    path.write_bytes(b'{"v": 1, "txn": "1", "kind": "begin", "at": 1.0, "verb": "ho')
    apply(spool, purge_plan(spool), ME)
    (transaction,) = read_journal(spool)
    assert (transaction.verb, transaction.count("done"), transaction.ended) == ("purge", 1, True)


def test_space_is_kept_behind_the_journals_end(spool: Spool) -> None:
    path = FilePath(spool.path, ".spooltool/journal")
    reserve(spool)
    assert path.stat().st_size == 0
    assert path.stat().st_blocks * 512 >= journal.KEEP_ALLOCATED
    opened = Journal(spool)
    for _ in range(100):
        opened.end("1", 1.0)
    opened.close()
    kept = path.stat().st_blocks * 512 - path.stat().st_size
    assert kept >= journal.KEEP_ALLOCATED - 4096


def test_a_full_disk_takes_no_more_but_what_was_kept(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(spool)
    monkeypatch.setattr(journal, "preallocate", full)
    Journal(spool).close()
    reserve(spool)
