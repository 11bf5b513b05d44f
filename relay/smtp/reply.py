"""SMTP replies: the value, its bytes on the wire, and the reader of a peer's replies.

A reply has a three-digit code, perhaps an enhanced status code of the same class
(RFC 3463, RFC 2034), and text of one line or several.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_LEADING_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: +|\Z)")
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?\Z", re.DOTALL)

_MAX_WIRE_TEXT = 480
"""Octets of text in one reply line, so that code, status and CRLF fit into 512
(RFC 5321 4.5.3.1.5)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; `text` holds its lines joined by LF, without code and status.

    Control characters in `text` become "?", so that no text can add a line to the wire
    or to a log.  ValueError for a code outside 200–599 and for an enhanced code whose
    class is not the code's (450 with 5.x.x).  `enhanced` is "" where there is none.
    """

    code: int
    enhanced: str = ""
    text: str = ""
    _wire: bytes = field(default=b"", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 599:
            raise ValueError(f"no reply code: {self.code}")
        enhanced = self.enhanced
        if enhanced and (
            not _ENHANCED.fullmatch(enhanced) or ord(enhanced[0]) - 48 != self.code // 100
        ):
            raise ValueError(f"enhanced code {enhanced!r} does not fit {self.code}")
        if not self.text.isprintable():
            object.__setattr__(self, "text", _UNSAFE.sub("?", self.text))

    @property
    def positive(self) -> bool:
        """Whether the command was carried out (2xx)."""
        return self.code < 300

    @property
    def temporary(self) -> bool:
        """Whether the same command may succeed later (4xx)."""
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """Whether the command must not be tried again unchanged (5xx)."""
        return self.code >= 500

    def wire(self) -> bytes:
        """The reply as sent: ASCII, CRLF line ends, each line within 512 octets."""
        if not self._wire:
            object.__setattr__(self, "_wire", self._render())
        return self._wire

    def single(self, limit: int = 200) -> str:
        """The text as one line, its lines joined by "; ", at most `limit` characters."""
        text = self.text.replace("\n", "; ") if "\n" in self.text else self.text
        return text if len(text) <= limit else text[: limit - 1] + "~"

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.single()) if part)

    def _render(self) -> bytes:
        status = f"{self.enhanced} " if self.enhanced else ""
        lines = self.text.split("\n")
        last = len(lines) - 1
        return b"".join(
            b"%d%s%s%s\r\n"
            % (
                self.code,
                b" " if number == last else b"-",
                status.encode(),
                line.encode("ascii", "replace")[:_MAX_WIRE_TEXT],
            )
            for number, line in enumerate(lines)
        )


class ReplyReader:
    """Incremental reader of a peer's replies: lenient about form, strict about amount.

    Call `feed` with what came from the socket; it returns the replies completed by it.
    LF alone ends a line too, a code may stand without text, a status of another class is
    left in the text.  What is no reply at all, lines whose codes disagree, a line above
    `max_line` octets with its end, or a reply above `max_reply` octets set `defect` (a
    short text), and from then on nothing more is read.  Raises nothing.
    """

    __slots__ = (
        "_buffer",
        "_code",
        "_enhanced",
        "_lines",
        "_size",
        "defect",
        "max_line",
        "max_reply",
    )

    def __init__(self, max_line: int = 2048, max_reply: int = 65536) -> None:
        self.max_line = max_line
        self.max_reply = max_reply
        self.defect = ""
        self._buffer = b""
        self._lines: list[str] = []
        self._code = b""
        self._enhanced = ""
        self._size = 0

    @property
    def pending(self) -> bool:
        """Whether the beginning of a reply has been read that is not complete yet."""
        return bool(self._buffer or self._lines)

    def feed(self, data: bytes) -> list[Reply]:
        """Take octets in; return the replies that they complete, in order."""
        replies: list[Reply] = []
        if self.defect:
            return replies
        buffer = self._buffer + data if self._buffer else data
        start = 0
        while (end := buffer.find(b"\n", start)) >= 0:
            line = buffer[start:end]
            start = end + 1
            taken = self._take(line)
            if isinstance(taken, str):
                self.defect = taken
                self._buffer = b""
                return replies
            if taken is not None:
                replies.append(taken)
        self._buffer = buffer[start:]
        if len(self._buffer) >= self.max_line:
            self.defect = "reply line too long"
            self._buffer = b""
        return replies

    def _take(self, line: bytes) -> Reply | str | None:
        """A reply that this line completes, None while it is not, or the defect."""
        if len(line) >= self.max_line:
            return "reply line too long"
        match = _LINE.match(line[:-1] if line.endswith(b"\r") else line)
        if match is None:
            return "no SMTP reply"
        code, mark, raw = match.groups()
        text = raw.decode("utf-8", "surrogateescape") if raw else ""
        status = _LEADING_ENHANCED.match(text)
        enhanced = ""
        if status is not None and status[1][0] == chr(code[0]):
            text = text[status.end() :]
            enhanced = status[1]
        if not self._lines:
            if mark != b"-":
                return Reply(int(code), enhanced, text)
            self._code, self._enhanced, self._size = code, enhanced, 0
        elif code != self._code:
            return "reply lines disagree"
        self._size += len(line)
        if self._size > self.max_reply:
            return "reply too long"
        self._lines.append(text)
        if mark == b"-":
            return None
        lines, self._lines = self._lines, []
        return Reply(int(code), self._enhanced, "\n".join(lines))
