"""Ages, sizes, counts and times as a person reads them.

Times are shown in a zone given by the caller (None: the zone of the process).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

MINUTE, HOUR, DAY = 60, 3600, 86400
_LATEST = 253402300799  # the last second of the year 9999


def age(seconds: float) -> str:
    """A duration in a column of six: `41s`, `58m`, `5h12m`, `5d00h`, `99d`."""
    whole = int(seconds)
    sign = "-" if whole < 0 else ""
    whole = abs(whole)
    if whole < MINUTE:
        return f"{sign}{whole}s"
    if whole < HOUR:
        return f"{sign}{whole // MINUTE}m"
    if whole < DAY:
        return f"{sign}{whole // HOUR}h{whole % HOUR // MINUTE:02d}m"
    if whole < 100 * DAY:
        return f"{sign}{whole // DAY}d{whole % DAY // HOUR:02d}h"
    return f"{sign}{whole // DAY}d"


def ago(seconds: float) -> str:
    """A duration in a sentence: `41 s`, `58 m`, `5h12m`."""
    text = age(max(0.0, seconds))
    return f"{text[:-1]} {text[-1]}" if seconds < HOUR else text


def due(seconds: float) -> str:
    """When the next try is: `in 8m`, `now`, or how long it is late, `-12m`."""
    if seconds >= 1:
        return f"in {age(seconds)}"
    if seconds > -MINUTE:
        return "now"
    return age(seconds)


def size(count: int) -> str:
    """Bytes in two or three digits with a unit: `512 B`, `48 KB`, `4.4 MB`."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("KB", "MB", "GB", "TB", "PB"):
        value /= 1024
        if value < 9.95 and unit != "KB":
            return f"{value:.1f} {unit}"
        if value < 999.5:
            return f"{max(1, round(value))} {unit}"
    return f"{value:.0f} PB"


def count(number: int) -> str:
    """A number with a comma between thousands."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 message`, `1,204 messages`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(at: float, zone: tzinfo | None = None) -> datetime | None:
    """The date of unix seconds; None outside of the years that a date can have."""
    if not 0 <= at <= _LATEST:
        return None
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def stamp(at: float, zone: tzinfo | None = None) -> str:
    """`2026-11-24 18:46:12`, or `?`."""
    when = moment(at, zone)
    return f"{when:%Y-%m-%d %H:%M:%S}" if when else "?"


def clock(at: float, now: float, zone: tzinfo | None = None) -> str:
    """The time alone where it is of the same day as `now`, else with its day."""
    when, today = moment(at, zone), moment(now, zone)
    if when is None or today is None:
        return "?"
    if when.date() == today.date():
        return f"{when:%H:%M:%S}"
    if abs(at - now) < 180 * DAY:
        return f"{when.day} {when:%b %H:%M:%S}"
    return f"{when:%Y-%m-%d %H:%M}"


def short_clock(at: float, now: float, zone: tzinfo | None = None) -> str:
    """A time to the minute."""
    when, today = moment(at, zone), moment(now, zone)
    if when is None or today is None:
        return "?"
    if when.date() == today.date():
        return f"{when:%H:%M}"
    return f"{when.day} {when:%b %H:%M}" if abs(at - now) < 180 * DAY else f"{when:%Y-%m-%d %H:%M}"


def rfc3339(at: float | None) -> str | None:
    """`2026-11-24T18:46:12Z`; None stays None, so does what no date can hold."""
    if at is None or not 0 <= at <= _LATEST:
        return None
    return datetime.fromtimestamp(int(at), UTC).isoformat()[:19] + "Z"
