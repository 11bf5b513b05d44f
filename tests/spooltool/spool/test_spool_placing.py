"""requeue, bounce, delete and move of one message, as tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from spooltool.spool import placing, verbs
from spooltool.spool.codec import Envelope, parse
from spooltool.spool.disposition import GIVE_UP, RENEW, remembered
from spooltool.spool.names import SpoolName, parse_path
from spooltool.spool.places import PARTIAL_AGE, WAYS, moved_on, way_back
from spooltool.spool.plan import Apart, Change, KeyChange, ResultsChange
from spooltool.spool.state import State
from tests.spooltool.spool.results_of import NOW, envelope, one
from tests.spooltool.spool.spool_files import FILES

TRASH = ".spooltool/trash"
TRIED = State("refused", 3, 1, 2, term=7)


def seen(file: str, env: Envelope | None = None, age: float = 0.0) -> verbs.Seen:
    name = parse_path(file)
    assert name is not None
    env = env or envelope([one("F" if name.letter == "E" else "P")], TRIED)
    return verbs.Seen(name, 7, 99, env, NOW - age)


def fixture(path: str) -> verbs.Seen:
    name = parse_path(path)
    assert name is not None
    data = FILES[f"gw/{path}"]
    return verbs.Seen(name, 7, len(data), parse(data))


@pytest.mark.parametrize(
    ("file", "to"),
    [
        ("D_sender/R1", ""),
        ("D_resend/R1", "D_sender/R1"),
        ("D_resend/E1", "D_sender/R1"),
        ("D_hold/R1", "D_sender/R1"),
        ("D_hold/E1", "D_sender/R1"),
        ("D_quarantine/R1", "D_sender/R1"),
        (f"{TRASH}/R1", "D_sender/R1"),
        (f"{TRASH}/E1", "D_sender/R1"),
    ],
)
def test_requeue(file: str, to: str) -> None:
    change = placing.requeue(seen(file))
    assert isinstance(change, Change)
    assert (change.to, change.keys, change.results) == (to, (), ResultsChange(RENEW))


def test_requeue_in_a_flat_spool() -> None:
    for file, to in (("R1", ""), ("E1", "R1"), ("D_hold/E1", "R1")):
        change = placing.requeue(seen(file), flat=True)
        assert isinstance(change, Change)
        assert change.to == to


def test_requeue_of_what_was_never_tried_is_no_change() -> None:
    fresh = envelope([one("P")], State(term=7, next_try=7))
    assert placing.requeue(seen("D_sender/R1", fresh)) is None
    assert placing.requeue(seen("D_resend/R1", fresh)) is not None


@pytest.mark.parametrize(
    ("one_seen", "words"),
    [
        (seen("D_state/T1"), "being received"),
        (seen("D_resend/R1", envelope([one("D")])), "delivered to everybody"),
        (seen("D_resend/E1", envelope([one("F")], notice_of="001njf2a")), "headers alone"),
        (fixture("D_resend/E001njf2b"), "made for recipients of 001njf2a"),
        (fixture("D_resend/Rchapter"), "names no sender"),
        (fixture("D_resend/Rcut8"), "torn"),
        (fixture("D_resend/Rempty"), "names no sender"),
    ],
)
def test_requeue_is_refused_with_a_reason(one_seen: verbs.Seen, words: str) -> None:
    apart = placing.requeue(one_seen)
    assert isinstance(apart, Apart)
    assert words in apart.reason


@pytest.mark.parametrize("file", ["D_sender/R1", "D_resend/R1", "D_hold/R1"])
def test_bounce(file: str) -> None:
    change = placing.bounce(seen(file), reason="INC-7")
    assert isinstance(change, Change)
    text = "given up by the operator: INC-7"
    assert (change.to, change.keys, change.results) == (
        "D_resend/E1",
        (),
        ResultsChange(GIVE_UP, text),
    )


def test_bounce_turns_errmail_on() -> None:
    change = placing.bounce(seen("D_resend/R1", envelope([one()], ERRMAIL="0")))
    assert isinstance(change, Change)
    assert change.keys == (KeyChange("ERRMAIL", "0", "1"),)
    assert placing.bounce(seen("D_resend/E1")) is None


@pytest.mark.parametrize(
    ("reason", "kind"), [("structure", "blocked"), ("antivirus", "infected"), ("", "blocked")]
)
def test_the_notice_of_what_was_quarantined_says_so_and_gives_nothing_back(
    reason: str, kind: str
) -> None:
    held = envelope([one()], State(reason, 1, text="resource in: why", held=5))
    change = placing.bounce(seen("D_quarantine/R1", held))
    assert isinstance(change, Change)
    assert change.keys == (KeyChange("NOTICE", None, f"{kind} resource in: why"),)
    assert change.to == "D_resend/E1"


@pytest.mark.parametrize(
    ("one_seen", "words"),
    [
        (seen("D_state/T1"), "being received"),
        (seen("D_hold/E1"), "`release` sends it"),
        (seen(f"{TRASH}/R1"), "in the trash"),
        (seen("D_resend/R1", envelope([one()], sender="")), "null sender"),
        (seen("D_resend/R1", envelope([one("P", "NOTIFY=NEVER")])), "`delete` ends it"),
        (seen("D_resend/R1", envelope([one("F")])), "nobody is pending"),
        (seen("D_resend/R1", envelope([one()], ERR_SERVER="a b")), "`set R1 ERR_SERVER=HOST`"),
        (fixture("D_resend/Rchapter"), "names no sender"),
        (fixture("D_resend/Rcut8"), "torn"),
        (fixture("D_resend/Rgrown"), "edited by hand"),
    ],
)
def test_bounce_is_refused_with_a_reason(one_seen: verbs.Seen, words: str) -> None:
    apart = placing.bounce(one_seen)
    assert isinstance(apart, Apart)
    assert words in apart.reason


@pytest.mark.parametrize(
    "file", ["D_sender/R1", "D_resend/R1", "D_resend/E1", "D_hold/E1", "D_quarantine/R1", "R1"]
)
def test_delete_and_purge(file: str) -> None:
    base = file.rpartition("/")[2]
    change = placing.delete(seen(file), now=NOW)
    assert isinstance(change, Change)
    assert (change.to, change.results, change.remove) == (f"{TRASH}/{base}", None, False)
    freed = placing.purge(seen(file), now=NOW)
    assert isinstance(freed, Change)
    assert (freed.to, freed.remove) == ("", True)


def test_delete_in_the_trash() -> None:
    assert placing.delete(seen(f"{TRASH}/R1"), now=NOW) is None
    for file in (f"{TRASH}/R1", f"{TRASH}/T1"):
        freed = placing.purge(seen(file), now=NOW)
        assert isinstance(freed, Change) and freed.remove


@pytest.mark.parametrize("verb", [placing.delete, placing.purge])
@pytest.mark.parametrize("file", ["D_state/T1", "T1"])
def test_a_partial_goes_after_an_hour_of_silence(
    verb: Callable[..., Change | Apart | None], file: str
) -> None:
    apart = verb(seen(file, age=PARTIAL_AGE - 1), now=NOW)
    assert isinstance(apart, Apart)
    assert "written to 59 m ago" in apart.reason
    assert isinstance(verb(seen(file, age=PARTIAL_AGE + 1), now=NOW), Change)


@pytest.mark.parametrize("word", [way.word for way in WAYS])
def test_move_is_the_verb_of_its_folder(word: str) -> None:
    verb = {
        "hold": verbs.hold,
        "sender": placing.requeue,
        "resend": verbs.release,
        "expired": placing.bounce,
    }[word]
    for file in ("D_hold/R1", "D_resend/E1", "D_quarantine/R1", f"{TRASH}/R1"):
        assert placing.move(seen(file), word) == verb(seen(file))
    assert {way.word: way.verb for way in WAYS}[word] == verb.__name__


def test_move_to_resend_is_a_release_and_nothing_else() -> None:
    assert placing.move(seen("D_resend/R1"), "resend") is None
    apart = placing.move(seen("D_sender/R1"), "resend")
    assert isinstance(apart, Apart)
    assert "only held mail goes back" in apart.reason
    with pytest.raises(ValueError, match="quarantine"):
        placing.move(seen("D_sender/R1"), "quarantine")


def test_other_verbs_leave_the_trash_alone() -> None:
    for verb in (verbs.hold, verbs.release, partial(verbs.retarget, to=())):
        apart = verb(seen(f"{TRASH}/R1"))
        assert isinstance(apart, Apart)
        assert "in the trash" in apart.reason


@pytest.mark.parametrize(
    ("came", "went", "now", "back"),
    [
        # a hold, a release, a delete
        ("D_sender/R1", "D_hold/R1", "D_hold/R1", "D_resend/R1"),
        ("D_resend/R1", "D_hold/R1", "D_sender/R1", "D_sender/R1"),
        ("D_hold/R1", "D_sender/R1", "D_resend/R1", "D_hold/R1"),
        ("D_hold/R1", "D_sender/R1", "D_resend/E1", "D_hold/E1"),
        ("D_hold/R1", "D_sender/R1", f"{TRASH}/R1", None),
        ("D_resend/E1", f"{TRASH}/E1", f"{TRASH}/E1", "D_resend/E1"),
        ("D_state/T1", f"{TRASH}/T1", f"{TRASH}/T1", "D_state/T1"),
        # a requeue
        ("D_resend/R1", "D_sender/R1", "D_sender/R1", "D_resend/R1"),
        ("D_resend/R1", "D_sender/R1", "D_resend/R1", "D_resend/R1"),
        ("D_resend/E1", "D_sender/R1", "D_resend/R1", "D_resend/E1"),
        ("D_resend/E1", "D_sender/R1", "D_resend/E1", "D_resend/E1"),
        ("D_resend/E1", "D_sender/R1", "D_hold/R1", None),
        (f"{TRASH}/R1", "D_sender/R1", "D_resend/R1", f"{TRASH}/R1"),
        # a bounce
        ("D_hold/R1", "D_resend/E1", "D_resend/E1", "D_hold/R1"),
        ("D_resend/R1", "D_resend/E1", "D_resend/E1", "D_resend/R1"),
        ("D_resend/R1", "D_resend/E1", "D_resend/R1", "D_resend/R1"),
        ("D_resend/R1", "D_resend/E1", "D_hold/E1", None),
        # flat, and no move at all
        ("E1", "R1", "R1", "E1"),
        ("D_resend/R1", "", "D_sender/R1", "D_sender/R1"),
        ("D_resend/R1", "", "D_hold/R1", None),
    ],
)
def test_the_way_back(came: str, went: str, now: str, back: str | None) -> None:
    name = parse_path(now)
    assert name is not None
    found = way_back(name, TRIED, Change("1", came, 7, 9, (), went))
    assert (found.file if found else None) == back


def test_a_plan_that_ends_a_message_holds_for_what_it_saw() -> None:
    bounce = Change("1", "D_resend/R1", 7, 9, (), "D_resend/E1", results=ResultsChange(GIVE_UP))
    delete = Change("1", "D_resend/R1", 7, 9, (), f"{TRASH}/R1")
    purge = Change("1", "D_resend/R1", 7, 9, remove=True)
    for change in (bounce, delete, purge):
        assert not moved_on(change, SpoolName("D_sender", "R", "1"))
        assert moved_on(change, SpoolName("D_hold", "R", "1"))
        assert moved_on(change, SpoolName("D_resend", "E", "1"))
    hold = Change("1", "D_resend/R1", 7, 9, (), "D_hold/R1")
    assert not moved_on(hold, SpoolName("D_resend", "E", "1"))


def test_undo_of_a_bounce_is_refused_once_its_recipients_failed_otherwise() -> None:
    was = envelope([one("P")], ERRMAIL="0")
    done = Change(
        "1",
        "D_resend/R1",
        7,
        9,
        (KeyChange("ERRMAIL", "0", "1"),),
        "D_resend/E1",
        results=ResultsChange(GIVE_UP, "given up", was=remembered(was)),
    )
    now = envelope([one("F", enhanced="5.0.0", text="given up")], ERRMAIL="1")
    back = verbs.undo(seen("D_resend/E1", now), done)
    assert isinstance(back, Change)
    assert (back.to, back.keys) == ("D_resend/R1", (KeyChange("ERRMAIL", "1", "0"),))
    otherwise = envelope([one("F", code=550, text="no such user")], ERRMAIL="1")
    apart = verbs.undo(seen("D_resend/E1", otherwise), done)
    assert isinstance(apart, Apart)
    assert apart.reason == "its recipients have other results since"
