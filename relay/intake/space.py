"""Whether there is room for more mail: `spool_limit` and `min_free`.

Both are looked at from a timer, so that MAIL costs a look at a variable.  The intake
closes before the disk is full: edits, notices and the journal need what is left.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from relay.config.kinds import MinFree
from relay.intake.failures import NO_SPACE
from relay.intake.settings import Settings
from relay.smtp.reply import Reply
from spooltool.spool.names import RESEND, SENDER
from spooltool.store.root import Spool

REOPEN_AT = 0.95
"""Share of `spool_limit` at which a closed intake opens again."""


class SpoolGate:
    """Closed from `limit` messages on until there are `REOPEN_AT` of it; 0 is no limit."""

    def __init__(self) -> None:
        self.closed = False

    def update(self, count: int, limit: int) -> bool:
        """Take a new count of messages; whether the gate is closed now."""
        threshold = limit * REOPEN_AT if self.closed else limit
        self.closed = limit > 0 and (count >= limit or (self.closed and count > threshold))
        return self.closed


@dataclass(frozen=True, slots=True)
class Free:
    """Bytes and inodes of a file system, free (for others than root) and in all."""

    octets: int
    octets_total: int
    inodes: int
    inodes_total: int

    @classmethod
    def of(cls, fd: int) -> Free:
        """Those of the file system of an open directory."""
        facts = os.fstatvfs(fd)
        block = facts.f_frsize
        return cls(facts.f_bavail * block, facts.f_blocks * block, facts.f_favail, facts.f_files)

    def lacks(self, wanted: MinFree) -> str:
        """What there is too little of: "bytes", "inodes" or "".

        A size asked for says nothing about inodes, and a file system that makes them as
        needed has a total of 0.
        """
        if self.octets < wanted.wanted(self.octets_total):
            return "bytes"
        if wanted.percent and self.inodes < wanted.wanted(self.inodes_total):
            return "inodes"
        return ""


def count_messages(spool: Spool) -> int:
    """How many files D_sender and D_resend hold."""
    count = 0
    for name in (SENDER, RESEND):
        with spool.listing(name) as place:
            count += len(os.listdir(place))
    return count


class Space:
    """Answers `admit` of every connection.

    Call `tick` about once a second and `accepted` for each stored message.  `report` is
    told when the intake closes (with why) and opens again ("").
    """

    def __init__(
        self,
        spool: Spool,
        report: Callable[[str], None],
        free: Callable[[int], Free] = Free.of,
    ) -> None:
        self._spool = spool
        self._report = report
        self._free = free
        self._gate = SpoolGate()
        self._count = 0
        self._since = 0
        self._next_count = 0.0
        self._counting: asyncio.Future[int] | None = None
        self._why = ""

    def refusal(self) -> Reply | None:
        """452 4.3.1 while there is no room."""
        return NO_SPACE if self._why else None

    def accepted(self) -> None:
        """One more message was stored: near the limit the next count comes early."""
        self._since += 1

    def tick(self, now: float, settings: Settings) -> None:
        """Look at the disk, and count the spool when that is due.

        The folders are listed in a thread, as they may hold a hundred thousand names.
        """
        limit = settings.spool_limit
        near = not self._gate.closed and self._count + self._since >= limit
        due = now >= self._next_count or near
        if limit and due and self._counting is None:
            self._next_count = now + settings.spool_limit_scan_period
            self._since = 0
            self._counting = asyncio.get_running_loop().run_in_executor(
                None, count_messages, self._spool
            )
            self._counting.add_done_callback(lambda done: self._counted(done, settings))
        self._decide(settings)

    def _counted(self, done: asyncio.Future[int], settings: Settings) -> None:
        self._counting = None
        if done.cancelled() or done.exception() is not None:
            return  # the folder cannot be read just now: the last count stands
        self._count = done.result()
        self._decide(settings)

    def _decide(self, settings: Settings) -> None:
        full = self._gate.update(self._count, settings.spool_limit)
        why = f"spool_limit {settings.spool_limit} reached: {self._count} messages" if full else ""
        if not why:
            try:
                lacking = self._free(self._spool.fd).lacks(settings.min_free)
            except OSError:
                lacking = ""  # the next write will tell
            if lacking:
                why = f"min_free {settings.min_free}: too few {lacking} free"
        if bool(why) != bool(self._why):
            self._report(why)
        self._why = why
