"""The memory that goes with a picture: the block of all rows, the order of the list."""

from __future__ import annotations

import os

from spooltool.workers.reading.listing import Listing
from spooltool.workers.reading.stock import Stock
from spooltool.workers.table import in_memory


class Memory:
    """What was handed over last; it is handed over once more while it is still so."""

    def __init__(self, stock: Stock, listing: Listing) -> None:
        self.rows = self.listed = 0
        self._stock = stock
        self._listing = listing
        self._block = self._order = -1

    def block(self) -> int:
        """A descriptor of all rows, `rows` of them; the caller closes it."""
        if self._block < 0 or self._stock.changed:
            self._stock.changed = False
            self._let_go_of(self._block)
            self._block = self._stock.draft.frozen()
            self.rows = len(self._stock)
        return os.dup(self._block)

    def order(self) -> int:
        """A descriptor of the list, `listed` slots long; the caller closes it."""
        if self._order < 0 or self._listing.moved:
            self._listing.moved = False
            self._let_go_of(self._order)
            slots = self._listing.slots
            self._order = in_memory([slots])
            self.listed = len(slots)
        return os.dup(self._order)

    def close(self) -> None:
        """Let go of it."""
        for fd in (self._block, self._order):
            self._let_go_of(fd)
        self._block = self._order = -1

    def _let_go_of(self, fd: int) -> None:
        if fd >= 0:
            os.close(fd)
