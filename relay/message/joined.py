"""Content with another beginning: octets at hand, then the rest of what is read by offset."""

from __future__ import annotations

from collections.abc import Iterator

from relay.message.line_view import Content


class Joined:
    """`head`, then `rest` from the offset `start` on: a body below other headers."""

    def __init__(self, head: bytes, rest: Content, start: int = 0) -> None:
        self._head = head
        self._rest = rest
        self._start = start

    @property
    def size(self) -> int:
        """Octets in it."""
        return len(self._head) + max(0, self._rest.size - self._start)

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The octets of a range, piece by piece."""
        end = self.size if end is None else min(end, self.size)
        if piece := self._head[start:end]:
            yield piece
        moved = self._start - len(self._head)
        first = max(start, len(self._head))
        if first < end:
            yield from self._rest.chunks(first + moved, end + moved)
