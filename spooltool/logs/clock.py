"""The time of a log line of either kind, without reading the rest of it."""

from __future__ import annotations

import re

from spooltool.logs.instant import RFC3339, TRACKER, from_rfc3339, from_tracker

_ELG = re.compile(rb"\[[0-9]{1,10}@[^\]\s]{1,255}\] ?")
_RFC3339 = re.compile(RFC3339)
_TRACKER = re.compile(TRACKER)


def line_time(line: bytes) -> float | None:
    """Unix seconds of a line of an .elg file or of tracker.log; None when it has no time."""
    prefix = _ELG.match(line)
    if prefix is not None:
        stamp = _RFC3339.match(line, prefix.end())
        return from_rfc3339(stamp) if stamp is not None else None
    stamp = _TRACKER.match(line)
    return from_tracker(stamp) if stamp is not None else None
