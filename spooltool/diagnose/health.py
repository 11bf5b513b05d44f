"""What `status --check` measures, where it warns, and the verdict of a monitoring plug-in.

One table says everything; option texts, help and docs are made from it.  A count or an age
is bad when it is above its limit, a share when it is below, a state when it is down: as the
ranges of the plug-in convention have it (`10` is more than 10, `10:` less than 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import NamedTuple

from spooltool.errors import CheckCode, UsageError
from spooltool.query.grammar import Kind as ValueKind
from spooltool.query.patterns import read_number


class Kind(Enum):
    """What a measure counts, and how its limits are written."""

    COUNT = auto()
    AGE = auto()
    SHARE = auto()
    STATE = auto()


class Measure(NamedTuple):
    """One thing to watch: name, kind, meaning, and the limits when none are given ("" none)."""

    name: str
    kind: Kind
    meaning: str
    warn: str = ""
    crit: str = ""


MEASURES: tuple[Measure, ...] = (
    Measure("stuck", Kind.COUNT, "messages that are stuck", "10", "100"),
    Measure("oldest", Kind.AGE, "age of the oldest message that is not set aside", "4h", "1d"),
    Measure("notices", Kind.COUNT, "error mails that are owed and not out", "10", "100"),
    Measure("partial", Kind.COUNT, "partly received, and no writer is left", "0", "10"),
    Measure("held", Kind.COUNT, "messages that operators hold"),
    Measure("quarantined", Kind.COUNT, "messages in quarantine"),
    Measure("messages", Kind.COUNT, "all messages in the spool"),
    Measure("disk", Kind.SHARE, "share of the disk's bytes that is free", "10%", "5%"),
    Measure("inodes", Kind.SHARE, "share of the disk's inodes that is free", "10%", "5%"),
    Measure("relay", Kind.STATE, "whether the dequeuer answers", "", "down"),
    Measure("intake", Kind.STATE, "whether the intake runs", "down", ""),
    Measure("scan", Kind.AGE, "time since the last scan; at least 10 scan periods", "1m", "5m"),
)
"""Every measure, in the order of the performance data."""

MEASURE: dict[str, Measure] = {measure.name: measure for measure in MEASURES}
"""The same by name."""

OFF = "off"
"""In place of a limit: there is none."""

_DOWN = "down"
_EXAMPLE = {
    Kind.COUNT: "10",
    Kind.AGE: "4h",
    Kind.SHARE: "10%",
    Kind.STATE: _DOWN,
}

Limits = Mapping[str, float]
"""Limit by measure; measures without one are left out.  Ages in seconds, shares in percent."""


def usual_limits(scan_period: int) -> tuple[dict[str, float], dict[str, float]]:
    """The limits (warn, crit) of the table; a slow scan makes those of `scan` wider."""
    warn = {m.name: _number(m, m.warn) for m in MEASURES if m.warn}
    crit = {m.name: _number(m, m.crit) for m in MEASURES if m.crit}
    warn["scan"] = max(warn["scan"], 10.0 * scan_period)
    crit["scan"] = max(crit["scan"], 50.0 * scan_period)
    return warn, crit


def changed_limits(option: str, texts: Iterable[str], limits: Limits) -> dict[str, float]:
    """The limits with `stuck=10,oldest=4h,held=off` put in.  Raises UsageError.

    `stuck:10`, as a query would have it, means the same.
    """
    changed = dict(limits)
    for item in (item for text in texts for item in text.split(",")):
        name, equals, value = item.replace(":", "=", 1).partition("=")
        measure = MEASURE.get(name.strip().lower())
        if measure is None:
            raise UsageError(f"{option} {item}: no such measure: one of {', '.join(MEASURE)}")
        example = f"such as {measure.name}={_EXAMPLE[measure.kind]}, or {measure.name}={OFF}"
        if not equals:
            raise UsageError(f"{option} {item}: a limit is missing, {example}")
        if value == OFF:
            changed.pop(measure.name, None)
            continue
        try:
            changed[measure.name] = _number(measure, value)
        except ValueError:
            raise UsageError(f"{option} {item}: not a limit, {example}") from None
    return changed


def check_order(warn: Limits, crit: Limits) -> None:
    """Refuse a warning that would come after the alarm.  Raises UsageError."""
    for name in warn.keys() & crit.keys():
        below = MEASURE[name].kind in (Kind.SHARE, Kind.STATE)
        if warn[name] < crit[name] if below else warn[name] > crit[name]:
            raise UsageError(
                f"{name} would be critical before it warns: give both --warn and --crit"
            )


def _number(measure: Measure, text: str) -> float:
    """A limit as a number.  Raises ValueError."""
    match measure.kind:
        case Kind.STATE:
            found = 1 if text == _DOWN else None
        case Kind.AGE:
            found = read_number(ValueKind.AGE, text)
        case _:
            number = text.removesuffix("%") if measure.kind is Kind.SHARE else text
            found = read_number(ValueKind.COUNT, number)
    if found is None or (measure.kind is Kind.SHARE and found > 100):
        raise ValueError(text)
    return float(found)


class Reading(NamedTuple):
    """One measure as it was found; `value` None: it could not be asked, `why_not` says why.

    `limit` is the one that was passed, None where none was.
    """

    measure: Measure
    value: float | None
    code: CheckCode
    limit: float | None = None
    why_not: str = ""


class Verdict(NamedTuple):
    """The verdict: worst code, every reading, and the limits that were used."""

    code: CheckCode
    readings: tuple[Reading, ...]
    warn: Limits
    crit: Limits


_WORST_FIRST = (CheckCode.CRITICAL, CheckCode.WARNING, CheckCode.UNKNOWN, CheckCode.OK)


def judge(
    values: Mapping[str, float | None], warn: Limits, crit: Limits, why_not: str = ""
) -> Verdict:
    """Compare values with limits.  What is not in `values` does not exist here.

    None is a value that could not be asked (`why_not`): unknown, where it has a limit.
    """
    readings = tuple(
        _reading(measure, values[measure.name], warn, crit, why_not)
        for measure in MEASURES
        if measure.name in values
    )
    return Verdict(worst(reading.code for reading in readings), readings, warn, crit)


def worst(codes: Iterable[CheckCode]) -> CheckCode:
    """The code that counts: critical before warning before unknown."""
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), CheckCode.OK)


def _reading(
    measure: Measure, value: float | None, warn: Limits, crit: Limits, why_not: str
) -> Reading:
    name = measure.name
    if value is None:
        asked = name in warn or name in crit
        return Reading(measure, None, CheckCode.UNKNOWN if asked else CheckCode.OK, why_not=why_not)
    below = measure.kind in (Kind.SHARE, Kind.STATE)
    for code, limits in ((CheckCode.CRITICAL, crit), (CheckCode.WARNING, warn)):
        limit = limits.get(name)
        if limit is not None and (value < limit if below else value > limit):
            return Reading(measure, value, code, limit)
    return Reading(measure, value, CheckCode.OK)
