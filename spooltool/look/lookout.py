"""Looking at the messages of a watch: where each stands, and how, read only when it changed.

A file whose place, inode and times are as before is not read again, unless time alone may
have changed its standing (overdue, partial) or somebody has taken its lock.  Nothing here
locks or writes.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace

from spooltool.diagnose.down import Down
from spooltool.diagnose.leaving import Trail
from spooltool.diagnose.row import Found, Row
from spooltool.diagnose.suspension import Keeper
from spooltool.errors import SpooltoolError
from spooltool.look.relay_view import Holders, ask_relay, find_holders
from spooltool.look.sight import Sight
from spooltool.render.following import Stand
from spooltool.spool.names import TRASH, SpoolName
from spooltool.spool.states import Circumstance
from spooltool.store.scan import read_entry, scan

_FEW = 50
"""Up to so many are looked up one by one; for more the directories are listed."""

_NEVER = float("inf")

Sign = tuple[str, str, int, int]


@dataclass
class Watched:
    """One message under watch.  `sign` and `holder` tell whether its file must be read again.

    `stand` is None before the first look, `stale_at` when time alone may change it,
    `gone_since` (monotonic) when it was first missed, `outcome` how it left.
    """

    id: str
    file: str
    sign: Sign | None = None
    holder: str = ""
    stale_at: float = _NEVER
    stand: Stand | None = None
    pending: int = 1
    gone_since: float = 0.0
    outcome: str = ""
    trail: Trail = field(default_factory=Trail)


class Lookout:
    """The files of a spool as a watch sees them.  `relay` is the last answer of the relay."""

    def __init__(self, sight: Sight) -> None:
        self.relay = sight.relay
        self._spool = sight.spool
        self._settings = sight.settings
        self._holders = Holders({}, {})
        self._down = Down(self.relay.destinations)
        self._keeper = Keeper(self.relay.orders)

    def ask(self) -> bool:
        """Ask the relay how it is and who holds what; whether it went up or down meanwhile."""
        with suppress(SpooltoolError, OSError):  # what was open until now stays so
            self._spool.refresh()
        was_up = self.relay.up
        self.relay = ask_relay(self._spool)
        self._holders = find_holders(self._spool, self.relay)
        self._down = Down(self.relay.destinations)
        self._keeper = Keeper(self.relay.orders)
        return self.relay.up != was_up

    def places(self, ids: Collection[str]) -> dict[str, SpoolName]:
        """Where they stand now.  What a pass over the directories missed is looked for."""
        wanted = set(ids)
        found: dict[str, SpoolName] = {}
        if len(ids) > _FEW:
            found = {n.number: n for n in scan(self._spool).names() if n.number in wanted}
        for id in wanted - found.keys():
            for name in self._spool.find(id):
                found[id] = name
        return found

    def look(self, message: Watched, name: SpoolName, now: float, *, closely: bool) -> Row | None:
        """The message's row; None when there is nothing new, or it moved in this moment.

        `closely` also asks who holds it: an attempt is seen when it lasts.
        """
        try:
            facts = os.stat(name.base, dir_fd=self._spool.dir_fd(name.dir), follow_symlinks=False)
        except OSError:
            return None
        sign = (name.dir, name.letter, facts.st_ino, facts.st_mtime_ns)
        holder, since = self._holders.of(name.number, facts.st_ino) if closely else ("", None)
        if (sign, holder) == (message.sign, message.holder) and now < message.stale_at:
            return None
        entry = read_entry(self._spool, name)
        if entry is None:
            return None
        around = replace(self._around(now), holder=holder)
        found = Found(name, entry.inode, entry.size, entry.mtime, entry.head, entry.error)
        row = self._keeper.mark(self._down.mark(Row(found, around, held_since=since)))
        message.sign, message.holder, message.file = sign, holder, name.file
        message.stale_at = self._stale_at(row, now)
        message.pending = sum(one.pending for one in row.results)
        return row

    def in_trash(self, number: str) -> bool:
        """Whether the trash holds it."""
        try:
            fd = self._spool.dir_fd(TRASH)
        except OSError:
            return False
        for letter in "TRE":
            try:
                os.stat(letter + number, dir_fd=fd, follow_symlinks=False)
            except OSError:
                continue
            return True
        return False

    def _around(self, now: float) -> Circumstance:
        settings = self._settings
        return Circumstance(
            now,
            timeout=settings.timeout,
            scan_period=settings.scan_period,
            relay_up=self.relay.up,
        )

    def _stale_at(self, row: Row, now: float) -> float:
        """When the same file may stand otherwise."""
        if row.letter == "T":
            at = row.mtime + row.around.timeout
        elif row.around.relay_up:
            due = max(row.facts.next_try or row.mtime, row.around.next_probe)
            at = due + row.around.grace
        else:
            return _NEVER
        return at if at > now else _NEVER
