"""The journal's last transactions, read on as it grows: what `read_journal` has of them."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

from spooltool.spool.plan import Plan
from spooltool.store.journal import Actor, Journal, Outcome, read_journal
from spooltool.store.journal_tail import JournalTail, Summary
from spooltool.store.root import Spool

ME = Actor("jo", "/dev/pts/3", "gw1", "spooltool hold stuck")
WORDS = ("done", "gone", "busy", "failed")


def summaries(spool: Spool, most: int) -> tuple[Summary, ...]:
    """The same from the whole journal."""
    found = [
        Summary(
            one.txn,
            one.at,
            one.verb,
            one.actor,
            one.query,
            one.reason,
            one.undoes,
            dict(Counter(outcome.result for outcome in one.outcomes)),
            one.ended,
        )
        for one in read_journal(spool)
    ]
    return tuple(reversed(found[-most:]))


def read(tail: JournalTail, spool: Spool) -> tuple[Summary, ...]:
    for _ in tail.read_on(spool):
        continue
    return tail.last()


def transact(spool: Spool, chance: random.Random, *, ends: bool = True) -> None:
    journal = Journal(spool)
    plan = Plan("hold", spool.path, "--spool", f"age:{chance.randrange(9)}h..", 1795543999.0, ())
    txn = journal.begin(plan, ME, 1795544000.5, reason="spam wave", undoes="3")
    count = chance.randrange(20)
    journal.record(txn, [Outcome("a", "D_hold/Ra", chance.choice(WORDS)) for _ in range(count)])
    if ends:
        journal.end(txn, 1795544001.0)
    journal.close()


def test_nothing_before_there_is_a_journal(spool: Spool) -> None:
    tail = JournalTail()
    assert read(tail, spool) == ()


def test_what_was_added_is_read_on(spool: Spool) -> None:
    chance, tail = random.Random(5), JournalTail(4)
    for number in range(12):
        transact(spool, chance, ends=number % 3 > 0)
        if chance.random() < 0.7:
            assert read(tail, spool) == summaries(spool, 4)
    assert read(tail, spool) == summaries(spool, 4)


def test_a_line_that_grows_byte_by_byte_counts_once(spool: Spool) -> None:
    transact(spool, random.Random(1))
    path = Path(spool.path, ".spooltool/journal")
    whole = path.read_bytes()
    path.write_bytes(b"")
    tail = JournalTail()
    with path.open("ab", buffering=0) as file:
        for at in range(0, len(whole), 7):
            file.write(whole[at : at + 7])
            read(tail, spool)
    assert tail.last() == summaries(spool, 20)


def test_lines_that_are_no_records_are_passed_over(spool: Spool) -> None:
    transact(spool, random.Random(1))
    path = Path(spool.path, ".spooltool/journal")
    odd = b'\xff\n{"v": 1}\n[]\n{"v": 2, "txn": "9", "kind": "begin"}\n'
    odd += b'{"v": 1, "txn": "8", "kind": "result", "result": "done"}\n"cut off'
    path.write_bytes(odd + b"\n" + path.read_bytes() + odd)
    tail = JournalTail()
    assert [one.txn for one in read(tail, spool)] == ["1"]


def test_a_journal_that_was_replaced_is_read_anew(spool: Spool) -> None:
    chance, tail = random.Random(2), JournalTail()
    transact(spool, chance)
    transact(spool, chance)
    read(tail, spool)
    path = Path(spool.path, ".spooltool/journal")
    os.rename(path, path.with_name("old"))
    transact(spool, chance)
    assert read(tail, spool) == summaries(spool, 20)
    path.unlink()
    assert read(tail, spool) == ()


def test_no_journal_but_something_else_is_no_journal(spool: Spool) -> None:
    os.mkfifo(Path(spool.path, ".spooltool/journal"))
    assert read(JournalTail(), spool) == ()
