"""A pass over all names: what changed is read, what is missing looked for.

A file that moves while the directories are listed may be seen twice or not at all.  Both
are found by looking for its number alone, once the pass is through.
"""

from __future__ import annotations

from collections.abc import Iterator

from spooltool.spool.names import SpoolName, parse_name
from spooltool.workers.reading.looking import Looker
from spooltool.workers.reading.roll import Roll
from spooltool.workers.reading.stock import place_number

_READS_AT_ONCE = 50
_STATS_AT_ONCE = 1000


class Scanning:
    """One pass.  `looked` of `names` are done (0: not yet known); `unreadable` fills.

    `changes` are those of the roll before it.
    """

    def __init__(self, looker: Looker, roll: Roll) -> None:
        self.looked = self.names = 0
        self.changes = roll.changes
        self.unreadable: list[tuple[str, str]] = []
        self._looker = looker
        self._roll = roll
        self._odd: set[str] = set()
        self._reads = 0

    def steps(self) -> Iterator[None]:
        """The pass, in slices."""
        self._looker.reopen()
        if self._looker.trouble:
            self.unreadable.append(("", self._looker.trouble))
        listed: list[tuple[str, list[str]]] = []
        scan = self._looker.scan()
        self._roll.stock.seen[:] = bytes(len(self._roll.stock))
        for directory in scan.directories:
            listed.append((directory, scan.listed(directory)))
            yield
        self.names = sum(len(bases) for _, bases in listed)
        self.unreadable += scan.unreadable
        for directory, bases in listed:
            yield from self._directory(directory, bases)
            bases.clear()
        yield from self._missing()

    def _directory(self, directory: str, bases: list[str]) -> Iterator[None]:
        for base in bases:
            name = parse_name(base, directory)
            if name is not None:
                self._one(name)
            self.looked += 1
            if self._reads >= _READS_AT_ONCE or not self.looked % _STATS_AT_ONCE:
                self._reads = 0
                yield

    def _one(self, name: SpoolName) -> None:
        """A name that is there: read when it is new, was written, has moved, or is due."""
        stock, number = self._roll.stock, name.number
        slot = stock.only(number)
        if slot is None:
            self._unknown(name)
        elif stock.seen[slot]:
            self._odd.add(number)
        elif (facts := self._looker.stat(name)) is not None:
            same = facts.st_ctime_ns == stock.sign[slot] and facts.st_ino == stock.inode[slot]
            here = place_number(name.dir, name.letter) == stock.draft.place[slot]
            if same and here and self._roll.now < stock.stale_at[slot]:
                stock.seen[slot] = 1
                return
            self._reads += 1
            look = self._looker.look(name)
            if look is not None:
                self._roll.settle(number, [look])

    def _unknown(self, name: SpoolName) -> None:
        """A number that has no slot, or several."""
        if self._roll.stock.at(name.number):
            self._odd.add(name.number)
            return
        self._reads += 1
        look = self._looker.look(name)
        if look is not None:
            self._roll.settle(name.number, [look])

    def _missing(self) -> Iterator[None]:
        """What was seen twice, or not at all."""
        stock = self._roll.stock
        here, seen = stock.here, stock.seen
        unseen = {
            stock.draft.number(slot)
            for slot in range(min(len(here), len(seen)))
            if here[slot] and not seen[slot]
        }
        for count, number in enumerate(self._odd | unseen):
            self._roll.look(number)
            if not count % _READS_AT_ONCE:
                yield
