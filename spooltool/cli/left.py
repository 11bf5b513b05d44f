"""How messages that are gone left the queue: the log's word for it."""

from __future__ import annotations

import os
from collections.abc import Collection

from spooltool.cli.invocation import Invocation
from spooltool.diagnose.leaving import Trail
from spooltool.errors import SpooltoolError
from spooltool.live.logfile import LogFile
from spooltool.logs import parse_line
from spooltool.spool.names import OWN_DIR


def log_of_dequeuer(invocation: Invocation) -> str:
    """The path of mdq.elg, whether it is there or not."""
    directory = invocation.settings.logdir
    directory = directory or os.path.join(invocation.spool.path, OWN_DIR, "log")
    return os.path.join(directory, "mdq.elg")


def how_they_left(invocation: Invocation, ids: Collection[str], since: float) -> dict[str, str]:
    """Number to `delivered by 10.1.5.2:25: 250 ok`; only those of which the log tells.

    `since` is unix seconds: earlier lines are not read.
    """
    if not ids:
        return {}
    trails: dict[str, Trail] = {}
    try:
        log = LogFile(log_of_dequeuer(invocation), since)
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
