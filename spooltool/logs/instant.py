"""Times as they stand in log lines: RFC 3339 for .elg, `22Mar2017 13:42:02` for the tracker.

Both are UTC.  Seconds are memorised, for neighbouring lines share them: a busy relay
writes thousands of lines a second.
"""

from __future__ import annotations

import re
from functools import lru_cache

LATEST = 253402300799
"""The last second of the year 9999: later times are written as this one."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = {name: number for number, name in enumerate(_MONTHS, start=1)}

RFC3339 = (
    rb"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb"(\.[0-9]{1,9})?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
"""RFC 3339 date-time as a pattern with ten groups; `from_rfc3339` reads a match of it."""

TRACKER = rb"([0-9]{1,2})([A-Z][a-z]{2})([0-9]{4}) +([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
"""The tracker's date and time as a pattern with six groups; `from_tracker` reads a match."""


def rfc3339(time: float) -> str:
    """`2026-11-24T19:43:59.123Z`: UTC, to the nearest millisecond."""
    thousandths = int(min(max(time, 0.0), LATEST + 0.999) * 1000 + 0.5)
    seconds, milli = divmod(thousandths, 1000)
    return f"{_second(min(seconds, LATEST))}.{milli:03d}Z"


def tracker(time: float) -> str:
    """`22Mar2017 13:42:02`: UTC, whole seconds."""
    return _tracker_second(int(min(max(time, 0), LATEST)))


@lru_cache(maxsize=64)
def _tracker_second(time: int) -> str:
    year, month, day, hour, minute, second = _civil(time)
    return f"{day}{_MONTHS[month - 1]}{year:04d} {hour:2d}:{minute:02d}:{second:02d}"


def from_rfc3339(match: re.Match[bytes]) -> float | None:
    """Unix seconds of a match of RFC3339 that is the whole of it; None for no such day."""
    year, month, day, hour, minute, second, fraction, sign, off_hour, off_minute = match.groups()
    start = _unix(int(year), int(month), int(day))
    if start is None or int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        return None
    whole = start + int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign:
        offset = int(off_hour) * 3600 + int(off_minute) * 60
        whole += offset if sign == b"-" else -offset
    if not fraction or whole < 0:
        return float(whole)
    return float(b"%d%b" % (whole, fraction))  # a sum would not be the nearest float


def from_tracker(match: re.Match[bytes]) -> float | None:
    """Unix seconds of a match that begins with TRACKER; None for no such day."""
    day, name, year, hour, minute, second = match.groups()[:6]
    month = _MONTH.get(name.decode("ascii"))
    start = _unix(int(year), month, int(day)) if month else None
    if start is None or int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        return None
    return float(start + int(hour) * 3600 + int(minute) * 60 + int(second))


@lru_cache(maxsize=64)
def _second(time: int) -> str:
    year, month, day, hour, minute, second = _civil(time)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"


def _civil(time: int) -> tuple[int, int, int, int, int, int]:
    """Year, month, day, hour, minute, second of a unix time in UTC.

    Days are counted from 1 March of year 0, so that the leap day is a year's last.
    """
    days, rest = divmod(time, 86400)
    days += 719468
    era, day_of_era = divmod(days, 146097)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, day, rest // 3600, rest % 3600 // 60, rest % 60


@lru_cache(maxsize=64)
def _unix(year: int, month: int, day: int) -> int | None:
    """Unix time of the start of a day; None for no such day."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    shifted = year - (month <= 2)
    era, year_of_era = divmod(shifted, 400)
    month_from_march = month - 3 if month > 2 else month + 9
    day_of_year = (153 * month_from_march + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    time = (era * 146097 + day_of_era - 719468) * 86400
    return time if _civil(time)[:3] == (year, month, day) else None
