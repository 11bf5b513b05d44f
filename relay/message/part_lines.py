"""A message body cut where parts may begin or end, from chunks cut anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_HEADER = 64 * 1024
"""Bytes of a part's header block that are read."""

_DASHES = re.compile(rb"^--[^\n]*\n", re.MULTILINE)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]")


class PartLines:
    """Hands out the body in pieces: each line that begins with `--` alone, what lies between
    in one piece; within a header every line alone.

    `in_header` tells which, and is changed by who takes the pieces (`begin_header`,
    `begin_body`); `block` gathers the lines of a header.  `at` is the offset of what comes
    next.
    """

    __slots__ = ("_line_start", "_rest", "at", "block", "in_header")

    def __init__(self) -> None:
        self.at = 0
        self.in_header = False
        self.block = bytearray()
        self._rest = b""
        self._line_start = True

    def begin_header(self) -> None:
        """A part's, or an enclosed message's, header block follows."""
        self.in_header = True
        self.block = bytearray()

    def begin_body(self) -> None:
        """Content follows."""
        self.in_header = False

    def is_field(self, line: bytes) -> bool:
        """Whether a line belongs to a header block: a field's first line, or a continuation."""
        match = _FIELD.match(line)
        return match is not None and (bool(self.block) or match[0] not in (b" ", b"\t"))

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """The pieces (offset, bytes) that are certain by now."""
        text = self._rest + chunk
        end = text.rfind(b"\n") + 1
        yield from self._pieces(text[:end])
        rest = text[end:]
        kept = self.in_header or rest.startswith(b"--") or rest in (b"", b"-")
        if not self._line_start or not kept or len(rest) > MAX_HEADER:
            yield from self._piece(rest)
            rest = b""
        self._rest = rest

    def end(self) -> Iterator[tuple[int, bytes]]:
        """The last line, where it has no line end."""
        rest, self._rest = self._rest, b""
        yield from self._piece(rest)

    def _pieces(self, text: bytes) -> Iterator[tuple[int, bytes]]:
        """Pieces of whole lines, the first of which may be the end of a longer one."""
        at = 0
        if text and not self._line_start:
            at = text.find(b"\n") + 1
            yield from self._piece(text[:at])
        while at < len(text):
            if self.in_header:
                end = text.find(b"\n", at) + 1
            else:
                match = _DASHES.search(text, at)
                if match is not None and match.start() == at:
                    end = match.end()
                else:
                    end = match.start() if match is not None else len(text)
            yield from self._piece(text[at:end])
            at = end

    def _piece(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        if piece:
            at = self.at
            self.at += len(piece)
            self._line_start = piece.endswith(b"\n")
            yield at, piece
