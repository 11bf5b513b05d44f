"""What stands beside the list and is no message of it: disk, trash, journal, the flow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from spooltool.look.disk import disk_of
from spooltool.look.transactions import shown_in_brief
from spooltool.render.journal import Shown
from spooltool.render.screen import Disk
from spooltool.store.journal_tail import JournalTail
from spooltool.store.root import Spool
from spooltool.store.trash import trash_files
from spooltool.workers.queue import Trash

STEP = 10.0
"""Seconds of one value of the histories."""

VALUES = 60


class Flow:
    """Messages that came, that left and that were there, by ten seconds."""

    def __init__(self) -> None:
        self.arrived = self.left = 0
        self._begun: float | None = None
        self._past: deque[tuple[int, int, int]] = deque(maxlen=VALUES - 1)

    def pass_time(self, now: float, depth: int) -> None:
        """It is `now` (any clock that never goes back), and so many messages are there."""
        if self._begun is None:
            self._begun = now
        while now - self._begun >= STEP:
            self._begun += STEP
            self._past.append((self.arrived, self.left, depth))
            self.arrived = self.left = 0
            if now - self._begun > STEP * VALUES:  # after a long sleep nothing else is known
                self._begun = now

    def histories(self, depth: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """What came, what left, what was there, oldest first; of the last what is there now.

        What came and left in the ten seconds that run is no rate yet, and would look like one
        that drops.
        """
        arrived = tuple(come for come, _, _ in self._past)
        left = tuple(gone for _, gone, _ in self._past)
        return arrived, left, (*(there for _, _, there in self._past), depth)


class Beside:
    """Disk, trash and journal of a spool, as they were looked at last."""

    def __init__(self) -> None:
        self.disk: Disk | None = None
        self.trash = Trash()
        self.transactions: tuple[Shown, ...] = ()
        self._journal = JournalTail()

    def look(self, spool: Callable[[], Spool]) -> Iterator[None]:
        """Look at them, in slices; between two the spool may have been opened anew."""
        self.disk = disk_of(spool())
        yield
        self.trash = _trash(spool())
        yield
        yield from self._journal.read_on(spool())
        self.transactions = tuple(map(shown_in_brief, self._journal.last()))


def _trash(spool: Spool) -> Trash:
    try:
        found = trash_files(spool)
    except OSError:
        return Trash()
    oldest = found[0].since if found else None
    return Trash(len(found), sum(one.size for one in found), oldest)
