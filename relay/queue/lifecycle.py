"""What becomes of a message after an attempt: (envelope, outcomes, now) to a decision.

A message ends in one of four ways: delivered; its error mail accepted by a server; an
operator's recorded command; or, where no notice may be sent, the trash.  Everything
here leads to one of these, and no pending recipient is ever dropped on the way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from relay.queue.notice_owed import Whom, may_notify, progress, wants_delay, wants_success
from relay.queue.retry import next_try
from relay.smtp.outcome import PUT_OFF, REJECTED, TOO_MANY, Kind, Outcome
from spooltool.spool.recipient import Path, Recipient
from spooltool.spool.state import State, summarise
from spooltool.spool.states import UNKNOWN_OUTCOME


class End(StrEnum):
    """Where a message goes after an attempt."""

    REMOVE = "remove"
    """Nothing is owed to anybody: unlink it."""
    WAIT = "wait"
    """To D_resend, to be tried again (an E file stays one)."""
    EXPIRE = "expire"
    """It becomes an E file: the notice is owed from now on."""
    TRASH = "trash"
    """It failed and no notice may be sent: kept in the trash, recorded."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long and how often: seconds.  `clock_suspect` suspends expiry.

    `delay_warning` is the age at which the sender is told that mail is late, 0 for never.
    """

    resend_period: float
    abandon_time: float
    clock_suspect: bool = False
    delay_warning: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write.

    `recipients` have new result fields; of them `split` are to get an E file of their own,
    durable before their marks change, and so are `relayed`, whose senders asked to be told of
    success by a host that does not, and `delayed`, whose senders are told that they wait.
    `state` is the new summary.  `expired` tells that the abandon time has passed.  `due` is
    when those who were asked for and still wait may be tried again, unix seconds; None where
    none of them does.
    """

    end: End
    state: State
    recipients: tuple[Recipient, ...] = ()
    split: tuple[Recipient, ...] = ()
    expired: bool = False
    due: float | None = None
    relayed: tuple[Recipient, ...] = ()
    delayed: tuple[Recipient, ...] = ()

    @property
    def apart(self) -> bool:
        """Whether notices of their own must be written before this is."""
        return bool(self.split or self.relayed or self.delayed)


def decide(
    sender: Path,
    recipients: Sequence[Recipient],
    outcomes: Sequence[Outcome],
    state: State,
    now: float,
    terms: Terms,
    *,
    host: str,
    errmail: bool,
    asked: Collection[Recipient] | None = None,
) -> Decision:
    """The decision for an R file after an attempt.

    `outcomes` belong to the pending recipients in their order; without any (a crash came
    between marks and move) the marks alone decide.  `host` is who answered.  Where the
    attempt was for some of them only, `asked` are those: the others stay as they are.
    """
    after: list[Recipient] = []
    changed: list[int] = []
    failing: list[Outcome] = []
    relayed: list[Recipient] = []
    late: list[int] = []
    expired = False
    state = replace(state, started=0)
    over = now >= state.term + terms.abandon_time and not terms.clock_suspect
    remaining = iter(outcomes)
    for place, recipient in enumerate(recipients):
        meant = recipient.pending and (asked is None or recipient in asked)
        outcome = next(remaining, None) if meant else None
        if outcome is None:
            after.append(recipient)
            continue
        told = may_notify(sender, recipient, errmail=errmail)
        new = _after(recipient, outcome, now, terms, host, told=told)
        if outcome.kind is not Kind.DELIVERED and outcome.reason != TOO_MANY:
            failing.append(outcome)
            if new.pending and over:
                new = replace(new, mark="F" if told else "X", next_try=0)
                expired = True
            if new.pending and _grows_late(recipient, state, now, terms):
                late.append(place)
        elif _handed_on(outcome) and wants_success(sender, recipient, errmail=errmail):
            relayed.append(new)
        after.append(new)
        changed.append(place)
    summary = _summary(state, failing, now, host, tried=bool(outcomes))
    if any(recipient.pending for recipient in after):
        split = tuple(after[place] for place in changed if after[place].mark == "F")
        for place in changed:
            if after[place].mark == "F":
                after[place] = replace(after[place], mark="N")
        results = tuple(after[place] for place in changed)
        delayed = tuple(
            after[place] for place in late if wants_delay(sender, after[place], errmail=errmail)
        )
        state = summarise(summary, after)
        due: float | None = float(state.next_try)
        if asked is not None:
            due = min((float(one.next_try) for one in results if one.pending), default=None)
            state = summed_up(state, after, failed=bool(failing))
        return Decision(End.WAIT, state, results, split, expired, due, tuple(relayed), delayed)
    results = tuple(after[place] for place in changed)
    if any(recipient.mark == "F" for recipient in after):
        state = _as_notice(summarise(summary, after), now)
        return Decision(End.EXPIRE, state, results, (), expired, None, tuple(relayed))
    end = End.TRASH if any(recipient.mark == "X" for recipient in after) else End.REMOVE
    return Decision(end, summarise(summary, after), results, (), expired, None, tuple(relayed))


def decide_notice(
    state: State,
    outcomes: Mapping[Whom, Outcome],
    now: float,
    terms: Terms,
    host: str,
    recipients: Sequence[Recipient] = (),
    everybody: Collection[Whom] | None = None,
) -> Decision:
    """The decision for an E file after its notice was offered to its ERR_SERVER.

    `outcomes` are those of the addressees that it was offered to, of `everybody` whom it is
    for (those alone unless given); without any nobody may be told (any more).  It waits while
    one of them is owed the notice.  Where one has refused it, or one of its `recipients` ended
    without a notice, the file is kept in the trash.
    """
    state = replace(state, started=0)
    failing = [one for one in outcomes.values() if one.kind is not Kind.DELIVERED]
    so_far = progress(state.reason).after(outcomes)
    summary = _summary(state, failing, now, host, tried=True) if failing else state
    if not so_far.owed(outcomes if everybody is None else everybody):
        silent = any(recipient.mark == "X" for recipient in recipients)
        return Decision(End.REMOVE if so_far.complete and not silent else End.TRASH, summary)
    waiting = [one for one in failing if one.kind is not Kind.PERMANENT]
    due = int(now)  # who was not asked yet is asked by another way, now
    if waiting:
        unknown = any(one.kind is Kind.UNKNOWN for one in waiting)
        waited = float(state.next_try - state.last_try) if state.last_try else 0.0
        due = next_try(now, terms.resend_period, unknown=unknown, waited=waited)
    summary = replace(summary, next_try=due, reason=so_far.word or summary.reason)
    if now >= state.term + terms.abandon_time and not terms.clock_suspect:
        return Decision(End.TRASH, summary, expired=True)
    return Decision(End.WAIT, summary, due=float(due))


def _handed_on(outcome: Outcome) -> bool:
    """Whether it went to a host that reports nothing, so that we do (RFC 3461 5.2.2 b)."""
    return outcome.kind is Kind.DELIVERED and not outcome.reports


def _grows_late(before: Recipient, state: State, now: float, terms: Terms) -> bool:
    """Whether this attempt is a recipient's first one past the age of a warning.

    The time of the last try stands in the file: that it was warned needs no other mark.
    """
    if not terms.delay_warning or terms.clock_suspect:
        return False
    return before.last_try < state.term + terms.delay_warning <= now


def _after(
    recipient: Recipient, outcome: Outcome, now: float, terms: Terms, host: str, *, told: bool
) -> Recipient:
    """A recipient's result fields after an attempt."""
    if outcome.reason == TOO_MANY:  # not tried at all: the next transaction takes it
        return replace(recipient, next_try=int(now))
    reply = outcome.reply
    mark = {
        Kind.DELIVERED: "D",
        Kind.TEMPORARY: "P",
        Kind.UNKNOWN: "U",
        Kind.PERMANENT: "F" if told else "X",
    }[outcome.kind]
    waited = float(recipient.next_try - recipient.last_try) if recipient.mark == "U" else 0.0
    due = next_try(now, terms.resend_period, unknown=mark == "U", waited=waited)
    return replace(
        recipient,
        mark=mark,
        code=reply.code if reply else 0,
        enhanced=_enhanced(outcome),
        attempts=recipient.attempts + 1,
        last_try=int(now),
        next_try=due if mark in "PU" else 0,
        host=outcome.host or host,
        text=outcome.text,
    )


def _enhanced(outcome: Outcome) -> str:
    """The peer's enhanced status code, or ours where we ruled the recipient out ourselves."""
    if outcome.reply is not None:
        return outcome.reply.enhanced
    return outcome.status if outcome.kind is Kind.PERMANENT else ""


def _summary(
    state: State, failing: Sequence[Outcome], now: float, host: str, *, tried: bool
) -> State:
    """STATE after an attempt: of several failures the one that a person must know first."""
    if not tried:
        return state
    counted = replace(
        state,
        attempts=state.attempts + 1,
        last_try=int(now),
        host=host,
    )
    if not failing:
        return counted
    worst = min(failing, key=lambda outcome: outcome.kind is Kind.PERMANENT)
    text = worst.text
    if worst.kind is Kind.UNKNOWN:
        text = f"{UNKNOWN_OUTCOME}: {text}"
    reply = worst.reply
    return replace(
        counted,
        host=worst.host or host,
        reason=worst.reason if worst.kind is not Kind.PERMANENT else REJECTED,
        code=reply.code if reply else 0,
        enhanced=_enhanced(worst),
        text=text,
    )


def summed_up(state: State, after: Sequence[Recipient], *, failed: bool) -> State:
    """STATE of mail that goes to several destinations, after an attempt at one of them.

    It speaks of who still waits: attempts are those of the one tried most often, and where
    nothing `failed` this time, the failure is that of the one who failed last.
    """
    waiting = [one for one in after if one.pending]
    state = replace(state, attempts=max(one.attempts for one in waiting))
    tried = [one for one in waiting if one.attempts]
    if failed:
        return state
    if not tried:
        return replace(state, reason="", code=0, enhanced="", host="", text="")
    last = max(tried, key=lambda one: one.last_try)
    reason = PUT_OFF if last.code else state.reason
    return replace(
        state, reason=reason, code=last.code, enhanced=last.enhanced, host=last.host, text=last.text
    )


def _as_notice(state: State, now: float) -> State:
    """STATE of a message that becomes E: its own clock starts, its notice is due now."""
    return replace(state, term=int(now), next_try=int(now), attempts=0, last_try=0)
