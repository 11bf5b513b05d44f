"""How messages that are gone left the queue: the log's word for it, and the journal's."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from spooltool.diagnose.leaving import Trail
from spooltool.errors import SpooltoolError
from spooltool.live.logfile import LogFile
from spooltool.logs import parse_line
from spooltool.look.log_places import log_of_dequeuer
from spooltool.look.sight import Sight
from spooltool.spool.names import OWN_DIR, in_trash
from spooltool.store.journal import Transaction, read_journal
from spooltool.store.root import Spool


def how_they_left(sight: Sight, ids: Collection[str], since: float) -> dict[str, str]:
    """Number to `delivered by 10.1.5.2:25: 250 ok`; only those of which the log tells.

    `since` is unix seconds: earlier lines are not read.
    """
    if not ids:
        return {}
    trails: dict[str, Trail] = {}
    try:
        log = LogFile(log_of_dequeuer(sight), since)
        try:
            while True:
                for raw in log.poll():
                    line = parse_line(raw)
                    if line.id in ids:
                        trails.setdefault(line.id, Trail()).add(line)
                if log.caught_up:
                    break
        finally:
            log.close()
    except SpooltoolError:
        return {}  # a log that cannot be read tells nothing; the change stands
    return {id: _words(trail) for id, trail in trails.items() if trail.outcome != "left"}


def _words(trail: Trail) -> str:
    by = f" by {trail.host}" if trail.host else ""
    said = f": {trail.reply}" if trail.reply else ""
    return f"{trail.outcome}{by}{said}"


class Deletions:
    """What operators deleted, as the journal has it; read again only when it has grown."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._size = -1
        self._told: dict[str, str] = {}

    def of(self, number: str) -> str:
        """`txn 7d by jo: spam`; "" where no operator deleted the message."""
        try:
            size = os.stat("journal", dir_fd=self._spool.dir_fd(OWN_DIR)).st_size
            if size != self._size:
                self._size = size
                self._told = _deletions(read_journal(self._spool))
        except (OSError, SpooltoolError):
            return ""  # no journal, or one that may not be read, tells nothing
        return self._told.get(number, "")


def _deletions(transactions: Iterable[Transaction]) -> dict[str, str]:
    """Number to who deleted it; what was changed again since counts no more."""
    found: dict[str, str] = {}
    for one in transactions:
        not_done = {outcome.id for outcome in one.outcomes if outcome.result != "done"}
        for change in one.changes:
            if change.id in not_done:
                continue
            if change.remove or in_trash(change.to):
                reason = f": {one.reason}" if one.reason else ""
                found[change.id] = f"txn {one.txn} by {one.actor.user}{reason}"
            else:
                found.pop(change.id, None)
    return found
