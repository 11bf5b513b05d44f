"""The order of what matches: kept sorted as rows come and go, and frozen.

Where few rows changed they are merged into the order that stands; else all is sorted.
While the list is frozen nothing moves: what would is remembered until it is thawed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from itertools import islice
from operator import eq
from typing import Any

from spooltool.diagnose.row import Row
from spooltool.look.sorting import sort_key
from spooltool.workers.reading.stock import YES, Stock
from spooltool.workers.table import DIRS, LETTERS, REASON_WORDS, STANDING_WORDS

_FAR = float("inf")
_FEW = 200
"""One row in so many is merged in; of more rows all are sorted."""

Key = Callable[[int], Any]


class Listing:
    """Slots in the list's order.  `changed` are slots that may have to come, move or go.

    `reads` tells that the order goes by something that no column holds, `moved` that the
    list is not as it was when somebody set it to False.
    """

    def __init__(self, stock: Stock) -> None:
        self.changed: set[int] = set()
        self.frozen = False
        self.reads = False
        self.moved = True
        self.sort = ""
        self._stock = stock
        self._order = array("I")
        self._key: Key | None = None
        self._text_key: Callable[[Row], Any] | None = None
        self._texts: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._order)

    @property
    def slots(self) -> array[int]:
        """The list as it is shown."""
        return self._order[::-1] if self.sort.startswith("-") else self._order

    def sort_by(self, sort: str) -> None:
        """Another order; the rows are to be judged anew.  Raises UsageError."""
        name = sort.removeprefix("-")
        by = sort_key(sort or None)
        self.sort = sort
        self._text_key = by if name in ("rcpt", "from") else None
        self.reads = self._text_key is not None
        self._texts.clear()
        self._key = self._text if self.reads else _column_key(name, self._stock)

    def learn(self, slot: int, row: Row) -> None:
        """A row that matches is here in full: remember what it is sorted by."""
        if self._text_key is not None:
            self._texts[slot] = _flat(self._text_key(row)[0])

    def touch(self, slot: int) -> None:
        """A row changed, or its verdict."""
        self.changed.add(slot)

    def clear(self) -> None:
        """Nothing is listed; what matches comes in with the next `follow`."""
        self._drop(set(self._order))
        self.moved = True
        self.changed.update(s for s, verdict in enumerate(self._stock.verdict) if verdict == YES)

    def follow(self) -> None:
        """Take in what changed, unless the list is frozen."""
        if not self.frozen:
            self.take_in()

    def take_in(self) -> None:
        """Take in what changed, frozen or not; slots of what has left are let go of."""
        stock, changed = self._stock, self.changed
        if not changed:
            return
        self.moved = True
        verdict, here = stock.verdict, stock.here
        come = [s for s in changed if here[s] and verdict[s] == YES]
        self._drop(changed)
        if len(come) > len(self._order) // _FEW:
            self._order.extend(come)
            self._order = array("I", self._sorted(list(self._order)))
        else:
            self._merge(come)
        for slot in come:
            stock.listed[slot] = 1
        changed.clear()

    def _drop(self, slots: set[int]) -> None:
        stock, order = self._stock, self._order
        leaving = [slot for slot in slots if slot < len(stock) and stock.listed[slot]]
        if leaving:
            gone = set(leaving)
            self._order = array("I", [slot for slot in order if slot not in gone])
        for slot in leaving:
            stock.listed[slot] = 0
            if not stock.here[slot]:
                self._texts.pop(slot, None)
                stock.let_go(slot)

    def new_and_gone(self) -> tuple[int, int]:
        """Of a frozen list: what matches and is not in it, and what of it has left."""
        stock = self._stock
        listed, here, verdict = stock.listed, stock.here, stock.verdict
        new = sum(1 for s in self.changed if here[s] and verdict[s] == YES and not listed[s])
        gone = sum(1 for s in self.changed if listed[s] and not here[s])
        return new, gone

    # sorting

    def _sorted(self, slots: list[int]) -> list[int]:
        self._sort_by_queue(slots)
        if self._key is not None:
            slots.sort(key=self._key)
        return slots

    def _sort_by_queue(self, slots: list[int]) -> None:
        """By arrival; the few that arrived at once by their numbers."""
        arrived = self._stock.arrived
        slots.sort(key=arrived.__getitem__)
        times = [arrived[slot] for slot in slots]
        if not any(map(eq, times, islice(times, 1, None))):
            return
        at, count = 0, len(slots)
        while at < count - 1:
            end = at + 1
            while end < count and times[end] == times[at]:
                end += 1
            if end - at > 1:
                slots[at:end] = sorted(slots[at:end], key=self._number)
            at = end

    def _merge(self, come: list[int]) -> None:
        if not come:
            return
        come.sort(key=self._whole)
        merged, at = array("I"), 0
        for slot in come:
            to = bisect_left(self._order, self._whole(slot), lo=at, key=self._whole)
            merged.extend(self._order[at:to])
            merged.append(slot)
            at = to
        merged.extend(self._order[at:])
        self._order = merged

    def _whole(self, slot: int) -> tuple[Any, float, tuple[int, str, str]]:
        by = 0 if self._key is None else self._key(slot)
        return by, self._stock.arrived[slot], self._number(slot)

    def _number(self, slot: int) -> tuple[int, str, str]:
        """Of two files of one number the first is that whose path is."""
        draft = self._stock.draft
        number = draft.number(slot)
        place = draft.place[slot]
        return len(number), number, f"{DIRS[place // len(LETTERS)]}/{LETTERS[place % len(LETTERS)]}"

    def _text(self, slot: int) -> Any:
        return self._texts.get(slot, "")


def _column_key(name: str, stock: Stock) -> Key | None:
    """What the columns are sorted by, as `look.sorting` does; None for the queue's order."""
    draft = stock.draft
    match name:
        case "size":
            return draft.size.__getitem__
        case "attempts":  # what is unknown is the largest number
            return draft.attempts.__getitem__
        case "next":
            return lambda slot: draft.next_try[slot] or _FAR
        case "dst":
            strings = stock.strings
            return lambda slot: strings.routes[draft.dst[slot]].hosts
        case "reason":
            return lambda slot: (
                REASON_WORDS[draft.reason[slot]] or STANDING_WORDS[draft.standing[slot]]
            )
        case "id":
            return lambda slot: (lambda number: (len(number), number))(draft.number(slot))
        case _:  # the oldest first is the order of the queue
            return None


def _flat(value: Any) -> str:
    """Addresses turned round, as one text that sorts as they do: a million are to be kept."""
    parts = value if isinstance(value, list) else [value]
    return "\1".join("\0".join(part) for part in parts)
