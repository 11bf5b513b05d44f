"""What commands make of results: who was delivered to stays so, and undo returns what was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.spool.codec import Envelope, Splice, apply_splices, parse
from spooltool.spool.disposition import (
    GIVE_UP,
    RENEW,
    RESTORE,
    Disposed,
    dispose,
    given_up_text,
    hindrance,
    is_record,
    remembered,
    results_back,
    stands,
)
from spooltool.spool.names import SpoolName
from spooltool.spool.plan import ResultsChange
from spooltool.spool.recipient import Recipient, encode_result
from spooltool.spool.state import State, encode_state
from tests.spooltool.spool.results_of import NOW, envelope, one, recipients, states

R, E = SpoolName("D_resend", "R", "1"), SpoolName("D_resend", "E", "1")
SENDER = SpoolName("D_sender", "R", "1")
PLACES = {RENEW: (E, SENDER), GIVE_UP: (R, E)}
open_marks = st.sampled_from(["P", "U", "D", "N", "X"])
closed_marks = st.sampled_from(["F", "D", "N", "X"])


def written(env: Envelope, disposed: Disposed) -> Envelope:
    """The envelope after the fields were written in place."""
    line = env.line("STATE")
    assert line is not None
    edits = [Splice(line.value_start, len(line.raw), encode_state(disposed.state))]
    edits += [
        Splice(r.offset, len(encode_result(r)), encode_result(r)) for r in disposed.recipients
    ]
    return parse(apply_splices(env.head, sorted(edits, key=lambda edit: edit.offset)))


def carry_out(env: Envelope, change: ResultsChange, now: float = NOW) -> Envelope:
    name, target = PLACES[change.how]
    return written(env, dispose(env, change, name, target, now))


def takes_back(env: Envelope, done: ResultsChange) -> Envelope:
    back = results_back(env, done)
    assert isinstance(back, ResultsChange)
    target, name = PLACES[done.how]
    return written(env, dispose(env, back, name, target, NOW + 60))


changes = st.sampled_from([ResultsChange(RENEW), ResultsChange(GIVE_UP, given_up_text("INC-7"))])


@given(recipients(), states, changes)
def test_who_was_delivered_to_stays_so_to_the_byte(
    found: list[Recipient], state: State, change: ResultsChange
) -> None:
    env = envelope(found, state)
    after = carry_out(env, change)
    assert len(after.recipients) == len(found)
    for before, now in zip(env.recipients, after.recipients, strict=True):
        assert now.path == before.path
        if before.mark == "D":
            assert encode_result(now) == encode_result(before)
        else:
            assert now.mark != "D"


@given(recipients(), states)
def test_requeue_is_as_just_received(found: list[Recipient], state: State) -> None:
    after = carry_out(envelope(found, state), ResultsChange(RENEW))
    for recipient in after.recipients:
        if recipient.mark != "D":
            assert encode_result(recipient) == encode_result(Recipient(recipient.path))
    assert after.state is not None
    assert (after.state.term, after.state.next_try) == (int(NOW), int(NOW))
    assert (after.state.attempts, after.state.held, after.state.reason) == (0, 0, "")
    assert after.state.pending == sum(r.mark != "D" for r in found)
    assert stands(after, ResultsChange(RENEW), "R")


@given(recipients(open_marks), states)
def test_bounce_fails_the_pending_ones_alone(found: list[Recipient], state: State) -> None:
    change = ResultsChange(GIVE_UP, given_up_text("INC-7"))
    after = carry_out(envelope(found, state), change)
    for before, now in zip(found, after.recipients, strict=True):
        if before.pending:
            assert (now.mark, now.code, now.enhanced) == ("F", 0, "5.0.0")
            assert now.text == "given up by the operator: INC-7"
            assert (now.attempts, now.last_try) == (before.attempts, before.last_try)
        else:
            assert encode_result(now) == encode_result(before)
    assert after.state is not None
    assert (after.state.term, after.state.next_try, after.state.pending) == (int(NOW), int(NOW), 0)


@given(recipients(closed_marks), states)
def test_undo_of_a_requeue_gives_the_same_bytes(found: list[Recipient], state: State) -> None:
    env = envelope(found, state)
    change = replace(ResultsChange(RENEW), was=remembered(env))
    assert takes_back(carry_out(env, change), change).head == _out_of_hold(env).head


@given(recipients(open_marks), states)
def test_undo_of_a_bounce_gives_the_same_bytes(found: list[Recipient], state: State) -> None:
    env = envelope(found, state)
    change = ResultsChange(GIVE_UP, given_up_text("a\tb ü"), was=remembered(env))
    assert takes_back(carry_out(env, change), change).head == _out_of_hold(env).head


def _out_of_hold(env: Envelope) -> Envelope:
    """Here the message goes back to the queue: it is not set aside there."""
    assert env.state is not None
    return written(env, Disposed((), replace(env.state, held=0)))


def test_undo_of_a_requeue_leaves_what_attempts_have_found_out() -> None:
    env = envelope([one("F", code=550, text="no"), one("P", attempts=9), one("P"), one("N")])
    change = replace(ResultsChange(RENEW), was=remembered(env))
    renewed = carry_out(env, change)
    assert renewed.state is not None
    first, second, third, fourth = renewed.recipients
    tried = Disposed(
        (
            replace(first, attempts=1, text="later", code=451),
            replace(second, attempts=1, text="later", code=451),
            replace(third, mark="D", code=250),
            replace(fourth, mark="N", code=550, text="never"),
        ),
        replace(renewed.state, attempts=1, reason="put-off"),
    )
    back = takes_back(written(renewed, tried), change)
    assert [r.mark for r in back.recipients] == ["F", "P", "D", "N"]
    assert [r.text for r in back.recipients] == ["no", "later", "", "never"]


def test_undo_of_a_bounce_leaves_who_failed_otherwise() -> None:
    env = envelope([one("P"), one("P")])
    change = ResultsChange(GIVE_UP, given_up_text(""), was=remembered(env))
    failed = carry_out(env, change)
    assert failed.state is not None
    otherwise = replace(failed.recipients[0], code=550, text="no such user")
    now = written(failed, Disposed((otherwise,), failed.state))
    assert [r.mark for r in takes_back(now, change).recipients] == ["F", "P"]


def test_undo_is_refused_where_recipients_came_or_went() -> None:
    env = envelope([one("P"), one("P")])
    change = ResultsChange(GIVE_UP, "", was=remembered(env))
    assert results_back(envelope([one("F")]), change) == "its recipients were changed since"


@pytest.mark.parametrize(
    ("found", "change", "letter", "hindered"),
    [
        ([one("P"), one("D")], ResultsChange(RENEW), "R", False),
        ([one("D")], ResultsChange(RENEW), "R", True),
        ([one("P")], ResultsChange(GIVE_UP), "E", False),
        ([one("D"), one("F")], ResultsChange(GIVE_UP), "E", True),
        ([one("P", "NOTIFY=NEVER"), one("D")], ResultsChange(GIVE_UP), "E", True),
        ([one("F")], ResultsChange(RESTORE), "R", True),
        ([one("F")], ResultsChange(RESTORE), "E", False),
        ([one("P"), one("F")], None, "E", True),
    ],
)
def test_no_letter_without_its_recipients(
    found: list[Recipient], change: ResultsChange | None, letter: str, hindered: bool
) -> None:
    assert bool(hindrance(envelope(found), change, letter)) == hindered


def test_a_file_of_headers_alone_is_never_renewed() -> None:
    env = envelope([one("F")], notice_of="001njf2a")
    assert hindrance(env, ResultsChange(RENEW), "R") == "it holds no whole message to deliver"
    assert hindrance(envelope([one("P")], sender=""), ResultsChange(GIVE_UP), "E")


def test_recipients_who_want_no_notice_end_without_one() -> None:
    env = envelope([one("P", "NOTIFY=NEVER"), one("P", "NOTIFY=SUCCESS,DELAY"), one("P")])
    after = carry_out(env, ResultsChange(GIVE_UP, "x"))
    assert [r.mark for r in after.recipients] == ["X", "X", "F"]


def test_what_a_plan_brings_is_checked() -> None:
    env = envelope([one("P", attempts=3)])
    good = remembered(env)
    assert is_record(good) and is_record(()) and is_record(("", "", good[1]))
    for bad in (
        ("x", good[1]),
        (good[0], good[1][:-1]),
        (good[0], "Q" + good[1][1:]),
        (good[0], good[1][:-1] + "\n"),
        (good[0], good[1][:-1] + "ü"),
        (good[0] + "0",),
        ("ü",),
    ):
        assert not is_record(bad), bad


def test_an_unknown_way_to_change_results() -> None:
    with pytest.raises(ValueError, match="nothing to make"):
        dispose(envelope([one()]), ResultsChange("explode"), R, E, NOW)
