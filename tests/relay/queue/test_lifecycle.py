"""What becomes of a message: every path ends, and nobody is forgotten on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.queue.lifecycle import Decision, End, Terms, decide, decide_notice
from relay.queue.notice_owed import Whom, may_notify
from relay.queue.retry import next_try
from relay.smtp.outcome import Kind, Outcome, broken, judge, too_many
from relay.smtp.reply import Reply
from spooltool.spool.recipient import Path, Recipient
from spooltool.spool.state import State

NOW = 1795543999.0
TERMS = Terms(resend_period=600, abandon_time=432000)
SENDER = Path("billing@example.com")
OK = judge(Reply(250, "2.0.0", "queued"))
LATER = judge(Reply(451, "4.7.1", "slow down"))
NEVER = judge(Reply(550, "5.1.1", "no such user"))
LOST = broken("timeout", "lost after the dot", after_dot=True)
REFUSED = broken("refused", "connect: Connection refused")


def rcpt(address: str, mark: str = "P", *, params: str = "", **fields: int) -> Recipient:
    offset = 600 + 200 * (ord(address[0]) - ord("a"))
    return Recipient(
        Path(f"{address}@example.org", params), mark, offset=offset, fixed=True, **fields
    )  # type: ignore[arg-type]


def run(
    recipients: list[Recipient],
    outcomes: list[Outcome],
    *,
    sender: Path = SENDER,
    term: float = NOW,
    terms: Terms = TERMS,
    errmail: bool = True,
) -> Decision:
    state = State(term=int(term), pending=len(recipients))
    return decide(sender, recipients, outcomes, state, NOW, terms, host="10.1.5.2", errmail=errmail)


def marks(decision: Decision) -> str:
    return "".join(recipient.mark for recipient in decision.recipients)


TABLE = [
    # recipients, outcomes, end, marks, reason
    ("a", [OK], End.REMOVE, "D", ""),
    ("ab", [OK, OK], End.REMOVE, "DD", ""),
    ("a", [LATER], End.WAIT, "P", "put-off"),
    ("a", [REFUSED], End.WAIT, "P", "refused"),
    ("a", [LOST], End.WAIT, "U", "timeout"),
    ("a", [NEVER], End.EXPIRE, "F", "rejected"),
    ("ab", [OK, LATER], End.WAIT, "DP", "put-off"),
    ("ab", [OK, NEVER], End.EXPIRE, "DF", "rejected"),
    ("ab", [NEVER, LATER], End.WAIT, "NP", "put-off"),
    ("abc", [OK, NEVER, LOST], End.WAIT, "DNU", "timeout"),
]


@pytest.mark.parametrize(("who", "outcomes", "end", "after", "reason"), TABLE)
def test_ends(who: str, outcomes: list[Outcome], end: End, after: str, reason: str) -> None:
    decision = run([rcpt(one) for one in who], outcomes)
    assert (decision.end, marks(decision), decision.state.reason) == (end, after, reason)


def test_a_failure_among_pending_ones_gets_an_e_file_of_its_own() -> None:
    decision = run([rcpt("a"), rcpt("b")], [NEVER, LATER])
    assert [r.address for r in decision.split] == ["a@example.org"]
    assert decision.split[0].mark == "F"
    assert decision.split[0].text == "no such user"


@pytest.mark.parametrize(
    ("sender", "params", "errmail", "told"),
    [
        ("a@b", "", True, True),
        ("a@b", "", False, False),
        ("", "", True, False),
        ("a@b", "NOTIFY=NEVER", True, False),
        ("a@b", "NOTIFY=SUCCESS", True, False),
        ("a@b", "notify=success,failure", True, True),
    ],
)
def test_who_is_told(sender: str, params: str, errmail: bool, told: bool) -> None:
    one = rcpt("a", params=params)
    assert may_notify(Path(sender), one, errmail=errmail) is told
    decision = run([one], [NEVER], sender=Path(sender), errmail=errmail)
    assert decision.end is (End.EXPIRE if told else End.TRASH)
    assert marks(decision) == ("F" if told else "X")


def test_expiry_only_after_a_failed_attempt_past_the_term() -> None:
    old = NOW - TERMS.abandon_time
    assert run([rcpt("a")], [LATER], term=old).end is End.EXPIRE
    assert run([rcpt("a")], [LATER], term=old + 1).end is End.WAIT
    assert run([rcpt("a")], [OK], term=old).end is End.REMOVE
    assert run([rcpt("a")], [], term=old).end is not End.EXPIRE


def test_a_suspect_clock_expires_nothing() -> None:
    suspect = Terms(600, 432000, clock_suspect=True)
    assert run([rcpt("a")], [LATER], term=0, terms=suspect).end is End.WAIT


def test_an_expired_message_keeps_the_last_reply_for_its_notice() -> None:
    decision = run([rcpt("a"), rcpt("b")], [OK, LATER], term=0)
    assert decision.end is End.EXPIRE
    assert decision.expired
    assert {r.address: (r.mark, r.code) for r in decision.recipients} == {
        "a@example.org": ("D", 250),
        "b@example.org": ("F", 451),
    }
    assert decision.state.term == int(NOW)
    assert decision.state.next_try == int(NOW)
    assert decision.state.attempts == 0


def test_marks_alone_decide_after_a_crash() -> None:
    assert run([rcpt("a", "D")], []).end is End.REMOVE
    assert run([rcpt("a", "D"), rcpt("b", "F")], []).end is End.EXPIRE
    assert run([rcpt("a", "X")], []).end is End.TRASH
    assert run([rcpt("a", "N"), rcpt("b", "D")], []).end is End.REMOVE


def test_too_many_is_no_attempt() -> None:
    decision = run([rcpt("a"), rcpt("b")], [OK, too_many(Reply(452, "4.5.3", "too many"))])
    assert decision.end is End.WAIT
    second = decision.recipients[1]
    assert (second.mark, second.attempts, second.next_try) == ("P", 0, int(NOW))


def test_unknown_outcomes_wait_twice_as_long_each_time() -> None:
    waits = []
    waited = 0.0
    for _ in range(9):
        due = next_try(NOW, 600, unknown=True, waited=waited)
        waited = due - NOW
        waits.append(int(waited))
    assert waits == [1200, 2400, 4800, 9600, 19200, 38400, 76800, 86400, 86400]
    assert next_try(NOW, 600) == int(NOW) + 600


def test_a_notice_ends_by_delivery_refusal_or_age() -> None:
    state = State(term=int(NOW) - 10)
    assert decide_notice(state, {Whom.SENDER: OK}, NOW, TERMS, "h").end is End.REMOVE
    assert decide_notice(state, {Whom.SENDER: LATER}, NOW, TERMS, "h").end is End.WAIT
    assert decide_notice(state, {Whom.SENDER: NEVER}, NOW, TERMS, "h").end is End.TRASH
    old = State(term=int(NOW - TERMS.abandon_time))
    assert decide_notice(old, {Whom.SENDER: LATER}, NOW, TERMS, "h").end is End.TRASH
    waiting = decide_notice(state, {Whom.SENDER: LATER}, NOW, TERMS, "h").state
    assert (waiting.attempts, waiting.next_try) == (1, int(NOW) + 600)


@given(
    st.lists(st.tuples(st.sampled_from("PUDNX"), st.sampled_from(list(Kind)), st.booleans()),
             min_size=1, max_size=8),
    st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip
def test_no_pending_recipient_is_ever_dropped(
    rows: list[tuple[str, Kind, bool]], null: bool, errmail: bool, old: bool
) -> None:
    by_kind = {Kind.DELIVERED: OK, Kind.TEMPORARY: LATER, Kind.PERMANENT: NEVER, Kind.UNKNOWN: LOST}
    recipients = [
        rcpt(chr(97 + n), mark, params="NOTIFY=NEVER" if never else "")
        for n, (mark, _, never) in enumerate(rows)
    ]
    outcomes = [by_kind[kind] for (mark, kind, _) in rows if mark in "PU"]
    decision = run(
        recipients, outcomes, sender=Path("" if null else "a@b"), errmail=errmail,
        term=0 if old else NOW,
    )  # fmt: skip
    new = {r.offset: r for r in recipients} | {r.offset: r for r in decision.recipients}
    pending = [r for r in new.values() if r.pending]
    owed = [r for r in new.values() if r.mark == "F"]
    assert (decision.end is End.WAIT) is bool(pending)
    assert (decision.end is End.EXPIRE) is (bool(owed) and not pending)
    assert not (null and (owed or decision.split))
    for before in recipients:
        after = new[before.offset]
        if before.pending and not after.pending:
            assert after.mark in "DFNX"
            if after.mark == "N":
                assert after.offset in {r.offset for r in decision.split}
        elif not before.pending:
            assert after.mark == before.mark
    totals = decision.state
    if outcomes:
        assert totals.pending == len(pending)
        assert totals.delivered == sum(r.mark == "D" for r in new.values())


def part(asked: str, outcomes: list[Outcome], recipients: list[Recipient]) -> Decision:
    """An attempt for some of the recipients, by the first letter of their addresses."""
    meant = frozenset(one for one in recipients if one.address[0] in asked)
    state = State(term=int(NOW), pending=len(recipients), reason="refused", host="h", text="old")
    return decide(
        SENDER, recipients, outcomes, state, NOW, TERMS, host="mx", errmail=True, asked=meant
    )


def test_an_attempt_for_some_leaves_the_others_as_they_are() -> None:
    done = part("b", [OK], [rcpt("a"), rcpt("b"), rcpt("c")])
    assert (done.end, marks(done), done.due) == (End.WAIT, "D", None)
    assert (done.state.pending, done.state.delivered) == (2, 1)


def test_when_they_are_due_again_is_said_apart_from_when_the_message_is() -> None:
    waiting = rcpt("a", attempts=3, last_try=int(NOW) - 500, next_try=int(NOW) + 100)
    done = part("b", [LATER], [waiting, rcpt("b")])
    assert (done.due, done.state.next_try) == (NOW + 600, NOW + 100)
    assert (done.state.attempts, done.state.reason) == (3, "put-off")


def test_the_summary_speaks_of_who_still_waits() -> None:
    dead = replace(
        rcpt("a", attempts=2, last_try=int(NOW) - 9, next_try=int(NOW) + 99),
        host="192.0.2.9", text="connect: refused",
    )  # fmt: skip
    done = part("b", [OK], [dead, rcpt("b")])
    assert (done.state.reason, done.state.host, done.state.text) == (
        "refused", "192.0.2.9", "connect: refused",
    )  # fmt: skip
    assert done.state.attempts == 2
    fresh = part("b", [OK], [rcpt("a"), rcpt("b")])
    assert (fresh.state.reason, fresh.state.attempts) == ("", 0)


def test_the_last_part_ends_the_message() -> None:
    assert part("b", [OK], [rcpt("a", "D"), rcpt("b")]).end is End.REMOVE
    assert part("b", [NEVER], [rcpt("a", "D"), rcpt("b")]).end is End.EXPIRE
    split = part("b", [NEVER], [rcpt("a"), rcpt("b")])
    assert (split.end, [one.address for one in split.split]) == (End.WAIT, ["b@example.org"])
