"""What an operator's command makes of a message's results: STATE and the RCPT lines.

Pure: from an envelope as it stands under the lock to what is to be written.  A recipient
that was delivered to (mark D) stays so whatever is asked.  `undo` returns a recipient's
results where they are still what the change wrote, and where an end has become pending or
the reverse; what an attempt since then has found out stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from spooltool.spool.codec import Envelope
from spooltool.spool.names import HOLD, QUARANTINE, TRASH, SpoolName
from spooltool.spool.plan import ResultsChange
from spooltool.spool.recipient import (
    RESULT_WIDTH,
    Path,
    Recipient,
    encode_result,
    parse_recipient,
)
from spooltool.spool.state import State, encode_state, fresh_state, parse_state, summarise

RENEW, GIVE_UP, RESTORE = "renew", "give-up", "restore"

HOWS: dict[str, str] = {
    RENEW: "as just received: no attempts, a fresh abandon_time, due now",
    GIVE_UP: "pending -> failed",
    RESTORE: "as they stood before",
}
"""What a command may make of results, in words for a plan."""

ASIDE = (HOLD, QUARANTINE, TRASH)
"""Where time does not count against abandon_time."""

GIVEN_UP = "given up by the operator"
NOT_DELIVERED = "5.0.0"
"""The enhanced code of who was given up: permanent, and nothing more is known (RFC 3463 3.1)."""


@dataclass(frozen=True, slots=True)
class Disposed:
    """What is to be written: the recipients that change, and STATE."""

    recipients: tuple[Recipient, ...]
    state: State


def wants_notice(sender: Path, recipient: Recipient) -> bool:
    """Whether a failure of this recipient may be told to the sender at all.

    Never to a null sender (RFC 5321 6.1), nor where NOTIFY does not ask for failures
    (RFC 3461 4.1); a NOTIFY that asks for nothing counts as none.
    """
    if not sender.address:
        return False
    notify = recipient.path.param("NOTIFY")
    return not notify or "FAILURE" in notify.upper().split(",")


def given_up_text(reason: str) -> str:
    """What a recipient's line says of an operator's bounce."""
    return f"{GIVEN_UP}: {reason}" if reason else GIVEN_UP


def dispose(
    envelope: Envelope, change: ResultsChange, name: SpoolName, target: SpoolName, now: float
) -> Disposed:
    """What the change makes of an envelope; `name` is where it stood, `target` where it goes.

    Raises ValueError for a `how` that is none of HOWS.
    """
    if change.how == RENEW:
        return _renewed(envelope, now)
    if change.how == GIVE_UP:
        return _given_up(envelope, change.text, now)
    if change.how == RESTORE:
        return _restored(envelope, change.values, name, target, now)
    raise ValueError(f"nothing to make of results: {change.how!r}")


def stands(envelope: Envelope, change: ResultsChange, letter: str) -> bool:
    """Whether nothing is left to do of a change, for a file of this letter."""
    if change.how == RENEW:
        return letter == "R" and is_fresh(envelope)
    if change.how == GIVE_UP:
        return letter == "E"
    state = envelope.state
    old = old_state(change.values)
    clocks = state is None or old is None or (state.term, state.held) == (old.term, old.held)
    return clocks and not _returning(envelope.recipients, change.values)


def is_fresh(envelope: Envelope) -> bool:
    """Whether a message stands as just received, but for those who have got it."""
    state = envelope.state
    untried = state is not None and state.attempts == 0 and not state.reason and not state.held
    left = [recipient for recipient in envelope.recipients if recipient.mark != "D"]
    return untried and all(one.mark == "P" and one.attempts == 0 for one in left)


def remembered(envelope: Envelope) -> tuple[str, ...]:
    """STATE ("" where there is none to trust) and each recipient's results, for `was`."""
    state = envelope.state
    first = "" if state is None else encode_state(state).decode()
    return first, *(_text(recipient) for recipient in envelope.recipients)


def results_back(envelope: Envelope, done: ResultsChange) -> ResultsChange | str:
    """The change that undoes another as far as its results still stand; else why it cannot."""
    recipients = envelope.recipients
    if len(done.was) != len(recipients) + 1:
        return "its recipients were changed since"
    pairs = zip(recipients, done.was[1:], strict=True)
    values = [
        old if _goes_back(now, old, done, at) else "" for at, (now, old) in enumerate(pairs, 1)
    ]
    return ResultsChange(RESTORE, values=(done.was[0], *values))


def hindrance(envelope: Envelope, change: ResultsChange | None, letter: str) -> str:
    """Why a file may not have this letter after a change of its results; "" when it may.

    R has somebody pending, E somebody to tell of and nobody pending: else mail would be
    lost, or its end told wrongly.
    """
    sender, recipients = envelope.sender, envelope.recipients
    how = change.how if change is not None else RESTORE
    if how == RENEW:
        if envelope.get("NOTICE_OF"):
            return "it holds no whole message to deliver"
        left = any(recipient.mark != "D" for recipient in recipients)
        return "" if left else "delivered to everybody since"
    if how == GIVE_UP:
        told = sender is not None and any(
            recipient.pending and wants_notice(sender, recipient) for recipient in recipients
        )
        return "" if told else "nobody is pending whom its sender is to be told of"
    after = {one.offset: one for one in recipients}
    if change is not None:
        after |= {one.offset: one for one in _returning(recipients, change.values)}
    if any(one.pending for one in after.values()) == (letter == "R"):
        return ""
    return "its recipients have other results since"


def is_record(values: Sequence[str]) -> bool:
    """Whether these are values that `remembered` or `results_back` can have made."""
    return not values or (
        (not values[0] or old_state(values) is not None)
        and all(not text or _read(text) is not None for text in values[1:])
    )


def _renewed(envelope: Envelope, now: float) -> Disposed:
    changed = [
        Recipient(one.path, offset=one.offset, fixed=one.fixed)
        for one in envelope.recipients
        if one.mark != "D"
    ]
    return _disposed(envelope, changed, fresh_state(int(now), len(changed)))


def _given_up(envelope: Envelope, text: str, now: float) -> Disposed:
    sender = envelope.sender
    changed = [
        replace(
            one,
            mark="F" if sender is not None and wants_notice(sender, one) else "X",
            code=0,
            enhanced=NOT_DELIVERED,
            next_try=0,
            host="",
            text=text,
        )
        for one in envelope.recipients
        if one.pending
    ]
    state = replace(
        envelope.state or State(),
        attempts=0,
        last_try=0,
        next_try=int(now),
        term=int(now),
        held=0,
        started=0,
        code=0,
        enhanced="",
        host="",
        text=text,
    )
    return _disposed(envelope, changed, state)


def _restored(
    envelope: Envelope, values: Sequence[str], name: SpoolName, target: SpoolName, now: float
) -> Disposed:
    """Of STATE all returns where nothing was tried since, else its clocks alone."""
    changed = _returning(envelope.recipients, values)
    old, current = old_state(values), envelope.state
    if name.letter != target.letter or current is None or not current.attempts:
        state = old or current or fresh_state(int(now), len(changed))
    elif old is None:
        state = current
    else:
        state = replace(current, term=old.term, held=old.held)
    if target.dir not in ASIDE:
        state = replace(state, held=0)
    return _disposed(envelope, changed, state)


def _disposed(envelope: Envelope, changed: Iterable[Recipient], state: State) -> Disposed:
    by_offset = {recipient.offset: recipient for recipient in changed}
    after = [by_offset.get(one.offset, one) for one in envelope.recipients]
    return Disposed(tuple(by_offset.values()), summarise(state, after))


def _returning(recipients: Sequence[Recipient], values: Sequence[str]) -> list[Recipient]:
    """The recipients with the results that return; never one that was delivered to."""
    found = []
    for recipient, text in zip(recipients, values[1:], strict=False):
        old = _read(text)
        if old is not None and recipient.mark != "D" and _text(recipient) != text:
            found.append(
                replace(old, path=recipient.path, offset=recipient.offset, fixed=recipient.fixed)
            )
    return found


def _goes_back(now: Recipient, old_text: str, done: ResultsChange, at: int) -> bool:
    """Whether the results of a recipient return to what stood before a change."""
    old = _read(old_text)
    if old is None or now.mark == "D":
        return False
    if done.how == RENEW:
        untried = _text(now) == _text(Recipient(now.path))
        return untried or (now.pending and not old.pending)
    if done.how == GIVE_UP:
        given_up = now.mark in "FX" and not now.code and _text(replace(now, text=done.text))
        return old.pending and given_up == _text(now)
    return at < len(done.values) and done.values[at] == _text(now)


def _text(recipient: Recipient) -> str:
    return encode_result(recipient).decode()


def old_state(values: Sequence[str]) -> State | None:
    """The STATE that `remembered` has noted; None where there was none to trust."""
    return parse_state(values[0].encode())[0] if values and values[0].isascii() else None


def _read(text: str) -> Recipient | None:
    """Result fields as they stood on a RCPT line; None for anything else."""
    if len(text) != RESULT_WIDTH or not text.isascii():
        return None
    found = parse_recipient(text.encode() + b" <>", 0)
    return found if found is not None and found.fixed else None
