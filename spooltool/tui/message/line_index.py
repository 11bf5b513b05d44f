"""Where the rows of a long text stand: found in pieces, remembered sparsely."""

from __future__ import annotations

from array import array
from collections.abc import Callable

PIECE = 16 * 1024
_EACH = 64
"""Each so many rows an offset is remembered."""

Read = Callable[[int, int], bytes]


class LineIndex:
    """Rows of a file: its lines, those longer than `room` bytes divided.

    `count` grows with each step.  Memory is an eighth of a byte a row.
    """

    def __init__(self, read: Read, size: int, room: int) -> None:
        self._read, self._size, self._room = read, size, max(1, room)
        self.count = 0
        self.at = 0
        self._marks = array("Q")
        self._block = -1
        self._rows: list[tuple[int, bytes]] = []

    @property
    def done(self) -> bool:
        """Whether the end of the file was reached."""
        return self.at >= self._size

    def step(self) -> bool:
        """Index the next piece; whether there is more."""
        if self.done:
            return False
        data = self._read(self.at, PIECE)
        if not data:  # shorter than it was
            self._size = self.at
            return False
        taken = 0
        last = self.at + len(data) >= self._size or len(data) < PIECE
        for end in self._ends(data, last=last):
            if self.count % _EACH == 0:
                self._marks.append(self.at + taken)
            self.count += 1
            taken = end
        self.at += taken
        self.forget()  # the last rows may be more by now
        return not self.done

    def forget(self) -> None:
        """Read what is shown anew: bytes have changed in place."""
        self._block = -1

    def row(self, row: int) -> tuple[int, bytes]:
        """Offset and bytes of a row, its line end left out."""
        block = row // _EACH
        if block != self._block:
            self._rows = self._block_rows(block)
            self._block = block
        at = row - block * _EACH
        return self._rows[at] if at < len(self._rows) else (self._size, b"")

    def find(self, offset: int) -> int:
        """The row that an offset is in, as far as is indexed."""
        low, high = 0, len(self._marks)
        while low < high:
            middle = (low + high) // 2
            if self._marks[middle] <= offset:
                low = middle + 1
            else:
                high = middle
        block = max(0, low - 1)
        rows = self._block_rows(block) if self._marks else []
        within = sum(1 for start, _ in rows if start <= offset)
        return max(0, min(block * _EACH + within - 1, self.count - 1))

    def _block_rows(self, block: int) -> list[tuple[int, bytes]]:
        start = self._marks[block]
        stop = self._marks[block + 1] if block + 1 < len(self._marks) else self.at
        data = self._read(start, stop - start)
        rows: list[tuple[int, bytes]] = []
        at = 0
        for end in self._ends(data, last=True):
            rows.append((start + at, data[at:end].rstrip(b"\r\n")))
            at = end
        return rows

    def _ends(self, data: bytes, *, last: bool) -> list[int]:
        """Where each row of some bytes ends; what may go on is left out unless it is the `last`."""
        ends: list[int] = []
        at, room, length = 0, self._room, len(data)
        while at < length:
            end = data.find(b"\n", at, at + room + 2)
            if end >= 0 and end - at <= room + (data[end - 1 : end] == b"\r"):
                at = end + 1
            elif length - at > room + 1:
                at += room
            elif last:
                at = min(length, at + room)
            else:
                break
            ends.append(at)
        return ends
