"""The rarer turns of a message's life."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.queue.lifecycle import Decision, End, Terms, decide, decide_notice
from relay.queue.notice_owed import Whom, may_notify
from relay.queue.retry import due_at
from relay.smtp.outcome import Outcome, broken, judge, lacking, too_many
from relay.smtp.reply import Reply
from spooltool.spool.recipient import Path, Recipient
from spooltool.spool.state import State

NOW = 1795543999.0
TERMS = Terms(resend_period=600, abandon_time=432000)
OVER = State(term=int(NOW - TERMS.abandon_time))
OK = judge(Reply(250, "2.0.0", "queued"))
LATER = judge(Reply(451, "4.7.1", "slow down"))
NEVER = judge(Reply(550, "5.1.1", "no such user"))
LOST = broken("timeout", "lost after the dot", after_dot=True)
NEXT = too_many(Reply(452, "4.5.3", "too many recipients"))


def run(marks: str, outcomes: list[Outcome], *, state: State = OVER, silent: str = "") -> Decision:
    recipients = [
        Recipient(Path(f"{n}@example.org", "NOTIFY=NEVER" if str(n) in silent else ""), mark)
        for n, mark in enumerate(marks)
    ]
    sender = Path("billing@example.com")
    return decide(sender, recipients, outcomes, state, NOW, TERMS, host="h", errmail=True)


def marks(decision: Decision) -> str:
    return "".join(recipient.mark for recipient in decision.recipients)


def test_the_rest_of_a_long_list_does_not_expire_untried() -> None:
    decision = run("PPP", [OK, NEXT, NEXT])
    assert (decision.end, marks(decision), decision.expired) == (End.WAIT, "DPP", False)
    assert decision.state.next_try == int(NOW)


def test_of_a_long_list_only_those_that_failed_expire() -> None:
    decision = run("PPP", [LATER, NEXT, OK])
    assert (decision.end, marks(decision), decision.expired) == (End.WAIT, "NPD", True)
    assert [(r.address, r.mark, r.code) for r in decision.split] == [("0@example.org", "F", 451)]


@pytest.mark.parametrize(
    ("before", "outcomes", "silent", "end", "after"),
    [
        ("PP", [LATER, LATER], "", End.EXPIRE, "FF"),
        ("PP", [LATER, NEVER], "0", End.EXPIRE, "XF"),
        ("PP", [LATER, NEVER], "01", End.TRASH, "XX"),
        ("PP", [OK, LATER], "1", End.TRASH, "DX"),
        ("UP", [LOST, OK], "", End.EXPIRE, "FD"),
        ("NP", [OK], "", End.REMOVE, "D"),
        ("NP", [LATER], "", End.EXPIRE, "F"),
        ("XP", [OK], "", End.TRASH, "D"),
        ("FP", [OK], "", End.EXPIRE, "D"),
    ],
)
def test_ends_of_mail_past_its_term(
    before: str, outcomes: list[Outcome], silent: str, end: End, after: str
) -> None:
    decision = run(before, outcomes, silent=silent)
    assert (decision.end, marks(decision), decision.split) == (end, after, ())


def test_a_term_that_began_anew_is_obeyed() -> None:
    fresh = State(term=int(NOW) - 5)
    assert run("P", [LATER], state=fresh).end is End.WAIT


def test_an_unknown_outcome_is_told_as_such() -> None:
    decision = run("P", [LOST], state=State(term=int(NOW)))
    assert marks(decision) == "U"
    assert decision.state.text == "outcome unknown: lost after the dot"
    assert decision.recipients[0].next_try == int(NOW) + 1200


def test_an_unknown_outcome_doubles_from_what_was_waited() -> None:
    once = Recipient(Path("a@b"), "U", last_try=int(NOW) - 1200, next_try=int(NOW))
    decision = decide(
        Path("s@b"), [once], [LOST], State(term=int(NOW)), NOW, TERMS, host="h", errmail=True
    )
    assert decision.recipients[0].next_try == int(NOW) + 2400


@pytest.mark.parametrize(("params", "told"), [("NOTIFY=", True), ("NOTIFY", True), ("", True)])
def test_a_notify_that_asks_for_nothing_counts_as_none(params: str, told: bool) -> None:
    assert may_notify(Path("s@b"), Recipient(Path("a@b", params)), errmail=True) is told


@pytest.mark.parametrize(("kept", "end"), [("FFD", End.REMOVE), ("FX", End.TRASH)])
def test_who_ended_in_silence_is_kept_when_the_others_notice_is_out(kept: str, end: End) -> None:
    recipients = [Recipient(Path("a@b"), mark) for mark in kept]
    assert (
        decide_notice(State(term=int(NOW)), {Whom.SENDER: OK}, NOW, TERMS, "h", recipients).end
        is end
    )


def test_a_suspect_clock_gives_up_no_notice_by_age() -> None:
    suspect = Terms(600, 432000, clock_suspect=True)
    assert decide_notice(OVER, {Whom.SENDER: LATER}, NOW, suspect, "h").end is End.WAIT
    assert decide_notice(OVER, {Whom.SENDER: NEVER}, NOW, suspect, "h").end is End.TRASH


def test_a_lost_notice_waits_twice_as_long_each_time() -> None:
    state = State(term=int(NOW))
    waits = []
    for _ in range(3):
        state = decide_notice(state, {Whom.SENDER: LOST}, NOW, TERMS, "h").state
        waits.append(state.next_try - int(NOW))
    assert waits == [1200, 2400, 4800]


@pytest.mark.parametrize(
    ("last", "following", "wanted"),
    [
        (0.0, 0.0, 0.0),
        (NOW - 100, NOW + 500, NOW + 500),
        (NOW - 900, NOW - 300, NOW - 300),
        (NOW + 86400, NOW + 87000, NOW + 600),  # the clock was a day ahead then
        (NOW + 86400, NOW, NOW),
    ],
)
def test_when_a_file_is_due(last: float, following: float, wanted: float) -> None:
    assert due_at(last, following, NOW) == wanted


FRESH = State(term=int(NOW))


def test_our_own_verdict_keeps_its_status_code() -> None:
    outcome = lacking("5.6.7", "the server does not offer SMTPUTF8")
    decision = run("P", [outcome], state=FRESH)
    (recipient,) = decision.recipients
    assert (recipient.mark, recipient.code, recipient.enhanced) == ("F", 0, "5.6.7")
    assert (decision.state.reason, decision.state.enhanced) == ("rejected", "5.6.7")
    refused = run("P", [broken("refused", "Connection refused")], state=FRESH)
    assert refused.recipients[0].enhanced == "", "nobody said anything"


def test_each_recipient_keeps_the_host_that_decided() -> None:
    outcomes = [replace(OK, host="10.1.5.2"), replace(LATER, host="10.1.5.3")]
    decision = run("PP", outcomes, state=FRESH)
    assert [recipient.host for recipient in decision.recipients] == ["10.1.5.2", "10.1.5.3"]
    assert decision.state.host == "10.1.5.3", "of the one that failed"


@pytest.mark.parametrize("outcomes", [[OK], [LATER], [NEVER], [LOST], []])
def test_an_attempt_that_ended_leaves_no_mark_of_its_beginning(outcomes: list[Outcome]) -> None:
    begun = replace(FRESH, started=2)
    assert run("P" if outcomes else "D", outcomes, state=begun).state.started == 0
    for outcome in outcomes:
        assert decide_notice(begun, {Whom.SENDER: outcome}, NOW, TERMS, "").state.started == 0
