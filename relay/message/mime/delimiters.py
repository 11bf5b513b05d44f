"""Where a boundary of an open part stands: at the start of a line, inside one, anywhere."""

from __future__ import annotations

from typing import NamedTuple


class Hit(NamedTuple):
    """`--boundary` at an offset of the text; `boundary` is the longest that fits there."""

    at: int
    boundary: bytes


class DelimiterSearch:
    """Finds the boundaries of the open parts in a text, one after the other.

    Each boundary's next place is remembered, so that a text is searched once for each,
    however many other boundaries are found in it.
    """

    def __init__(self) -> None:
        self.open: list[bytes] = []
        self._text = b""
        self._next: dict[bytes, int] = {}
        self._dashes = 0

    def load(self, text: bytes) -> None:
        """The text that `find` searches from now on."""
        self._text = text
        self._next = {}
        self._dashes = text.find(b"--")

    def push(self, boundary: bytes) -> None:
        """A part with that boundary is open."""
        self.open.append(boundary)

    def pop(self) -> None:
        """The part that was opened last is over."""
        self.open.pop()

    def find(self, start: int, end: int) -> Hit | None:
        """The first boundary that stands in the text from `start`, before `end`."""
        if not self.open or self._dashes < 0:
            return None
        if self._dashes < start:
            self._dashes = self._text.find(b"--", start)
            if self._dashes < 0:
                return None
        best, found = end, b""
        for boundary in self.open:
            at = self._next.get(boundary, -1)
            if at < start:
                at = self._text.find(b"--" + boundary, start)
                self._next[boundary] = at = at if at >= 0 else len(self._text)
            if at < best or (at == best < end and len(boundary) > len(found)):
                best, found = at, boundary
        return Hit(best, found) if found else None
