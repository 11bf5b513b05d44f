"""One run of a log's content, from an empty file to the rotation that ends it.

A generation is known by its head, the first bytes that were written: they stay the same
when the file is renamed, copied or compressed, while its inode number may be used again.
It is read through a descriptor that is kept open, so that a rename or an unlink takes
nothing away.
"""

from __future__ import annotations

import os
import stat
from typing import Self

from spooltool.live.inflate import Inflater
from spooltool.live.siblings import Sibling

HEAD = 1024
"""How many bytes tell one generation from another."""

BATCH = 1 << 20
"""Most bytes that one call reads: a few milliseconds of work."""

MAX_LINE = 1 << 20
"""A line without an end is cut here."""

_PROBE = 1 << 16
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class Generation:
    """A plain or compressed file, read in whole lines from `offset` on.

    `inode` is (device, number).  Opening and reading raise OSError.
    """

    def __init__(self, path: str, compressed: bool = False) -> None:
        self.path = path
        self.offset = 0
        self.carry = b""
        self._fd = os.open(path, _FLAGS)
        try:
            about = os.fstat(self._fd)
            if not stat.S_ISREG(about.st_mode):
                raise OSError(0, "not a regular file")
            self.inode = (about.st_dev, about.st_ino)
            self._inflater = Inflater(self._fd) if compressed else None
            self._ahead = self._inflater.read(HEAD) if self._inflater else b""
            self.head = self._ahead if compressed else self.head_now()
        except BaseException:
            os.close(self._fd)
            raise

    @classmethod
    def of(cls, sibling: Sibling) -> Self:
        """Open a rotated file."""
        return cls(sibling.path, sibling.compressed)

    def close(self) -> None:
        """Let the file go; once more does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    @property
    def compressed(self) -> bool:
        """Whether it is a compressed file: then nothing is added to it any more."""
        return self._inflater is not None

    @property
    def damaged(self) -> bool:
        """Whether a compressed file ended in damage."""
        return self._inflater is not None and self._inflater.damaged

    @property
    def size(self) -> int:
        """Bytes of the file as it stands."""
        return os.fstat(self._fd).st_size

    def head_now(self) -> bytes:
        """The first bytes as they stand in a plain file at this moment."""
        return self.head if self._inflater else os.pread(self._fd, HEAD, 0)

    def cut(self) -> bool:
        """Whether the file was truncated since it was opened or restarted."""
        if self._inflater:
            return False
        return self.size < self.offset or not self.head_now().startswith(self.head)

    def same(self, head: bytes) -> bool:
        """Whether a head may be of this content: one begins with the other."""
        return begin_alike(head, self.head)

    def read(self) -> list[bytes] | None:
        """The next whole lines without their ends; None when nothing was added.

        A plain file is looked at again after the read: bytes that came with another head
        belong to the next generation and are left alone, and `cut` is true.
        """
        data = self._next()
        if not data:
            return None
        if self.offset <= len(self.head) < HEAD:
            # from what was read: the file may have become another since
            self.head = (self.head[: self.offset] + data)[:HEAD]
        self.offset += len(data)
        lines = (self.carry + data).split(b"\n")
        self.carry = lines.pop()
        if len(self.carry) > MAX_LINE:
            lines.append(self.carry)
            self.carry = b""
        return lines

    def rest(self) -> list[bytes]:
        """What stands after the last line end, as a line: nobody will finish it."""
        left, self.carry = self.carry, b""
        return [left] if left else []

    def skip(self, offset: int, carry: bytes = b"") -> None:
        """Go on at `offset`, where another reader of the same content left off."""
        if self._inflater:
            at = len(self._ahead)
            self._ahead = self._ahead[offset:]
            while at < offset and (data := self._inflater.read(min(offset - at, BATCH))):
                at += len(data)
        self.offset = offset
        self.carry = carry

    def skip_to_end(self) -> None:
        """Go on after the last line end that a plain file has now."""
        at = self.size
        while at > 0:
            start = max(0, at - BATCH)
            newline = os.pread(self._fd, at - start, start).rfind(b"\n")
            if newline >= 0:
                at = start + newline + 1
                break
            at = start
        self.skip(at)

    def block(self, start: int, end: int) -> bytes:
        """The bytes of a plain file from `start` up to `end`; fewer where it has fewer."""
        return os.pread(self._fd, end - start, start)

    def line_at(self, offset: int) -> tuple[int, bytes]:
        """The first whole line of a plain file that begins at or after `offset`, and where.

        Without one in the next 64 KiB it is an empty line at the file's end.
        """
        start = max(0, offset - 1)
        data = os.pread(self._fd, _PROBE, start)
        begin = 0 if offset == 0 else data.find(b"\n") + 1
        if offset and not begin:
            return self.size, b""
        end = data.find(b"\n", begin)
        return (start + begin, data[begin:end]) if end >= 0 else (self.size, b"")

    def restart(self) -> None:
        """Begin again with what was written after a truncation."""
        self.offset = 0
        self.carry = b""
        self.head = self.head_now()

    def _next(self) -> bytes:
        if self._inflater:
            ahead, self._ahead = self._ahead, b""
            return ahead or self._inflater.read(BATCH)
        data = os.pread(self._fd, BATCH, self.offset)
        return b"" if data and self.cut() else data


def begin_alike(one: bytes, other: bytes) -> bool:
    """Whether one of two heads begins with the other; an empty one is like none."""
    length = min(len(one), len(other))
    return length > 0 and one[:length] == other[:length]
