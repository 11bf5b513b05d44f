"""Content that can be read by offset, and such content with CRLF line ends read as LF."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Protocol


class Content(Protocol):
    """The content of a message: headers, empty line, body.  Offsets count from the first
    header.  What cannot be read raises OSError."""

    @property
    def size(self) -> int:
        """Octets in it."""
        ...

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The octets of a range, piece by piece."""
        ...


class BytesContent:
    """Content that is at hand."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    @property
    def size(self) -> int:
        """Octets in it."""
        return len(self._octets)

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The octets of a range."""
        yield self._octets[start:end]


class WithLf:
    """Content whose every line ends in CRLF, as if it ended in LF; what else there is stays.

    The first use reads it once, to know which offset is where.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._size = -1
        self._at: list[int] = []
        self._raw: list[int] = []

    @property
    def size(self) -> int:
        """Octets in it."""
        if self._size < 0:
            self._survey()
        return self._size

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The octets of a range, piece by piece."""
        end = self.size if end is None else min(end, self.size)
        mark = bisect_right(self._at, start) - 1
        at = self._at[mark]
        for text, _ in self._lines(self._raw[mark]):
            if at >= end:
                return
            if piece := text[max(start - at, 0) : end - at]:
                yield piece
            at += len(text)

    def _survey(self) -> None:
        at = 0
        for text, raw in self._lines(0):
            self._at.append(at)
            self._raw.append(raw)
            at += len(text)
        self._size = at

    def _lines(self, raw: int) -> Iterator[tuple[bytes, int]]:
        """Pieces from an offset of the original on, each with where it begins there."""
        held = b""
        for chunk in self._content.chunks(raw):
            text = held + chunk
            held = b"\r" if text.endswith(b"\r") else b""
            whole = text.removesuffix(b"\r")
            yield whole.replace(b"\r\n", b"\n"), raw
            raw += len(whole)
        yield held, raw
