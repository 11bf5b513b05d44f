"""Who is told what: the tables of kinds, ERRMAIL, NOTIFY and of who has it already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.queue.lifecycle import Decision, End, Terms, decide, decide_notice
from relay.queue.notice_owed import (
    NoticeTerms,
    Whom,
    addressees,
    progress,
    refused_by_us,
)
from relay.smtp.outcome import Outcome, broken, judge
from relay.smtp.reply import Reply
from spooltool.spool.notice_kind import NoticeKind
from spooltool.spool.recipient import Path, Recipient
from spooltool.spool.state import State, encode_state, parse_state

NOW = 1795543999.0
TERMS = Terms(resend_period=600, abandon_time=432000, delay_warning=14400)
OK = judge(Reply(250, "2.0.0", "queued"))
REPORTS = judge(Reply(250, "2.0.0", "queued"), reports=True)
LATER = judge(Reply(451, "4.7.1", "slow down"))
NEVER = judge(Reply(550, "5.1.1", "no such user"))
LOST = broken("timeout", "lost", after_dot=True)
ANNA, POST = "anna@example.com", "postmaster@example.com"
FAILURE, INFECTED = NoticeKind.FAILURE, NoticeKind.INFECTED
BOTH, ALONE, COPY = "anna postmaster", "anna", "postmaster"


@pytest.mark.parametrize(
    ("kind", "sender", "terms", "told"),
    [
        (FAILURE, ANNA, NoticeTerms(), ALONE),
        (FAILURE, ANNA, NoticeTerms(postmaster=POST), BOTH),
        (FAILURE, "Postmaster@example.com", NoticeTerms(postmaster=POST), "Postmaster"),
        (FAILURE, ANNA, NoticeTerms(errmail=False, postmaster=POST), ""),
        (FAILURE, "", NoticeTerms(postmaster=POST), ""),
        (NoticeKind.DELAY, ANNA, NoticeTerms(postmaster=POST), ALONE),
        (NoticeKind.RELAYED, ANNA, NoticeTerms(postmaster=POST), ALONE),
        (NoticeKind.BLOCKED, ANNA, NoticeTerms(postmaster=POST), BOTH),
        (NoticeKind.BLOCKED, ANNA, NoticeTerms(errmail=False, postmaster=POST), ""),
        (INFECTED, ANNA, NoticeTerms(postmaster=POST), BOTH),
        (INFECTED, ANNA, NoticeTerms(errmail=False, postmaster=POST), COPY),
        (INFECTED, "", NoticeTerms(postmaster=POST), COPY),
        (INFECTED, "", NoticeTerms(), ""),
        (NoticeKind.NOT_ALLOWED, ANNA, NoticeTerms(postmaster=POST), ""),
        (NoticeKind.NOT_ALLOWED, ANNA, NoticeTerms(postmaster=POST, rule_base=True), BOTH),
    ],
)
def test_whom_a_notice_is_for(kind: NoticeKind, sender: str, terms: NoticeTerms, told: str) -> None:
    found = addressees(kind, sender, terms)
    assert " ".join(address.partition("@")[0] for address in found.values()) == told


SENDER, POSTMASTER = Whom.SENDER, Whom.POSTMASTER


@pytest.mark.parametrize(
    ("reason", "outcomes", "end", "after"),
    [
        ("rejected", {SENDER: OK, POSTMASTER: OK}, End.REMOVE, "rejected"),
        ("rejected", {SENDER: OK, POSTMASTER: LATER}, End.WAIT, "told"),
        ("rejected", {SENDER: LATER, POSTMASTER: OK}, End.WAIT, "copied"),
        ("rejected", {SENDER: NEVER, POSTMASTER: LATER}, End.WAIT, "bounced"),
        ("rejected", {SENDER: LATER, POSTMASTER: NEVER}, End.WAIT, "uncopied"),
        ("rejected", {SENDER: LATER, POSTMASTER: LATER}, End.WAIT, "put-off"),
        ("rejected", {SENDER: LOST, POSTMASTER: LOST}, End.WAIT, "timeout"),
        ("rejected", {SENDER: NEVER, POSTMASTER: OK}, End.TRASH, "rejected"),
        ("rejected", {SENDER: OK, POSTMASTER: NEVER}, End.TRASH, "rejected"),
        ("rejected", {}, End.TRASH, "rejected"),
        ("", {POSTMASTER: OK}, End.REMOVE, ""),
        ("told", {POSTMASTER: LATER}, End.WAIT, "told"),
        ("told", {POSTMASTER: OK}, End.REMOVE, "told"),
        ("told", {POSTMASTER: NEVER}, End.TRASH, "rejected"),
        ("told", {}, End.REMOVE, "told"),
        ("copied", {SENDER: LATER}, End.WAIT, "copied"),
        ("copied", {SENDER: OK}, End.REMOVE, "copied"),
        ("bounced", {POSTMASTER: OK}, End.TRASH, "bounced"),
        ("uncopied", {SENDER: OK}, End.TRASH, "uncopied"),
    ],
)
def test_each_addressee_gets_it_once_and_none_is_forgotten(
    reason: str, outcomes: dict[Whom, Outcome], end: End, after: str
) -> None:
    state = State(reason=reason, term=int(NOW) - 10)
    decision = decide_notice(state, outcomes, NOW, TERMS, "h")
    assert (decision.end, decision.state.reason) == (end, after)
    again, fixed = parse_state(encode_state(decision.state))
    assert fixed
    assert again is not None
    if end is End.WAIT:
        both = {SENDER: ANNA, POSTMASTER: POST}
        taken = [whom for whom, outcome in outcomes.items() if outcome in (OK, NEVER)]
        assert not set(taken) & set(progress(again.reason).owed(both))


def test_a_copy_that_nobody_takes_is_given_up_by_age() -> None:
    state = State(reason="told", term=int(NOW - TERMS.abandon_time))
    decision = decide_notice(state, {POSTMASTER: LATER}, NOW, TERMS, "h")
    assert (decision.end, decision.expired) == (End.TRASH, True)


def run(
    params: str,
    outcome: Outcome,
    *,
    sender: str = ANNA,
    errmail: bool = True,
    age: float = 0.0,
    last_try: float = 0.0,
    terms: Terms = TERMS,
) -> Decision:
    one = Recipient(Path("bob@example.org", params), last_try=int(last_try), offset=9, fixed=True)
    state = State(term=int(NOW - age), pending=1)
    return decide(Path(sender), [one], [outcome], state, NOW, terms, host="h", errmail=errmail)


SUCCESS = "NOTIFY=SUCCESS,FAILURE"


@pytest.mark.parametrize(
    ("params", "outcome", "sender", "errmail", "told"),
    [
        (SUCCESS, OK, ANNA, True, True),
        ("notify=success", OK, ANNA, True, True),
        (SUCCESS, REPORTS, ANNA, True, False),
        (SUCCESS, LATER, ANNA, True, False),
        (SUCCESS, LOST, ANNA, True, False),
        ("", OK, ANNA, True, False),
        ("NOTIFY=NEVER", OK, ANNA, True, False),
        ("NOTIFY=FAILURE,DELAY", OK, ANNA, True, False),
        (SUCCESS, OK, "", True, False),
        (SUCCESS, OK, ANNA, False, False),
    ],
)
def test_success_is_told_where_it_was_asked_for_and_the_host_tells_nothing(
    params: str, outcome: Outcome, sender: str, errmail: bool, told: bool
) -> None:
    decision = run(params, outcome, sender=sender, errmail=errmail)
    assert [one.mark for one in decision.relayed] == (["D"] if told else [])
    assert decision.apart is told


LATE = 14400.0


@pytest.mark.parametrize(
    ("age", "tried", "told"),
    [
        (LATE - 1, 0.0, False),
        (LATE, 0.0, True),
        (LATE + 5, LATE - 1, True),
        (LATE + 600, LATE, False),
        (LATE + 600, LATE + 1, False),
    ],
)
def test_that_it_is_late_is_told_by_the_first_attempt_past_that_age(
    age: float, tried: float, told: bool
) -> None:
    last_try = NOW - age + tried if tried else 0.0
    decision = run("", LATER, age=age, last_try=last_try)
    assert (decision.end, bool(decision.delayed)) == (End.WAIT, told)


@pytest.mark.parametrize(
    ("params", "sender", "errmail", "told"),
    [
        ("", ANNA, True, True),
        ("NOTIFY=DELAY", ANNA, True, True),
        ("NOTIFY=FAILURE", ANNA, True, False),
        ("NOTIFY=NEVER", ANNA, True, False),
        ("", "", True, False),
        ("", ANNA, False, False),
    ],
)
def test_who_is_told_that_it_is_late(params: str, sender: str, errmail: bool, told: bool) -> None:
    decision = run(params, LATER, sender=sender, errmail=errmail, age=LATE)
    assert bool(decision.delayed) is told


def test_nobody_is_warned_unless_it_is_asked_for_or_by_a_doubtful_clock() -> None:
    assert not run("", LATER, age=LATE, terms=replace(TERMS, delay_warning=0.0)).delayed
    assert not run("", LATER, age=LATE, terms=replace(TERMS, clock_suspect=True)).delayed
    assert not run("", NEVER, age=LATE).delayed
    assert run("", LATER, age=TERMS.abandon_time).end is End.EXPIRE
    assert not run("", LATER, age=TERMS.abandon_time).delayed


def test_who_is_refused_by_our_own_policy_is_owed_a_notice() -> None:
    waiting = Recipient(Path("bob@example.org"), "P", 451, "4.3.0", 3, 5, 7, "mx", "later", 9)
    (one,) = refused_by_us([waiting], "eicar", NOW)
    assert (one.mark, one.code, one.enhanced, one.text) == ("F", 0, "5.7.1", "eicar")
    assert (one.host, one.last_try, one.next_try) == ("", int(NOW), 0)
