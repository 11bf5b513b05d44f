"""The decoder of what follows DATA: finds the one true end, undoes dot-stuffing.

Only CRLF.CRLF ends a message (RFC 5321 4.1.1.4).  A CR or LF outside CRLF never does,
whatever stands around it, so no second message can hide in the first one.
"""

from __future__ import annotations

_END = b"\r\n.\r\n"


class Decoder:
    """Turns octets of the DATA phase into content with LF line ends.

    `feed` octets until `done`; it returns the content they bring and, once done, what
    follows the end.  Nothing but the last four octets is ever kept.  What is wrong with
    the content stands in flags (`bare`, `long_line`, `header_nul`, and `size` against the
    caller's limit), which do not depend on how the octets were cut.

    With `normalise` a CR or LF that is no CRLF becomes a line end and is no defect.  A dot
    after such a line end is content, as only CRLF begins a line on the wire.
    """

    __slots__ = (
        "_at_line_start",
        "_carry",
        "_column",
        "_first",
        "_in_header",
        "_max_line",
        "_normalise",
        "bare",
        "done",
        "header_nul",
        "long_line",
        "size",
    )

    def __init__(self, max_line: int = 0, *, normalise: bool = False) -> None:
        self.bare = False
        """A CR or LF outside CRLF was seen and is not normalised."""
        self.long_line = False
        """A line of more than `max_line` octets was seen (0: any length is allowed)."""
        self.header_nul = False
        """A NUL was seen before the first empty line."""
        self.size = 0
        """Octets of content so far, with CRLF line ends and without stuffed dots."""
        self.done = False
        self._max_line = max_line
        self._normalise = normalise
        # The CRLF that ended the DATA command begins the first line.
        self._carry = b"\r\n"
        self._first = True
        self._column = 0
        self._in_header = True
        self._at_line_start = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take octets in; return (content, what follows the end of the message)."""
        data = self._carry + data
        end = data.find(_END)
        if end >= 0:
            self.done = True
            return self._decode(data[: end + 2]), data[end + 5 :]
        keep = len(data) - _held(data)
        self._carry = data[keep:]
        return (self._decode(data[:keep]) if keep else b""), b""

    def _decode(self, raw: bytes) -> bytes:
        if b"\r\n." in raw:
            raw = raw.replace(b"\r\n.", b"\r\n")
        text = raw.replace(b"\r\n", b"\n")
        pairs = len(raw) - len(text)
        if b"\r" in text or text.count(b"\n") != pairs:
            if self._normalise:
                text = text.replace(b"\r", b"\n")
            else:
                self.bare = True
        self.size += len(raw)
        if self._first:
            self._first = False
            self.size -= 2
            if self._in_header:
                self._scan_header(text)
            text = text[1:]
        elif self._in_header:
            self._scan_header(text)
        if self._max_line and not self.long_line:
            self._scan_lines(text)
        return text

    def _scan_header(self, text: bytes) -> None:
        """Look for NUL up to the first empty line."""
        end = 0 if self._at_line_start and text.startswith(b"\n") else text.find(b"\n\n")
        if end >= 0:
            self._in_header = False
        else:
            end = len(text)
            if end:
                self._at_line_start = text.endswith(b"\n")
        if text.find(b"\0", 0, end) >= 0:
            self.header_nul = True

    def _scan_lines(self, text: bytes) -> None:
        """Measure lines by hopping to the last line end within reach, not line by line."""
        limit = self._max_line
        size = len(text)
        start = 0
        if self._column:
            start = text.find(b"\n") + 1
            self._column += (start or size + 1) - 1
            if self._column > limit:
                self.long_line = True
            if not start:
                return
        while size - start > limit:
            end = text.rfind(b"\n", start, start + limit + 1)
            if end < 0:
                self.long_line = True
                return
            start = end + 1
        last = text.rfind(b"\n", start)
        self._column = size - (last + 1 if last >= 0 else start)


def _held(data: bytes) -> int:
    """How many of the last octets may belong to an end or to a CRLF that is not complete."""
    if data.endswith(b"\r"):
        return 4 if data.endswith(b"\r\n.\r") else 1
    if data.endswith(b"\r\n."):
        return 3
    return 2 if data.endswith(b"\r\n") else 0
