"""The query: a verdict for each message, remembered, and made again only where it may differ.

A verdict is made when a row is read, by the row itself.  Another query is judged over the
columns, in slices; what they do not tell is read from the files.  Time alone changes a
verdict only where an age crosses a limit of the query: those rows are found by when they
arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import cast

from spooltool.diagnose.row import Row
from spooltool.query import Query
from spooltool.query import Row as Judged
from spooltool.query.tree import Within, leaves
from spooltool.spool.names import TRASH, SpoolName
from spooltool.workers.queue import Counts, Progress
from spooltool.workers.reading.counting import Counting
from spooltool.workers.reading.kept import Departed, Kept
from spooltool.workers.reading.listing import Listing
from spooltool.workers.reading.stock import NO, UNASKED, UNSURE, YES, Stock

_AT_ONCE = 500
_READS_AT_ONCE = 50
_VERDICT = {True: YES, False: NO, None: UNSURE}


class Judge:
    """A query over a stock.  `matched` counts what it means, `unjudged` what it cannot tell.

    `departed` are numbers whose file was not there when it was to be read: to be looked for.
    """

    def __init__(self, stock: Stock, kept: Kept, listing: Listing) -> None:
        self.query = Query()
        self.unjudged = 0
        self.departed: set[str] = set()
        self._stock = stock
        self._kept = kept
        self._listing = listing
        self._matched = Counting(stock.draft, stock.arrived)
        self._matches: Callable[[Judged], bool | None] | None = None
        self._numbers: frozenset[str] = frozenset()
        self._bound = True
        self._limits: tuple[float, ...] = ()
        self._now = 0.0
        self._looked = self._of = 0

    # another query

    def ask(self, query: Query, now: float) -> None:
        """Another query; `pass_` judges what is there."""
        self.query = query
        self._matches = None if query.is_everything else query.matches
        self._numbers = frozenset(n for word in query.ids for n in word.numbers)
        self._bound = not query.ids
        self._limits = _limits(query)
        self._now = now
        self._matched.clear()
        self.unjudged = 0
        stock = self._stock
        stock.verdict[:] = bytes([UNASKED]) * len(stock)
        if query.ids:
            self._bind()

    @property
    def wants_trash(self) -> bool:
        """Whether it is about the trash, too: as `look.selection` decides it."""
        query = self.query
        return bool(query.fields & {"dir", "standing"}) and "trash" in query.unparse()

    @property
    def progress(self) -> Progress | None:
        """How far the pass is; None when there is none."""
        return Progress(self._looked, self._of) if self._looked < self._of else None

    def judge_all(self) -> Iterator[None]:
        """Judge whatever has no verdict, in slices."""
        stock = self._stock
        self._looked, self._of = 0, len(stock)
        for slot in range(self._of):
            if stock.here[slot] and stock.verdict[slot] == UNASKED:
                self._again(slot)
            self._looked += 1
            if not self._looked % self._at_once:
                yield
        self._looked = self._of

    @property
    def _at_once(self) -> int:
        reads = self.query.fields - _COLUMNS or self._listing.reads
        return _READS_AT_ONCE if reads else _AT_ONCE

    # one row

    def lift(self, slot: int) -> int:
        """The row is about to change: its verdict, which counts no more."""
        verdict = self._stock.verdict[slot]
        if verdict == YES:
            self._matched.remove(slot)
        elif verdict == UNSURE:
            self.unjudged -= 1
        self._stock.verdict[slot] = UNASKED
        return verdict

    def rule(self, slot: int, row: Row) -> int:
        """The verdict of a row that was just read."""
        verdict = self._verdict(row)
        self._set(slot, verdict, row)
        return verdict

    def moved(self, number: str) -> None:
        """A file of this number came, moved or left: an id may mean another file now."""
        if number in self._numbers:
            self._bound = False

    def _verdict(self, row: Judged) -> int:
        return YES if self._matches is None else _VERDICT[self._matches(row)]

    def _again(self, slot: int) -> None:
        self._listing.touch(slot)
        kept = self._kept.at(slot)
        try:
            self._set(slot, self._verdict(kept), cast("Row", kept))
        except Departed:
            self.departed.add(kept.id)
            self._set(slot, UNSURE, None)

    def _set(self, slot: int, verdict: int, row: Row | None) -> None:
        if verdict == YES:
            if row is not None:
                self._listing.learn(slot, row)
            self._matched.add(slot)
        elif verdict == UNSURE:
            self.unjudged += 1
        self._stock.verdict[slot] = verdict

    # what changes verdicts

    def rebind(self) -> None:
        """Find anew what the ids mean, where one of their files came, moved or left."""
        if self._bound:
            return
        self._bind()
        for number in self._numbers:
            for slot in self._stock.at(number):
                if self._stock.here[slot]:
                    self.lift(slot)
                    self._again(slot)

    def _bind(self) -> None:
        self._bound = True
        self._matches = self.query.bind(self._files()).query.matches

    def _files(self) -> Iterator[SpoolName]:
        stock = self._stock
        for number in self._numbers:
            for slot in stock.at(number):
                name = self._kept.at(slot).name
                if stock.here[slot] and name.dir != TRASH:
                    yield name

    def follow_ages(self, now: float) -> Iterator[None]:
        """Judge once more whose age has crossed a limit of the query, in slices."""
        yield from self._judge(self._passed(now))

    def _passed(self, now: float) -> list[int]:
        last, self._now = self._now, now
        if not self._limits or now == last:
            return []
        if now < last:
            return [slot for slot in range(len(self._stock)) if self._stock.here[slot]]
        windows = [(last - limit, now - limit) for limit in self._limits]
        here = self._stock.here
        return [
            slot
            for low, high in windows
            for slot, arrived in enumerate(self._stock.arrived)
            if low <= arrived <= high and here[slot]
        ]

    def _judge(self, slots: Iterable[int]) -> Iterator[None]:
        for count, slot in enumerate(slots, 1):
            if self._stock.here[slot]:
                self.lift(slot)
                self._again(slot)
            if not count % _READS_AT_ONCE:
                yield

    @property
    def matched(self) -> int:
        """How many match."""
        return self._matched.messages

    def counts(self) -> Counts:
        """What matches, as far as it is known."""
        return self._matched.counts(self._matching)

    def _matching(self) -> Iterator[int]:
        verdict = self._stock.verdict
        return (slot for slot in range(len(verdict)) if verdict[slot] == YES)


_COLUMNS = frozenset(
    ("id", "dir", "letter", "standing", "reason", "dst", "age", "attempts", "size")
)
"""What is judged without reading a file."""


def _limits(query: Query) -> tuple[float, ...]:
    """The ages at which a verdict may change."""
    found: set[float] = set()
    for leaf in leaves(query.node):
        if isinstance(leaf, Within) and leaf.field == "age":
            found.update(
                float(limit)
                for part in leaf.ranges
                for limit in (part.low, part.high)
                if limit is not None
            )
    return tuple(found)
