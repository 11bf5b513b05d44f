"""Lines of a rewritten field kept within what SMTP carries (RFC 5321 4.5.3.1.6)."""

from __future__ import annotations

MAX_LINE = 998
"""Octets of a line without its end."""


class FoldedValue:
    """A field's value put together from bytes that stay and new words among them.

    A line that a new word makes too long is folded before that word.  `column` is where the
    value begins in its first line.
    """

    __slots__ = ("_blank", "_column", "_pieces")

    def __init__(self, column: int) -> None:
        self._column = column
        self._blank = False
        self._pieces: list[bytes] = []

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def keep(self, text: bytes) -> None:
        """Add bytes as they are."""
        self._pieces.append(text)
        line = text.rfind(b"\n")
        if line >= 0:
            self._column, self._blank = 0, True
        self._column += len(text) - line - 1
        self._blank = self._blank and not text[line + 1 :].strip(b" \t")

    def put(self, word: bytes, left: int) -> None:
        """Add a new word; `left` octets of its line follow it."""
        if self._column + len(word) + left > MAX_LINE and not self._blank:
            self.keep(b"\n ")
        self._pieces.append(word)
        self._column += len(word)
        self._blank = False

    def value(self) -> bytes:
        """The whole."""
        return b"".join(self._pieces)


def fold_at_blanks(value: bytes, column: int) -> bytes | None:
    """A value on one line, folded before blanks where it is too long; None where that fails.

    Each line is as long as it may be.  A line of blanks alone would end the headers for
    some readers and is not made.
    """
    lines, at, room = [], 0, MAX_LINE - column
    while len(value) - at > room:
        cut = max(value.rfind(blank, at + 1, at + room + 1) for blank in (b" ", b"\t"))
        if cut < 0 or not value[at:cut].strip(b" \t"):
            return None
        lines.append(value[at:cut])
        at, room = cut, MAX_LINE
    return b"\n".join((*lines, value[at:]))
