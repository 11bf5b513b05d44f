"""The clock of `--as-of`: a time, or when the spool was last touched.

A copied or dead spool is looked at as it was: ages, dues and standings are of that time.
"""

from __future__ import annotations

from datetime import datetime

from spooltool.errors import UsageError
from spooltool.look.survey import last_touched
from spooltool.render.text import visible
from spooltool.store.root import Spool

_FORMS = "2026-11-24T18:44:11Z, '2026-11-24 18:44', 1795545851 or last"


def moment_of(text: str, spool: Spool) -> float:
    """Unix seconds of `--as-of TEXT`.  Raises UsageError when it is no time."""
    if text == "last":
        return last_touched(spool)
    return read_time(text, "--as-of")


def read_time(text: str, option: str) -> float:
    """Unix seconds, an RFC 3339 time, or a local one.  Raises UsageError."""
    digits = text.removeprefix("@")
    if digits.replace(".", "", 1).isdigit() and digits.isascii() and len(digits) < 20:
        return float(digits)
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {visible(text)}: not a time", hint=f"such as {_FORMS}"
        ) from error
