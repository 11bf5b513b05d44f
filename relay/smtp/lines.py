"""Command lines: what is one, what is none, and how much of an endless one is kept."""

from __future__ import annotations

import re

from relay.smtp import replies
from relay.smtp.reply import Reply

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class LineReader:
    """Judges command lines (RFC 5321 2.3.8: they end in CRLF and in nothing else).

    A line that a bare LF ends is refused, and so is all that follows it up to the next
    CRLF: what one party takes for the argument of a command is never run as a command.
    Hand `take` each line up to its LF, and `trim` what is left without one.
    """

    __slots__ = ("_cap", "_limit", "_skipped", "_tainted")

    def __init__(self, limit: int, discard: int) -> None:
        self._limit = limit
        self._cap = max(limit, discard)
        self._skipped = 0
        self._tainted = False

    def take(self, line: bytes) -> str | Reply:
        """The text of a line without its LF, or the reply that refuses it (421: give up)."""
        size = self._skipped + len(line) + 1
        self._skipped = 0
        if size > self._cap:
            return replies.TOO_MUCH_INPUT
        if not line.endswith(b"\r"):
            self._tainted = True
            return replies.BAD_LINE
        if self._tainted:
            self._tainted = False
            return replies.BAD_LINE
        if size > self._limit:
            return replies.LINE_TOO_LONG
        text = line[:-1].decode("utf-8", "surrogateescape")
        if not text.isprintable() and _CONTROL.search(text):
            return replies.BAD_LINE
        return text

    def trim(self, rest: bytes) -> bytes | Reply:
        """What must be kept of an unfinished line, or the reply to one without an end.

        Of a line that is already too long only a CR at its end is kept.
        """
        if len(rest) + self._skipped < self._limit:
            return rest
        if len(rest) + self._skipped > self._cap:
            return replies.TOO_MUCH_INPUT
        keep = rest[-1:] if rest.endswith(b"\r") else b""
        self._skipped += len(rest) - len(keep)
        return keep
