"""What a filter gets and gives: content to read by offset, a place to write, an outcome."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from relay.content.judgement import Outcome

CHUNK = 256 * 1024
"""Octets read at a time."""


class Source:
    """The content of a message: headers, blank line, body, as the spool file holds them.

    Offsets count from the first header.  Every read is a sign of life.
    """

    def __init__(self, fd: int, start: int, size: int, alive: Callable[[int], None]) -> None:
        self._fd = fd
        self._start = start
        self._alive = alive
        self.size = size

    def read(self, at: int, octets: int) -> bytes:
        """Up to so many octets from an offset; less at the end.  Raises OSError."""
        octets = max(0, min(octets, self.size - at))
        data = os.pread(self._fd, octets, self._start + at)
        if len(data) < octets:
            data += self._rest(at + len(data), octets - len(data))
        self._alive(len(data))
        return data

    def _rest(self, at: int, octets: int) -> bytes:
        out = b""
        while octets > len(out):
            more = os.pread(self._fd, octets - len(out), self._start + at + len(out))
            if not more:
                raise OSError("the file is shorter than its content")
            out += more
        return out

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The octets of a range, piece by piece."""
        end = self.size if end is None else min(end, self.size)
        while start < end:
            chunk = self.read(start, min(CHUNK, end - start))
            yield chunk
            start += len(chunk)


class Output:
    """Where the filtered content goes, from its first octet to its last."""

    def __init__(self, fd: int, alive: Callable[[int], None]) -> None:
        self._fd = fd
        self._alive = alive
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append.  Raises OSError, also beyond the limit of size."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
        self._hash.update(data)
        self.size += len(data)
        self._alive(len(data))

    @property
    def digest(self) -> str:
        """SHA-256 of what was written, in hexadecimal."""
        return self._hash.hexdigest()


class Filter(Protocol):
    """Judges content; in a worker process, for one message after the other."""

    def filter(self, source: Source, output: Output, orders: Mapping[str, object]) -> Outcome:
        """The outcome; only with CHANGED does what was written to `output` count.

        What it raises defers the message and ends the worker.
        """
