"""Release from quarantine: by the name of the check that put a message there, and no other."""

from __future__ import annotations

import pytest

from spooltool.spool import verbs
from spooltool.spool.checks import Check
from spooltool.spool.codec import Envelope, apply_splices, parse, splices
from spooltool.spool.names import parse_path
from spooltool.spool.passes import Pass, passed_checks, with_pass
from spooltool.spool.plan import Apart, Change, KeyChange
from spooltool.spool.state import State
from spooltool.spool.states import Circumstance, judge
from tests.spooltool.spool.results_of import NOW, envelope, one

HELD = State("structure", 0, held=5, text="resource in: two ways")
WHEN = 1796421600.0
STRUCTURE = Pass(Check.STRUCTURE, "anna@gw1", WHEN)
LINE = "structure anna@gw1 2026-12-04T22:00:00Z"


def made(state: State = HELD, passes: str = "") -> Envelope:
    found = envelope([one()], state)
    if not passes:
        return found
    return parse(apply_splices(found.head, splices(found, {"PASS": passes})))


def seen(state: State = HELD, file: str = "D_quarantine/R1", passes: str = "") -> verbs.Seen:
    name = parse_path(file)
    assert name is not None
    return verbs.Seen(name, 7, 99, made(state, passes), NOW)


def test_it_is_refused_without_the_name_of_the_check() -> None:
    apart = verbs.release(seen())
    assert isinstance(apart, Apart)
    assert "can be read in two ways" in apart.reason
    assert "release --pass structure" in apart.reason


def test_another_check_than_the_one_that_blocked_it_is_refused() -> None:
    apart = verbs.release(seen(), waived=Pass(Check.ANTIVIRUS, "anna@gw1", WHEN))
    assert isinstance(apart, Apart)
    assert apart.reason == "in quarantine by structure, not by antivirus"


@pytest.mark.parametrize(("tried", "to"), [(0, "D_sender/R1"), (2, "D_resend/R1")])
def test_it_goes_with_a_pass(tried: int, to: str) -> None:
    state = State("structure", tried, held=5)
    change = verbs.release(seen(state), waived=STRUCTURE)
    assert isinstance(change, Change)
    assert (change.to, change.keys) == (to, (KeyChange("PASS", None, LINE),))


def test_a_second_pass_stands_beside_the_first() -> None:
    before = "mail_capacity ben@gw1 2026-12-01T00:00:00Z"
    change = verbs.release(seen(passes=before), waived=STRUCTURE)
    assert isinstance(change, Change)
    assert change.keys == (KeyChange("PASS", before, f"{before}, {LINE}"),)
    assert passed_checks(made(passes=f"{before}, {LINE}")) == {Check.CAPACITY, Check.STRUCTURE}


def test_words_that_nobody_knows_waive_nothing() -> None:
    assert passed_checks(made(passes="everything, antivirus2 a b, ,html")) == {Check.HTML}


def test_no_name_breaks_out_of_its_place() -> None:
    value = with_pass(envelope([one()]), Pass(Check.HTML, "a,b antivirus\n\xe4", WHEN))
    assert value.startswith("html a_b_antivirus__ 2026")


def test_undo_takes_the_pass_away_and_puts_it_back() -> None:
    change = verbs.release(seen(), waived=STRUCTURE)
    assert isinstance(change, Change)
    back = verbs.undo(seen(file="D_sender/R1", passes=LINE), change)
    assert isinstance(back, Change)
    assert (back.to, back.keys) == ("D_quarantine/R1", (KeyChange("PASS", LINE, None),))


def test_what_is_said_of_it() -> None:
    held = judge("D_quarantine", "R", HELD, Circumstance(NOW))
    assert held.why == "in quarantine by structure: resource in: two ways"
    let_go = judge("D_resend", "R", State("structure", 1, next_try=int(NOW)), Circumstance(NOW))
    assert (let_go.word, let_go.stuck) == ("fresh", False)
