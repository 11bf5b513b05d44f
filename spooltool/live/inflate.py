"""A gzip file read by offset, in pieces of bounded size."""

from __future__ import annotations

import os
import zlib

_CHUNK = 1 << 16
_GZIP = 31  # wbits: a gzip header, the largest window


class Inflater:
    """The content of a gzip file of any number of members; the descriptor stays the caller's.

    A file that is damaged or cut short ends where the damage is, and `damaged` says so.
    """

    def __init__(self, fd: int) -> None:
        self.damaged = False
        self._fd = fd
        self._at = 0
        self._input = b""
        self._member = zlib.decompressobj(_GZIP)
        self._started = False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; nothing at the end.  Raises OSError."""
        while not self.damaged:
            if not self._input:
                self._input = os.pread(self._fd, _CHUNK, self._at)
                self._at += len(self._input)
            ended = not self._input
            try:
                data = self._member.decompress(self._input, size)
            except zlib.error:
                # padding with NULs after the last member is no damage
                self.damaged = self._started or bool(self._input.strip(b"\0"))
                return b""
            self._started = self._started or bool(self._input)
            self._input = self._member.unconsumed_tail
            if self._member.eof:
                self._input = self._member.unused_data.lstrip(b"\0")
                self._member = zlib.decompressobj(_GZIP)
                self._started = False
            if data:
                return data
            if ended:
                self.damaged = self._started
                return b""
        return b""
