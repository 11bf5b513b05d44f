"""The columns of all messages, and which slot is whose."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from spooltool.diagnose.row import Row
from spooltool.render.rows import shown_dst
from spooltool.spool.names import TRASH
from spooltool.workers.reading.counting import NEVER, Counting
from spooltool.workers.reading.strings import Route, Strings
from spooltool.workers.table import (
    DIRS,
    LETTERS,
    REASON_WORDS,
    STANDING_WORDS,
    UNKNOWN,
    Cells,
    Draft,
    Flag,
)

_MOST = 0xFFFFFFFF
_STANDING = {word: at for at, word in enumerate(STANDING_WORDS)}
_REASON = {word: at for at, word in enumerate(REASON_WORDS)}
_PLACE = {
    (directory, letter): at * len(LETTERS) + which
    for at, directory in enumerate(DIRS)
    for which, letter in enumerate(LETTERS)
}
_TRASH_FROM = DIRS.index(TRASH) * len(LETTERS)
IN_TRASH = frozenset(range(_TRASH_FROM, _TRASH_FROM + len(LETTERS)))
"""Places that are no part of the queue."""


NO, YES, UNSURE, UNASKED = range(4)
"""What the query says of a slot; plain numbers, for a million of them are compared."""

_GUESSED, _HELD, _SUSPENDED = int(Flag.GUESSED_AGE), int(Flag.HELD), int(Flag.SUSPENDED)
_GONE, _UNREADABLE, _BY_MX = int(Flag.GONE), int(Flag.UNREADABLE), int(Flag.BY_MX)


class Look(NamedTuple):
    """One look at a file.  `changed` is its inode's time of change in nanoseconds.

    `stale_at` is when time alone, or what the clock of files cannot tell, may have changed
    what was seen; unix seconds of the reader's clock.
    """

    row: Row
    changed: int
    stale_at: float


class Stock:
    """Rows in slots.  What else the reader knows of a slot stands in arrays beside the draft.

    `arrived` is exact (infinite when unknown), `inode` and `sign` (time of change) tell
    whether the file must be read again, `stale_at` when it must in any case.  `here` is 0
    for a slot that is free or whose message has left, `listed` 1 for one in the list,
    `seen` belongs to the pass that runs.  `changed` says that a block made before is not how
    it is; `longest` is the length of the longest number.
    """

    def __init__(self) -> None:
        self.draft = Draft()
        self.strings = Strings()
        self.arrived = array("d")
        self.inode = array("Q")
        self.sign = array("q")
        self.stale_at = array("d")
        self.verdict = bytearray()
        self.here = bytearray()
        self.listed = bytearray()
        self.seen = bytearray()
        self.changed = True
        self.longest = 0
        self.everything = Counting(self.draft, self.arrived)
        self._slots: dict[str, int] = {}
        self._others: dict[str, list[int]] = {}
        self._free: deque[int] = deque()

    def __len__(self) -> int:
        return len(self.draft)

    def at(self, number: str) -> list[int]:
        """The slots of a message: one, or several where several files carry its number."""
        slot = self._slots.get(number)
        if slot is None:
            return []
        return [slot, *self._others.get(number, ())]

    def only(self, number: str) -> int | None:
        """Its slot where it has exactly one that is in use."""
        slot = self._slots.get(number)
        if slot is None or number in self._others or not self.here[slot]:
            return None
        return slot

    def slots(self) -> Iterator[int]:
        """Those of messages that are here, the trash left out."""
        place, here = self.draft.place, self.here
        return (s for s in range(len(self.draft)) if here[s] and place[s] not in IN_TRASH)

    def trashed(self) -> list[int]:
        """Those of messages in the trash."""
        place, here = self.draft.place, self.here
        return [s for s in range(len(self.draft)) if here[s] and place[s] in IN_TRASH]

    def add(self, look: Look, changed: int) -> int:
        """A new message; its slot."""
        number = look.row.id
        self.longest = max(self.longest, len(number))
        cells = cells_of(look.row, self.strings)._replace(changed=changed)
        if self._free:
            slot = self._free.popleft()
            self.draft.rename(slot, number)
            self.draft.put(slot, cells)
        else:
            slot = self.draft.append(cells)
            for column in (self.arrived, self.inode, self.sign, self.stale_at):
                column.append(0)
            for flags in (self.verdict, self.here, self.listed, self.seen):
                flags.append(0)
        if number in self._slots:
            self._others.setdefault(number, []).append(slot)
        else:
            self._slots[number] = slot
        self.changed = True
        self._noted(slot, look)
        return slot

    def put(self, slot: int, look: Look, now: int) -> bool:
        """What a message's row is now; whether that is something else."""
        draft = self.draft
        cells = cells_of(look.row, self.strings)
        stands = cells.standing == draft.standing[slot] and cells.reason == draft.reason[slot]
        same = stands and self.sign[slot] == look.changed and self.here[slot]
        changed = draft.changed[slot] if same else now
        cells = cells._replace(changed=changed)
        other = cells != draft.cells(slot) or self.arrived[slot] != _arrived(look.row)
        self._uncount(slot)
        if other:
            draft.put(slot, cells)
            self.changed = True
        self._noted(slot, look)
        return other

    def leave(self, slot: int, now: int) -> None:
        """A message has left; its row stays as it was until it is let go of."""
        self._uncount(slot)
        self.here[slot] = 0
        self.changed = True
        self.draft.changed[slot] = now
        self.draft.flags[slot] = (self.draft.flags[slot] | _GONE) & ~_HELD

    def let_go(self, slot: int) -> None:
        """Free the slot of a message that has left."""
        number = self.draft.number(slot)
        self.draft.rename(slot)
        self.changed = True
        slots = self.at(number)
        slots.remove(slot)
        self._others.pop(number, None)
        self._slots.pop(number, None)
        if slots:
            self._slots[number] = slots[0]
        if slots[1:]:
            self._others[number] = slots[1:]
        self.arrived[slot] = NEVER
        self._free.append(slot)

    def renew_strings(self) -> None:
        """Begin an epoch of strings with those that are in use."""
        draft = self.draft
        self.changed = True
        routes = set(draft.dst)
        moved = self.strings.renewed(set(draft.why), (one for one in routes if one))
        for column in (draft.why, draft.dst):
            for slot, index in enumerate(column):
                column[slot] = moved.get(index, 0)

    def _noted(self, slot: int, look: Look) -> None:
        row = look.row
        self.arrived[slot] = _arrived(row)
        self.inode[slot] = row.inode
        self.sign[slot] = look.changed
        self.stale_at[slot] = look.stale_at
        self.here[slot] = self.seen[slot] = 1
        self.verdict[slot] = UNASKED
        if self.draft.place[slot] not in IN_TRASH:
            self.everything.add(slot)

    def _uncount(self, slot: int) -> None:
        if self.here[slot] and self.draft.place[slot] not in IN_TRASH:
            self.everything.remove(slot)


def place_number(directory: str, letter: str) -> int:
    """Directory and letter as one small number."""
    return _PLACE[directory, letter]


def cells_of(row: Row, strings: Strings) -> Cells:
    """The cells of a row as it stands now; `changed` is left to the stock."""
    attempts, verdict, by_mx = row.attempts, row.verdict, row.by_mx
    return Cells(
        row.id,
        _clamped(row.arrived),
        _clamped(row.next_try),
        _clamped(row.size),
        0,
        _route(row, strings, by_mx),
        strings.of(row.why),
        UNKNOWN if attempts is None else min(attempts, UNKNOWN - 1),
        _PLACE[row.dir, row.letter],
        _STANDING[verdict.word],
        _REASON[verdict.reason],
        _flags(row, by_mx),
    )


def _arrived(row: Row) -> float:
    arrived = row.arrived
    return NEVER if arrived is None else arrived


def _clamped(value: float | None) -> int:
    return 0 if value is None else min(max(0, int(value)), _MOST)


def _route(row: Row, strings: Strings, by_mx: bool) -> int:
    """The index of where it goes.  Most mail goes to few hosts, by the same two values."""
    values = None
    if row.head is not None and not by_mx:
        values = row.get("DST"), row.get("DPORT")
        index = strings.known_hops.get(values)
        if index is not None:
            return index
    if row.head is None:
        return strings.of_route(Route(shown_dst(row), readable=False))
    hosts = tuple(map(str, row.hosts))
    index = strings.of_route(Route(shown_dst(row), tuple(row.dst), row.dport, hosts))
    if values is not None:
        strings.known_hops[values] = index
    return index


def _flags(row: Row, by_mx: bool) -> int:
    if row.head is None:
        return _UNREADABLE
    around = row.around
    flags = 0 if row.age_is_exact else _GUESSED
    if around.holder:
        flags |= _HELD
    if around.suspended:
        flags |= _SUSPENDED
    return flags | _BY_MX if by_mx else flags
