"""One line for monitoring: verdict, text, performance data.

The form is that of the Monitoring Plugins guidelines: `WORD - text | label=value[unit];warn;
crit;min;max …`, in one line, so that no `|` may stand in the text.
"""

from __future__ import annotations

from spooltool.diagnose.health import MEASURES, OFF, Kind, Limits, Reading, Verdict
from spooltool.diagnose.tally import Tally
from spooltool.errors import CheckCode
from spooltool.render.summary import reason_parts
from spooltool.render.text import visible
from spooltool.render.units import age, ago, plural

_SAID = {
    "stuck": ("{} stuck", "{} stuck"),
    "notices": ("{} notice due", "{} notices due"),
    "partial": ("{} partial", "{} partial"),
    "held": ("{} held", "{} held"),
    "quarantined": ("{} in quarantine", "{} in quarantine"),
    "messages": ("{} message", "{} messages"),
}


def check_line(verdict: Verdict, tally: Tally, place: str, unreadable: tuple[str, ...]) -> str:
    """The whole line; `unreadable` names what of the spool could not be read.

    Ends with the host that most is stuck at, and where this is.
    """
    problems = [
        _problem(reading) for code in (CheckCode.CRITICAL, CheckCode.WARNING, CheckCode.UNKNOWN)
        for reading in verdict.readings if reading.code is code
    ]  # fmt: skip
    problems += [f"{visible(what)}: a part could not be read" for what in unreadable]
    parts = problems or [_quiet(verdict, tally)]
    if tally.stuck:
        parts.append(reason_parts(tally, 1)[0])
    text = f"{'; '.join(parts)}; {place}"
    return f"{verdict.code.name} - {_one_line(text)} | {_performance(verdict)}"


def unknown_line(why: str) -> str:
    """The line of a check that could not be made."""
    return f"{CheckCode.UNKNOWN.name} - {_one_line(why)}"


def _one_line(text: str) -> str:
    return visible(text).replace("|", "/")


def _problem(reading: Reading) -> str:
    measure, value = reading.measure, reading.value
    if value is None:
        return f"{measure.name} not known: {visible(reading.why_not)}"
    limit = f" (limit {_limit(reading)})" if measure.kind is not Kind.STATE else ""
    match measure.name:
        case "oldest":
            return f"oldest {age(value)}{limit}"
        case "scan":
            return f"last scan {ago(value)} ago{limit}"
        case "disk" | "inodes":
            what = "of the disk" if measure.name == "disk" else "of the inodes"
            return f"{value:.0f} % {what} free{limit}"
        case "relay" | "intake":
            return f"{measure.name} down"
        case name:
            one, many = _SAID[name]
            return (one if value == 1 else many).format(f"{int(value):,}") + limit


def _limit(reading: Reading) -> str:
    limit = reading.limit or 0.0
    match reading.measure.kind:
        case Kind.AGE:
            return age(limit)
        case Kind.SHARE:
            return f"{limit:.0f} %"
        case _:
            return f"{int(limit):,}"


def _quiet(verdict: Verdict, tally: Tally) -> str:
    """What is said when nothing is amiss."""
    values = {reading.measure.name: reading.value for reading in verdict.readings}
    text = f"{tally.stuck:,} stuck of {plural(tally.total, 'message')}"
    if values.get("oldest"):
        text += f", oldest {age(values['oldest'] or 0.0)}"
    return text + (", relay up" if values.get("relay") else "")


def _performance(verdict: Verdict) -> str:
    return " ".join(
        _datum(reading, verdict.warn, verdict.crit)
        for reading in verdict.readings
        if reading.value is not None
    )


def _datum(reading: Reading, warn: Limits, crit: Limits) -> str:
    name, kind, value = reading.measure.name, reading.measure.kind, reading.value or 0.0
    below = kind in (Kind.SHARE, Kind.STATE)
    limits = [
        "" if name not in found else f"{found[name]:.0f}" + ":" * below for found in (warn, crit)
    ]
    number = f"{value:.1f}%" if kind is Kind.SHARE else f"{value:.0f}{'s' * (kind is Kind.AGE)}"
    most = {Kind.SHARE: ";100", Kind.STATE: ";1"}.get(kind, "")
    return f"{name}={number};{';'.join(limits)};0{most}"


def limits_table() -> list[tuple[str, str, str, str]]:
    """Measure, meaning, warn and crit of the table, for help and docs."""
    return [(m.name, m.meaning, m.warn or OFF, m.crit or OFF) for m in MEASURES]


def limits_help() -> str:
    """The same as lines for the help."""
    lines = [("NAME", "", "WARN", "CRIT"), *limits_table()]
    widths = [max(len(line[at]) for line in lines) for at in range(4)]
    return "\n".join(
        f"  {name.ljust(widths[0])}  {warn.rjust(widths[2])}  {crit.rjust(widths[3])}  {meaning}"
        .rstrip()
        for name, meaning, warn, crit in lines
    )  # fmt: skip
