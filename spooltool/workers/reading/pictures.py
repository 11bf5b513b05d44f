"""The pictures that the screen is sent."""

from __future__ import annotations

from spooltool.workers.queue import Facts, Group, Picture, Progress, ReasonRow, Show
from spooltool.workers.reading.beside import Beside
from spooltool.workers.reading.grouping import Grouping
from spooltool.workers.reading.judging import Judge
from spooltool.workers.reading.listing import Listing
from spooltool.workers.reading.looking import Looker
from spooltool.workers.reading.memory import Memory
from spooltool.workers.reading.roll import Roll
from spooltool.workers.wire import Frame


class Painter:
    """Makes pictures of what the reader knows.  `unreadable` is what its last pass found so."""

    def __init__(
        self, looker: Looker, roll: Roll, judge: Judge, listing: Listing, beside: Beside
    ) -> None:
        self.unreadable: tuple[tuple[str, str], ...] = ()
        self._looker = looker
        self._roll = roll
        self._judge = judge
        self._listing = listing
        self._beside = beside
        self._memory = Memory(roll.stock, listing)
        self._grouping: Grouping | None = None
        self._groups: tuple[Group, ...] = ()
        self._by = ""
        self._hosts: dict[str, int] = {}
        self._reasons: tuple[ReasonRow, ...] = ()

    def close(self) -> None:
        """Let go of the memory of the last one."""
        self._memory.close()

    def grouped(self, grouping: Grouping | None) -> None:
        """Stuck mail was counted; None: what was counted cannot be asked any more."""
        self._grouping = grouping
        if grouping is not None:
            self._groups, self._by = grouping.groups(self._looker.relay), grouping.key
            self._hosts = grouping.hosts()
            self._reasons = grouping.reasons(self._looker.relay, self._looker.clock())

    def regroup(self) -> None:
        """The relay says something else of the hosts that were counted."""
        self.grouped(self._grouping)

    def paint(self, show: Show, reading: Progress | None, judging: Progress | None) -> Frame:
        """The list as it stands; the descriptors are the receiver's to close."""
        frozen = self._listing.frozen
        new, gone = self._listing.new_and_gone() if frozen else (0, 0)
        fds = self._memory.block(), self._memory.order()
        strings = self._roll.stock.strings
        first, texts = strings.unsent()
        picture = Picture(
            serial=show.serial,
            epoch=strings.epoch,
            at=self._roll.now,
            rows=self._memory.rows,
            listed=self._memory.listed,
            strings_from=first,
            strings=texts,
            facts=self._facts(),
            matched=self._judge.counts(),
            reading=reading,
            judging=judging,
            unjudged=self._judge.unjudged,
            frozen=frozen,
            new=new,
            gone=gone,
            longest=self._roll.stock.longest,
        )
        return Frame(picture, fds)

    def _facts(self) -> Facts:
        stock, beside = self._roll.stock, self._beside
        everything = stock.everything.counts(stock.slots)
        arrived, left, depth = self._roll.flow.histories(everything.messages)
        return Facts(
            everything=everything,
            groups=self._groups,
            grouped_by=self._by,
            hosts=self._hosts,
            reasons=self._reasons,
            relay=self._looker.relay,
            disk=beside.disk,
            trash=beside.trash,
            transactions=beside.transactions,
            unreadable=self.unreadable,
            last_life=self._roll.last_life,
            arrived=arrived,
            left=left,
            depth=depth,
        )
