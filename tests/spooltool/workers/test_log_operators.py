"""Operators' transactions among the lines of the logs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.spool.hosts import HostPort
from spooltool.spool.plan import Change, KeyChange, Plan
from spooltool.store import journal_pieces
from spooltool.store.journal import Actor, Journal, Outcome
from spooltool.store.journal_pieces import Begun, JournalPieces, Meant
from spooltool.store.root import Spool
from spooltool.workers.log_messages import Everything, Matching, OneMessage, Toward
from tests.spooltool.workers.log_scene import NOW, Scene


def toward(host: str, port: int | None = None) -> Toward:
    return Toward((HostPort(host, port),))


ROOT = Actor("root", "/dev/pts/3", "gw1", "")

Did = Callable[..., str]


def change(number: int, dst: str = "") -> Change:
    keys = (KeyChange("DST", "10.1.5.2", dst),) if dst else ()
    return Change(f"{number:08}", f"D_sender/R{number:08}", 7, 100, keys, "")


def did(spool: Path, at: float, *changes: Change, verb: str = "hold", reason: str = "") -> str:
    """A transaction, as it is written down."""
    with Spool.open(str(spool)) as opened:
        journal = Journal(opened)
        txn = journal.begin(
            Plan(verb, str(spool), "--spool", "", at, changes), ROOT, at, reason=reason
        )
        journal.intend(txn, changes)
        journal.record(txn, [Outcome(one.id, one.file, "done") for one in changes])
        journal.end(txn, at + 1)
        journal.close()
    return txn


def test_they_stand_where_they_happened(scene: Scene) -> None:
    scene.elg("mdq.elg", NOW - 9, "00000001", "kick", ids=1)
    did(scene.spool, NOW - 8, *map(change, range(14)), reason="spam wave")
    scene.elg("mdq.elg", NOW - 7, "00000001", "kick", ids=2)
    scene.open()
    scene.show()
    did(scene.spool, NOW - 6, change(1), verb="release")
    scene.settle()
    assert scene.words() == [
        "mdq  R00000001 kick      ids=1",
        "op   txn 1     hold 14   root@pts/3: spam wave",
        "mdq  R00000001 kick      ids=2",
        "op   txn 2     release 1 root@pts/3",
    ]


@pytest.mark.parametrize(
    ("about", "txns"),
    [
        (Everything(), ["1", "2", "3"]),
        (OneMessage("00000002"), ["1", "2"]),
        (OneMessage("00000009"), []),
        (toward("10.1.5.9"), ["2"]),
        (toward("10.1.5.2"), ["2", "3"]),
        (toward("10.1.5.9", 26), []),
        (Matching("R00000001"), ["1"]),
    ],
)
def test_a_choice_of_them(scene: Scene, about: object, txns: list[str]) -> None:
    def three() -> None:
        did(scene.spool, NOW - 8, change(1), change(2), change(3))
        did(scene.spool, NOW - 7, change(2, "10.1.5.9"), change(3, "10.1.5.9"), verb="retarget")
        did(scene.spool, NOW - 6, change(4, "10.1.5.7"), verb="retarget")

    three()
    scene.open()
    scene.show(about)
    assert [words.split()[2] for words in scene.words()] == txns
    three()
    scene.settle()
    shown = [words.split()[2] for words in scene.words()]
    assert shown == [*txns, *(str(int(txn) + 3) for txn in txns)]


def test_a_transaction_under_way_is_told_once(scene: Scene) -> None:
    """Its first intents were written before the choice was made, the others after it."""
    scene.open()
    scene.show()
    with Spool.open(str(scene.spool)) as opened:
        journal = Journal(opened)
        plan = Plan("hold", str(scene.spool), "--spool", "", NOW, (change(1), change(2)))
        txn = journal.begin(plan, ROOT, NOW)
        journal.intend(txn, [change(1)])
        scene.settle()
        assert len(scene.lines) == 1
        scene.show(Matching("R00000001 R00000002"))
        journal.intend(txn, [change(2)])
        scene.settle()
        assert len(scene.lines) == 1
        journal.close()


def test_hostile_reasons_are_shown(scene: Scene) -> None:
    did(scene.spool, NOW, change(1), reason="[@click=app.quit]x[/] \x1b]0;evil\x07 \u202e")
    scene.open()
    scene.show()
    assert scene.words() == [
        "op   txn 1     hold 1    root@pts/3: [@click=app.quit]x[/] ^[]0;evil^G \\u202e"
    ]


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(0, 12), st.integers(300, 4000))
def test_forwards_and_backwards_give_each_record_once(
    sizes: list[int], seen: int, block: int
) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_pieces, "BLOCK", block)
        (Path(directory) / "D_sender").mkdir()
        for count in sizes[:seen]:
            did(Path(directory), NOW, *map(change, range(count)))
        with Spool.open(directory) as spool:
            tail = JournalPieces(spool)
            for count in sizes[seen:]:
                did(Path(directory), NOW, *map(change, range(count)))
            before: list[Begun | Meant] = []
            end = tail.end
            while end:
                records, end = tail.before(end)
                before = records + before
            after: list[Begun | Meant] = []
            while new := tail.more():
                after += new
            tail.close()
        assert _shape(before) == _expected(sizes[:seen], 1)
        assert _shape(after) == _expected(sizes[seen:], len(sizes[:seen]) + 1)


def _shape(records: list[Begun | Meant]) -> list[tuple[str, str]]:
    return [(one.txn, "" if isinstance(one, Begun) else one.id) for one in records]


def _expected(sizes: list[int], first: int) -> list[tuple[str, str]]:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return [
        (digits[txn], name)
        for txn, count in enumerate(sizes, start=first)
        for name in ("", *(f"{number:08}" for number in range(count)))
    ]


def test_what_is_no_record_is_passed_over(scene: Scene) -> None:
    did(scene.spool, NOW - 5, change(1))
    path = scene.spool / ".spooltool" / "journal"
    with path.open("ab") as file:
        file.write(
            b'{"v": 1, "txn": "7", "kind": "begin"}\n{"v": 1, "kind": "intent", "keys": 3}\n'
        )
        file.write(b'["begin"]\n"intent"\n{"kind": "begin"\n\xff\xfe "begin"\n')
    did(scene.spool, NOW - 4, change(2))
    scene.open()
    scene.show()
    assert [line.time for line in scene.lines] == [NOW - 5, NOW - 4]
