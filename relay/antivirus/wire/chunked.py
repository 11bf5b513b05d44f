"""Chunked bodies (RFC 9112 7.1), as ICAP carries every body (RFC 3507 4.4).

Written without extensions.  Read strictly: what is not a chunk breaks the body, for a body
whose end is guessed is no evidence of anything.
"""

from __future__ import annotations

import re

LAST = b"0\r\n\r\n"
LAST_AND_WHOLE = b"0; ieof\r\n\r\n"
"""Ends a preview that was all there is (RFC 3507 4.5)."""

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_LONGEST_LINE = 1024
_LONGEST_TRAILER = 16 * 1024


def chunk_of(data: bytes) -> bytes:
    """One chunk; nothing for no data, for an empty chunk is the last."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


class ChunkedReader:
    """Reads one body.  `ended` when its last chunk and trailer are there; `broken` says why not.

    `rest` holds what follows the body.
    """

    def __init__(self) -> None:
        self.ended = False
        self.broken = ""
        self.rest = b""
        self._buffer = b""
        self._left = 0
        self._behind = False
        self._trailer = -1

    def feed(self, data: bytes) -> list[bytes]:
        """Bytes came; the content among them."""
        self._buffer += data
        found: list[bytes] = []
        while not self._over and self._step(found):
            pass
        if self._over:
            self.rest += self._buffer
            self._buffer = b""
        return found

    @property
    def _over(self) -> bool:
        return self.ended or bool(self.broken)

    def _step(self, found: list[bytes]) -> bool:
        """One element of the grammar; False when more bytes are needed."""
        if self._left:
            return self._content(found)
        if self._behind:
            return self._line_end()
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            if len(self._buffer) > _LONGEST_LINE:
                self.broken = "a line of a chunked body is too long"
            return False
        self._buffer = rest
        if self._trailer >= 0:
            self._trailer_line(line)
        elif size := _SIZE.fullmatch(line):
            self._left = int(size[1], 16)
            self._trailer = -1 if self._left else 0
        else:
            self.broken = "no chunk where one must be"
        return True

    def _content(self, found: list[bytes]) -> bool:
        if not self._buffer:
            return False
        piece = self._buffer[: self._left]
        self._buffer = self._buffer[len(piece) :]
        self._left -= len(piece)
        self._behind = not self._left
        found.append(piece)
        return True

    def _line_end(self) -> bool:
        if len(self._buffer) < 2:
            return False
        if not self._buffer.startswith(b"\r\n"):
            self.broken = "a chunk is longer than it says"
        self._buffer = self._buffer[2:]
        self._behind = False
        return True

    def _trailer_line(self, line: bytes) -> None:
        self._trailer += len(line)
        if not line:
            self.ended = True
        elif self._trailer > _LONGEST_TRAILER:
            self.broken = "the trailer of a chunked body is too long"
