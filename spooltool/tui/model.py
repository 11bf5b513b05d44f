"""The list as the screen holds it: the last picture, and what a person has marked in it.

Cursor and tags are messages, never row numbers: rows move.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spooltool.workers.queue import Facts, Picture
from spooltool.workers.table import EMPTY, Block, Cells, Order, block, order
from spooltool.workers.wire import Frame


@dataclass
class Tags:
    """What is marked: single messages, or `everything` that is listed but for `left_out`."""

    numbers: dict[str, None] = field(default_factory=dict)
    everything: bool = False
    left_out: dict[str, None] = field(default_factory=dict)

    def __contains__(self, number: str) -> bool:
        return number not in self.left_out if self.everything else number in self.numbers

    def count(self, listed: int) -> int:
        """How many of a list of so many are marked."""
        return max(0, listed - len(self.left_out)) if self.everything else len(self.numbers)

    def __bool__(self) -> bool:
        return self.everything or bool(self.numbers)

    def turn(self, number: str) -> None:
        """Mark a message, or mark it no more."""
        marks = self.left_out if self.everything else self.numbers
        if number in marks:
            del marks[number]
        else:
            marks[number] = None

    def add(self, numbers: Iterable[str]) -> None:
        """Mark these."""
        for number in numbers:
            if number not in self:
                self.turn(number)

    def take_all(self) -> None:
        """Mark everything that is listed."""
        self.clear()
        self.everything = True

    def clear(self) -> None:
        """Mark nothing."""
        self.numbers.clear()
        self.left_out.clear()
        self.everything = False


class Queue:
    """The list: cells by row, strings by index, the facts beside it."""

    def __init__(self) -> None:
        self.picture: Picture | None = None
        self.tags = Tags()
        self.strings: list[str] = []
        self._block: Block = EMPTY
        self._order = Order()
        self._epoch = -1
        self.frozen_since = 0.0

    def take(self, frames: Sequence[Frame]) -> None:
        """Take in pictures that have come with their descriptors: the last one is shown.

        `frozen_since` is when a frozen list was frozen, unix seconds.
        """
        *earlier, last = frames
        for frame in earlier:
            self._follow(frame.value)
            for fd in frame.fds:
                os.close(fd)
        picture: Picture = last.value
        block_fd, order_fd = last.fds
        self._block = block(block_fd, picture.rows)
        self._order = order(order_fd, picture.listed)
        self._follow(picture)

    def _follow(self, picture: Picture) -> None:
        """What a picture adds to those before it."""
        if picture.epoch != self._epoch:
            self.strings.clear()
            self._epoch = picture.epoch
        del self.strings[picture.strings_from :]
        self.strings.extend(picture.strings)
        was = self.picture is not None and self.picture.frozen
        if not (was and picture.frozen):
            self.frozen_since = picture.at
        self.picture = picture

    def close(self) -> None:
        """Let go of the memory of the last picture."""
        self._block, self._order, self.picture = EMPTY, Order(), None

    @property
    def facts(self) -> Facts:
        """What stands beside the list."""
        return self.picture.facts if self.picture else _NO_FACTS

    @property
    def at(self) -> float:
        """When the picture was made, unix seconds; 0 before the first one."""
        return self.picture.at if self.picture else 0.0

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, row: int) -> Cells:
        return self._block[self._order[row]]

    def row_of(self, number: str, near: int = 0) -> int | None:
        """Where a message is listed now; None when it is not."""
        slots = self._order
        if 0 <= near < len(slots) and self._block[slots[near]].number == number:
            return near
        slot = self._block.slot_of(number)
        return None if slot is None else slots.find(slot, near)

    def tagged(self) -> int:
        """How many messages are marked."""
        return self.tags.count(len(self))


_NO_FACTS = Facts()
