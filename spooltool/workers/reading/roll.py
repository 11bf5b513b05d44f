"""Every message that is here: the one place where a row comes, changes and goes.

Whatever happens to a row is told to the counts, the query and the list in one order, so
that none of them counts what another has forgotten.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Collection

from spooltool.workers.reading.beside import Flow
from spooltool.workers.reading.judging import Judge
from spooltool.workers.reading.listing import Listing
from spooltool.workers.reading.looking import Looker
from spooltool.workers.reading.stock import IN_TRASH, Look, Stock, place_number
from spooltool.workers.table import LETTERS, Flag

_REMEMBERED = 50_000
_LETTER_E = LETTERS.index("E")
_BY_MX = int(Flag.BY_MX)


class Roll:
    """The messages.  `began` is False before the first pass is through: nothing is news then.

    `now` is the moment that rows are made of; `changes` counts rows that came, changed or
    went.
    """

    def __init__(self, looker: Looker, stock: Stock, judge: Judge, listing: Listing) -> None:
        self.stock = stock
        self.now = looker.set_clock()
        self.began = False
        self.changes = 0
        self.flow = Flow()
        self._touched_life = 0.0
        self._written_life = 0.0
        self._looker = looker
        self._judge = judge
        self._listing = listing
        self._left: OrderedDict[str, None] = OrderedDict()

    # what is there

    def look(self, number: str, *, by_event: bool = False) -> None:
        """Look for a message, wherever it is now."""
        looks = self._looker.find(number)
        known = self.stock.at(number)
        if not looks and known:
            looks = self._looker.find(number)  # it may have moved while it was looked for
        if not looks and not known and by_event:
            self._passed_by(number)
        self.settle(number, looks)

    def settle(self, number: str, looks: Collection[Look]) -> None:
        """These are all files of a number: its rows are to be so."""
        slots = self.stock.at(number)
        if len(slots) <= 1 and len(looks) == 1:
            (look,) = looks
            self._put(slots[0], look) if slots else self._add(look)
            return
        for slot, look in self._pairs(slots, list(looks)):
            self._put(slot, look) if slot is not None else self._add(look)
            if slot is not None:
                slots.remove(slot)
        for slot in slots:
            self._leave(slot)

    def drop_trash(self) -> None:
        """What lies in the trash counts no more."""
        for slot in self.stock.trashed():
            self._leave(slot)

    def make_stale(self, hosts: Collection[str] | None) -> None:
        """Rows for these hosts (None: all) are to be read again, whatever their files say."""
        stock = self.stock
        draft, stale_at = stock.draft, stock.stale_at
        if hosts is None:
            stale_at[:] = array("d", bytes(8 * len(stale_at)))
            return
        routes = {
            index
            for index, route in stock.strings.routes.items()
            if any(host in hosts for host, _ in route.dst)
        }
        for slot, index in enumerate(draft.dst):
            by_itself = draft.place[slot] % len(LETTERS) == _LETTER_E  # it goes to ERR_SERVER
            if index in routes or by_itself or draft.flags[slot] & _BY_MX:
                stale_at[slot] = 0.0

    def numbers_of(self, inodes: Collection[int]) -> list[str]:
        """The messages of these inodes."""
        if not inodes:
            return []
        here, draft = self.stock.here, self.stock.draft
        found = (slot for slot, inode in enumerate(self.stock.inode) if inode in inodes)
        return [draft.number(slot) for slot in found if here[slot]]

    # changes of one row

    def _pairs(self, slots: list[int], looks: list[Look]) -> list[tuple[int | None, Look]]:
        """Which file is whose: by inode, else by place, else any."""
        left = list(slots)
        found: dict[int, int] = {}
        tests = (self._same_file, self._same_place, _any)
        for test in tests:
            for at, look in enumerate(looks):
                slot = next((s for s in left if at not in found and test(s, look)), None)
                if slot is not None:
                    left.remove(slot)
                    found[at] = slot
        return [(found.get(at), look) for at, look in enumerate(looks)]

    def _same_file(self, slot: int, look: Look) -> bool:
        return self.stock.inode[slot] == look.row.inode

    def _same_place(self, slot: int, look: Look) -> bool:
        return self.stock.draft.place[slot] == place_number(look.row.dir, look.row.letter)

    def _add(self, look: Look) -> None:
        slot = self.stock.add(look, int(self.now) if self.began else 0)
        if self.began and self.stock.draft.place[slot] not in IN_TRASH:
            self.flow.arrived += 1
        self._judge.moved(look.row.id)
        self._lives(look)
        self._judge.rule(slot, look.row)
        self._touch(slot)

    def _put(self, slot: int, look: Look) -> None:
        before = self._judge.lift(slot)
        place, here = self.stock.draft.place[slot], self.stock.here[slot]
        other = self.stock.put(slot, look, int(self.now))
        if not here or place != self.stock.draft.place[slot]:
            self._judge.moved(look.row.id)
            self._crossed(bool(here) and place not in IN_TRASH, self.stock.draft.place[slot])
        self._lives(look)
        if self._judge.rule(slot, look.row) != before or other or self._listing.reads:
            self._touch(slot)

    def _crossed(self, was_in_queue: bool, place: int) -> None:
        """It came into the queue, or left it for the trash."""
        self.flow.arrived += not was_in_queue and place not in IN_TRASH
        self.flow.left += was_in_queue and place in IN_TRASH

    def _touch(self, slot: int) -> None:
        self.changes += 1
        self._listing.touch(slot)

    def _leave(self, slot: int) -> None:
        stock = self.stock
        if not stock.here[slot]:
            return
        number = stock.draft.number(slot)
        if stock.draft.place[slot] not in IN_TRASH:
            self.flow.left += 1
            self._remember(number)
        self._judge.lift(slot)
        self._judge.moved(number)
        stock.leave(slot, int(self.now))
        self._touch(slot)
        if not stock.listed[slot]:
            stock.let_go(slot)

    # what is known beside the rows

    @property
    def last_life(self) -> float:
        """The newest sign of life that was ever seen, unix seconds."""
        return self._touched_life or self._written_life

    def _lives(self, look: Look) -> None:
        """A sign of life: what the file says, else when it was written."""
        row = look.row
        facts = row.facts
        if facts.arrived is None and row.arrived is not None:
            self._written_life = max(self._written_life, row.mtime)
        self._touched_life = max(self._touched_life, facts.arrived or 0.0, float(facts.last_try))

    def _passed_by(self, number: str) -> None:
        """A message came and left between two looks: the kernel told, no file is there."""
        if self.began and number not in self._left:
            self.flow.arrived += 1
            self.flow.left += 1
            self._remember(number)

    def _remember(self, number: str) -> None:
        self._left[number] = None
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)


def _any(slot: int, look: Look) -> bool:
    return True
