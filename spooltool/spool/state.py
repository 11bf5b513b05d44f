"""The STATE line: a message's results in one fixed-width line with a checksum.

::

    STATE:<TAB>reason(11) attempts last next term held pending delivered failed started
               code enhanced host(40) text(80) crc32

`ls` reads it from the first 4 KiB and needs no other line to say why a message is
stuck.  It is a summary: the RCPT lines are what delivery obeys.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from spooltool.spool.fields import unescape_text
from spooltool.spool.recipient import (
    HOST_WIDTH,
    LATEST,
    TEXT_WIDTH,
    Recipient,
    enhanced_field,
    fit,
    within,
)

REASON_WIDTH = 11
NO_REASON = "-"


@dataclass(frozen=True, slots=True)
class State:
    """Summary of a message.  Times are unix seconds, 0 for never.

    `reason` is a code of `states.REASONS` or "" (nothing failed yet); `term` is when the
    abandon clock of this file started, `held` when it was set aside (0: it is not);
    `started` counts content work begun and not ended.
    """

    reason: str = ""
    attempts: int = 0
    last_try: int = 0
    next_try: int = 0
    term: int = 0
    held: int = 0
    pending: int = 0
    delivered: int = 0
    failed: int = 0
    started: int = 0
    code: int = 0
    enhanced: str = ""
    host: str = ""
    text: str = ""


STATE_RE = re.compile(
    rb"([a-z-]+) *([0-9]{4}) ([0-9]{10}) ([0-9]{10}) ([0-9]{10}) ([0-9]{10}) "
    rb"([0-9]{4}) ([0-9]{4}) ([0-9]{4}) ([0-9]) "
    rb"([0-9]{3}) ([0-9.]{5}[0-9. ]{4}) ([ -~]{%d}) ([ -~]{%d}) ([0-9a-f]{8})"
    % (HOST_WIDTH, TEXT_WIDTH)
)
_REASON = re.compile(rf"[a-z-]{{1,{REASON_WIDTH}}}\Z")
_CRC_WIDTH = 8


def encode_state(state: State) -> bytes:
    """The value of a STATE line, `STATE_WIDTH` bytes.

    Numbers are kept within their field's digits.  Raises ValueError for a reason that is
    no short lower-case word.
    """
    reason = state.reason or NO_REASON
    if not _REASON.match(reason):
        raise ValueError(f"no reason code: {reason!r}")
    body = b"%-11s %04d %010d %010d %010d %010d %04d %04d %04d %d %03d %-9s " % (
        reason.encode(),
        within(state.attempts, 9999),
        within(state.last_try, LATEST),
        within(state.next_try, LATEST),
        within(state.term, LATEST),
        within(state.held, LATEST),
        within(state.pending, 9999),
        within(state.delivered, 9999),
        within(state.failed, 9999),
        within(state.started, 9),
        state.code % 1000,
        enhanced_field(state.enhanced),
    )
    body += fit(state.host, HOST_WIDTH) + b" " + fit(state.text, TEXT_WIDTH) + b" "
    return body + b"%08x" % zlib.crc32(body)


STATE_WIDTH = len(encode_state(State()))


def fresh_state(term: int, recipients: int) -> State:
    """The state of a message just received: due at once."""
    return State(next_try=term, term=term, pending=recipients)


def parse_state(raw: bytes) -> tuple[State | None, bool]:
    """Read a STATE value: (state, fixed).

    (None, False) when it cannot be trusted: wrong shape or checksum.  `fixed` tells that
    it has its format's width, so that it may be written in place.
    """
    if len(raw) != STATE_WIDTH:
        return None, False
    match = STATE_RE.fullmatch(raw)
    if match is None:
        return None, True
    if int(match[15], 16) != zlib.crc32(raw[:-_CRC_WIDTH]):
        return None, True
    enhanced = match[12].decode().rstrip()
    reason = match[1].decode()
    return (
        State(
            "" if reason == NO_REASON else reason,
            int(match[2]),
            int(match[3]),
            int(match[4]),
            int(match[5]),
            int(match[6]),
            int(match[7]),
            int(match[8]),
            int(match[9]),
            int(match[10]),
            int(match[11]),
            "" if enhanced == "0.0.0" else enhanced,
            unescape_text(match[13].decode().rstrip()),
            unescape_text(match[14].decode().rstrip()),
        ),
        True,
    )


_STARTED_AT = REASON_WIDTH + sum(map(len, (" 0000", " 0000000000" * 4, " 0000" * 3, " ")))


def with_started(raw: bytes, started: int) -> bytes:
    """A STATE value of its width with another `started`: one digit and the checksum change.

    Every attempt writes it, so it does not go by way of a `State`.
    """
    body = b"%b%d%b" % (raw[:_STARTED_AT], within(started, 9), raw[_STARTED_AT + 1 : -_CRC_WIDTH])
    return body + b"%08x" % zlib.crc32(body)


def summarise(state: State, recipients: Iterable[Recipient]) -> State:
    """`state` with its totals and earliest next try taken from the recipients.

    A recipient that was never tried has been due since the message's term began.
    """
    pending = delivered = failed = 0
    earliest = LATEST
    scheduled = False
    for recipient in recipients:
        if recipient.pending:
            pending += 1
            scheduled = scheduled or recipient.next_try > 0
            earliest = min(earliest, recipient.next_try or state.term)
        elif recipient.mark == "D":
            delivered += 1
        else:
            failed += 1
    return replace(
        state,
        pending=pending,
        delivered=delivered,
        failed=failed,
        next_try=earliest if scheduled else state.next_try,
    )


def set_aside(state: State, now: float) -> State:
    """The state of a message put aside now."""
    return replace(state, held=int(now))


def taken_back(state: State, now: float) -> State:
    """The state of a message taken back now: its term lasts longer by the time aside."""
    if not state.held:
        return state
    return replace(state, term=state.term + max(0, int(now) - state.held), held=0)
