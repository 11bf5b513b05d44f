"""Columns of many messages, shared by memory.

The reader writes a block once into memory of its own (memfd) and hands over the
descriptor; who gets it maps it and reads single cells.  A million rows cost the screen the
few pages that it has looked at.

A row is a *slot*.  A message keeps its slot as long as the reader's epoch lasts, so that a
cursor is found again in another order by its slot, and its number tells whether it is it.
"""

from __future__ import annotations

import mmap
import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

from spooltool.spool.names import MAIL_DIRS, TRASH
from spooltool.spool.states import REASONS, STANDINGS

NUMBER_BYTES = 16
"""The longest number that a reader takes."""

DIRS = (*MAIL_DIRS, TRASH, "")
LETTERS = "TRE"
STANDING_WORDS = tuple(STANDINGS)
REASON_WORDS = ("", *REASONS)
_NEAR = 200
UNKNOWN = 0xFFFF
"""Attempts that the file does not tell."""

_COLUMNS: tuple[tuple[str, str], ...] = (
    ("arrived", "I"),
    ("next_try", "I"),
    ("size", "I"),
    ("changed", "I"),
    ("dst", "I"),
    ("why", "I"),
    ("attempts", "H"),
    ("place", "B"),
    ("standing", "B"),
    ("reason", "B"),
    ("flags", "B"),
)
_WIDTH = {"I": 4, "H": 2, "B": 1}
ROW_BYTES = NUMBER_BYTES + sum(_WIDTH[kind] for _, kind in _COLUMNS)


class Flag(IntFlag):
    """What is known of a row besides its columns."""

    GUESSED_AGE = 1
    """`arrived` is the file's own time."""
    HELD = 2
    """Somebody holds its lock now."""
    SUSPENDED = 4
    """A person wants no attempts to its host."""
    GONE = 8
    """It has left the queue; it stays in a frozen order."""
    UNREADABLE = 16
    BY_MX = 32


class Cells(NamedTuple):
    """One row.  Times are unix seconds (0: unknown, or none), `size` bytes.

    `dst` and `why` are indices of the strings that came with the picture; `changed` is
    when its file or its standing changed last (0: not since the reader began).
    """

    number: str
    arrived: int
    next_try: int
    size: int
    changed: int
    dst: int
    why: int
    attempts: int
    place: int
    standing: int
    reason: int
    flags: int

    @property
    def letter(self) -> str:
        """T, R or E."""
        return LETTERS[self.place % len(LETTERS)]

    @property
    def dir(self) -> str:
        """Directory on disk."""
        return DIRS[self.place // len(LETTERS)]

    @property
    def standing_word(self) -> str:
        """One word of STANDINGS."""
        return STANDING_WORDS[self.standing]

    @property
    def reason_word(self) -> str:
        """One word of REASONS, or ""."""
        return REASON_WORDS[self.reason]


def place_of(directory: str, letter: str) -> int:
    """Directory and letter as one small number."""
    return DIRS.index(directory) * len(LETTERS) + LETTERS.index(letter)


class Draft:
    """Columns that grow and change; `frozen` makes a block of them."""

    def __init__(self) -> None:
        self.numbers = bytearray()
        self.arrived = array("I")
        self.next_try = array("I")
        self.size = array("I")
        self.changed = array("I")
        self.dst = array("I")
        self.why = array("I")
        self.attempts = array("H")
        self.place = array("B")
        self.standing = array("B")
        self.reason = array("B")
        self.flags = array("B")
        self._columns: list[array[int]] = [getattr(self, name) for name, _ in _COLUMNS]

    def __len__(self) -> int:
        return len(self.place)

    def append(self, cells: Cells) -> int:
        """A new row; its slot."""
        self.numbers += cells.number.encode("ascii").ljust(NUMBER_BYTES, b"\0")
        for column, value in zip(self._columns, cells[1:], strict=True):
            column.append(value)
        return len(self.place) - 1

    def put(self, slot: int, cells: Cells) -> None:
        """Another content of a slot; its number stays."""
        for column, value in zip(self._columns, cells[1:], strict=True):
            column[slot] = value

    def cells(self, slot: int) -> Cells:
        """The content of a slot."""
        return Cells(self.number(slot), *(column[slot] for column in self._columns))

    def rename(self, slot: int, number: str = "") -> None:
        """Give a slot to another message; to none, where nobody is to find it."""
        at = slot * NUMBER_BYTES
        self.numbers[at : at + NUMBER_BYTES] = number.encode("ascii").ljust(NUMBER_BYTES, b"\0")

    def number(self, slot: int) -> str:
        """The number of a slot's message."""
        at = slot * NUMBER_BYTES
        return self.numbers[at : at + NUMBER_BYTES].rstrip(b"\0").decode("ascii")

    def frozen(self) -> int:
        """A descriptor of the memory of a block; the caller closes it."""
        return in_memory([self.numbers, *self._columns])


def in_memory(parts: Sequence[bytes | bytearray | array[int]]) -> int:
    """A descriptor of memory that holds these parts one after the other."""
    fd = os.memfd_create("spooltool", os.MFD_CLOEXEC)
    try:
        for part in parts:
            left = memoryview(part).cast("B")
            while left:
                left = left[os.write(fd, left) :]
    except BaseException:
        os.close(fd)
        raise
    return fd


@dataclass(frozen=True, slots=True)
class Block:
    """A frozen table of `rows` slots."""

    rows: int
    _memory: mmap.mmap | bytes
    _numbers: memoryview
    _columns: tuple[memoryview[int], ...]

    def slot_of(self, number: str) -> int | None:
        """The slot of a message; None when it has none."""
        wanted = number.encode("ascii").ljust(NUMBER_BYTES, b"\0")
        end = self.rows * NUMBER_BYTES
        at = self._memory.find(wanted, 0, end)
        while at >= 0 and at % NUMBER_BYTES:
            at = self._memory.find(wanted, at + 1, end)
        return None if at < 0 else at // NUMBER_BYTES

    def __getitem__(self, slot: int) -> Cells:
        at = slot * NUMBER_BYTES
        number = bytes(self._numbers[at : at + NUMBER_BYTES]).rstrip(b"\0").decode("ascii")
        return Cells(number, *(column[slot] for column in self._columns))


EMPTY = Block(0, b"", memoryview(b""), ())
"""No rows."""


def block(fd: int, rows: int) -> Block:
    """Map the block of a descriptor, which is closed."""
    memory = _mapped(fd, rows * ROW_BYTES)
    view = memoryview(memory)
    at = rows * NUMBER_BYTES
    numbers = view[:at]
    columns: list[memoryview[int]] = []
    for _, kind in _COLUMNS:
        end = at + rows * _WIDTH[kind]
        column = view[at:end]
        columns.append(column if kind == "B" else column.cast("I" if kind == "I" else "H"))
        at = end
    return Block(rows, memory, numbers, tuple(columns))


class Order:
    """Slots in the order of the list; frozen, mapped."""

    def __init__(self, memory: mmap.mmap | bytes = b"") -> None:
        self._memory = memory
        self._slots: memoryview[int] = memoryview(memory).cast("I")

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, row: int) -> int:
        return self._slots[row]

    def find(self, slot: int, near: int = 0) -> int | None:
        """The row of a slot, looked for around `near` first; None when it is not listed."""
        slots, count = self._slots, len(self._slots)
        for row in range(max(0, near - _NEAR), min(count, near + _NEAR)):
            if slots[row] == slot:
                return row
        wanted = array("I", [slot]).tobytes()
        at = self._memory.find(wanted)  # in C: a million rows take a millisecond
        while at >= 0 and at % len(wanted):
            at = self._memory.find(wanted, at + 1)
        return None if at < 0 else at // len(wanted)


def order(fd: int, rows: int) -> Order:
    """Map the order of a descriptor, which is closed."""
    return Order(_mapped(fd, rows * 4))


def _mapped(fd: int, length: int) -> mmap.mmap | bytes:
    try:
        return mmap.mmap(fd, length, mmap.MAP_SHARED, mmap.PROT_READ) if length else b""
    finally:
        os.close(fd)
