"""Durations as options give them: `90`, `90s`, `10m`, `2h`, `1d`."""

from __future__ import annotations

import re

from spooltool.errors import UsageError
from spooltool.render.text import visible

_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)\Z")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def read_span(option: str, text: str) -> float:
    """Seconds of a duration.  Raises UsageError."""
    match = _SPAN.match(text)
    if match is None:
        raise UsageError(f"{option} {visible(text)}: not a time", hint="such as 90s, 10m, 2h, 1d")
    return float(match[1]) * _SECONDS[match[2]]
