"""clamd's protocol (clamd(8)): commands with a leading `z`, answers that end in NUL.

INSTREAM takes content as pieces, each behind its length (four octets, network order), and
ends with a length of zero.  The answer is `stream: OK`, `stream: NAME FOUND`, or something
that ends in ERROR.
"""

from __future__ import annotations

import re
import struct

from relay.antivirus.wire.names import name_of, verdict_of
from relay.antivirus.wire.orders import Finished, Order
from relay.policy.scan_outcome import Clean, NotScanned, Outcome, Unreachable, Unscanned

PING = b"zPING\0"
VERSION = b"zVERSION\0"

_INSTREAM = b"zINSTREAM\0"
_END = struct.pack(">I", 0)
_LONGEST = 4096
"""Octets of an answer; clamd's are far shorter."""
_FOUND = re.compile(rb"stream: (.+) FOUND", re.DOTALL)


class AnswerReader:
    """Collects one answer.  `feed` gives it once its NUL is there, without the NUL.

    What follows the NUL is `surplus`; an answer without end is given as `overlong`.
    """

    def __init__(self) -> None:
        self.surplus = False
        self.overlong = False
        self.seen = b""

    def feed(self, data: bytes) -> bytes | None:
        """Bytes came; the answer, or None while it is not whole."""
        self.seen += data
        answer, nul, rest = self.seen.partition(b"\0")
        self.surplus = bool(rest)
        if nul:
            return answer
        self.overlong = len(self.seen) > _LONGEST
        return self.seen if self.overlong else None


class ClamdScan:
    """One INSTREAM."""

    def __init__(self) -> None:
        self._answer = AnswerReader()
        self._whole = False

    @property
    def holding(self) -> bool:
        """Never: clamd takes content as it comes."""
        return False

    def opening(self) -> bytes:
        """The command."""
        return _INSTREAM

    def content(self, chunk: bytes) -> bytes:
        """A piece behind its length.  Nothing for an empty one, which would mean the end."""
        return struct.pack(">I", len(chunk)) + chunk if chunk else b""

    def ended(self) -> bytes:
        """The length of zero."""
        self._whole = True
        return _END

    def receive(self, data: bytes) -> list[Order]:
        """Bytes came."""
        answer = self._answer.feed(data)
        if answer is None:
            return []
        if self._answer.overlong or self._answer.surplus:
            return [Finished(_nonsense(answer))]
        return [Finished(outcome_of(answer, whole=self._whole))]

    def lost(self) -> Outcome:
        """Nothing came at all, or a part of an answer, which counts for nothing."""
        if self._answer.seen:
            return NotScanned(Unscanned.PARTIAL, "clamd's answer broke off")
        return Unreachable("clamd closed the connection without an answer")


def outcome_of(answer: bytes, *, whole: bool) -> Outcome:
    """What a whole answer says; `whole` is whether clamd had been sent everything."""
    if found := _FOUND.fullmatch(answer):
        return verdict_of([name_of(found[1])])
    if answer == b"stream: OK":
        if whole:
            return Clean()
        return NotScanned(Unscanned.PARTIAL, "clamd answered before it had everything")
    if answer.startswith(b"INSTREAM size limit exceeded"):
        return NotScanned(Unscanned.LIMIT, "larger than clamd takes (StreamMaxLength)")
    if answer.endswith(b" ERROR") or answer == b"COMMAND READ TIMED OUT":
        return NotScanned(Unscanned.ERROR, f"clamd says: {name_of(answer)}")
    return _nonsense(answer)


def _nonsense(answer: bytes) -> NotScanned:
    return NotScanned(Unscanned.ERROR, f"clamd's answer makes no sense: {name_of(answer)}")
