"""Files to rows, with the clock, the relay and the holders of the moment.

Rows are made as `ls` makes them, by `look.selection.RowMaker`.  Nothing here locks or writes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from spooltool.control import Order
from spooltool.diagnose.relay import Destination, RelayView
from spooltool.diagnose.row import Row
from spooltool.errors import SpooltoolError
from spooltool.look.relay_view import find_holders
from spooltool.look.selection import RowMaker
from spooltool.look.sight import Sight
from spooltool.spool.names import TRASH, SpoolName
from spooltool.store.root import Spool
from spooltool.store.scan import Scan, read_entry, scan
from spooltool.workers.reading.asking import Asking
from spooltool.workers.reading.stock import Look

PATIENCE = 0.05
"""Seconds that a question to the relay may hold up the work."""

_FIRST_ANSWER = 0.5
"""The same of the first one: without its answer all mail is judged twice."""

_SILENT = RelayView(why_not="has not answered yet")

_NEVER = float("inf")
_RACY = 2_000_000_000
"""Nanoseconds in which a file may be written again without its times changing: clocks tick."""

_LEAST_LATE = 60.0
_LATE_SHARE = 60.0
"""How late a message is is told anew each minute, and less often the later it is."""

Clock = Callable[[], float]


class Shift(NamedTuple):
    """What a new answer of the relay may have changed.

    `numbers` and `inodes` are messages that somebody works on, or did; `hosts` those whose
    mail stands otherwise; `everything` that all mail may.
    """

    numbers: frozenset[str] = frozenset()
    inodes: frozenset[int] = frozenset()
    hosts: frozenset[str] = frozenset()
    everything: bool = False


class Looker:
    """Looks at a spool's files.  `trash` tells whether those in the trash count, too.

    `trouble` says why the spool is not to be found any more, "" while it is.
    """

    def __init__(self, sight: Sight, clock: Clock, patience: float = PATIENCE) -> None:
        self.path = sight.spool.path
        self._asking = Asking()
        self._patience = patience
        self.relay = self._asking.answer(sight.spool, max(_FIRST_ANSWER, patience)) or _SILENT
        self.trash = False
        self.trouble = ""
        self.clock = clock
        self._maker = RowMaker(sight.later(self.relay))
        self._holders = find_holders(sight.spool, self.relay)
        self._timeout = sight.settings.timeout

    @property
    def spool(self) -> Spool:
        """The spool, open."""
        return self._maker.spool

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode of its directory: another one may take its path."""
        facts = os.fstat(self.spool.fd)
        return facts.st_dev, facts.st_ino

    def set_clock(self) -> float:
        """Rows are of this moment from now on."""
        now = self.clock()
        self._maker.at(now)
        return now

    def reopen(self) -> None:
        """Follow the spool to directories that others stand in the place of."""
        try:
            self.spool.refresh()
        except SpooltoolError as error:
            self.trouble = error.message.removeprefix(f"{self.path}: ")
        except OSError as error:
            self.trouble = error.strerror or str(error)
        else:
            self.trouble = ""

    # the relay

    def ask(self) -> Shift | None:
        """Ask the relay how it is and who holds what; what that may have changed.

        None while it has not answered: ask again.
        """
        view = self._asking.answer(self.spool, self._patience)
        if view is None:
            return None
        was, held = self.relay, self._holders
        self.relay = view
        self._holders = find_holders(self.spool, self.relay)
        self._maker.hear(self.relay, self._holders)
        return Shift(
            held.numbers() | self._holders.numbers(),
            held.inodes() ^ self._holders.inodes(),
            _other_hosts(was.destinations, self.relay.destinations),
            was.up != self.relay.up or _signs(was.orders) != _signs(self.relay.orders),
        )

    # files

    def scan(self) -> Scan:
        """A pass over the directories that count."""
        directories = self.spool.directories
        return scan(self.spool, (*directories, TRASH) if self.trash else directories)

    def find(self, number: str) -> list[Look]:
        """A look at each file that carries a number now."""
        directories = self.scan().directories
        looks = [self.look(name) for name in self.spool.find(number, directories)]
        return [look for look in looks if look is not None]

    def stat(self, name: SpoolName) -> os.stat_result | None:
        """The file's facts; None when it is not there, or nobody may know."""
        try:
            fd = self.spool.dir_fd(name.dir)
            return os.stat(name.base, dir_fd=fd, follow_symlinks=False)
        except OSError:
            return None

    def look(self, name: SpoolName) -> Look | None:
        """Read a file; None when it is gone."""
        try:
            entry = read_entry(self.spool, name)
        except OSError:  # its directory is
            return None
        if entry is None:
            return None
        row = self._maker(entry)
        return Look(row, entry.changed, self._stale_at(row, entry.changed))

    def row(self, name: SpoolName) -> Row | None:
        """The row of a file; None when it is gone."""
        look = self.look(name)
        return look.row if look is not None else None

    def _stale_at(self, row: Row, changed: int) -> float:
        """When the same file may stand otherwise; at once where its times tell too little."""
        if row.head is None or time.time_ns() - changed < _RACY:
            return 0.0
        around = row.around
        now = around.now
        if row.letter == "T":
            at = row.mtime + self._timeout
        elif around.relay_up and row.waits_for_a_try:
            due = max(row.facts.next_try or row.mtime, around.next_probe)
            at = due + around.grace
            if at <= now:
                return now + max(_LEAST_LATE, (now - due) / _LATE_SHARE)
        else:
            at = _NEVER
        if row.arrived is None:
            at = min(at, row.mtime)
        return at if at > now else _NEVER


def _other_hosts(before: tuple[Destination, ...], after: tuple[Destination, ...]) -> frozenset[str]:
    """Hosts of destinations that went down, came up, or are probed at another time."""
    changed = _probes(before) ^ _probes(after)
    return frozenset(host for hosts, _ in changed for host in hosts)


def _probes(destinations: tuple[Destination, ...]) -> set[tuple[frozenset[str], float]]:
    return {
        (frozenset(host.host for host in one.hosts), one.next_probe)
        for one in destinations
        if one.down and one.next_probe
    }


def _signs(orders: tuple[Order, ...]) -> list[Order]:
    """Orders without what counts in them: that changes with each message."""
    return [replace(order, waiting=0) for order in orders]
