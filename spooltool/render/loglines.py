"""Log lines: for a screen with the time first and the reply last, for a pipe as they are.

The pane of the full screen has a narrower form, `pane_words` with `pane_time` before it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from spooltool.diagnose.logkind import name_of
from spooltool.logs import parse_line, parse_record
from spooltool.render.record import VERSION, Cleaner
from spooltool.render.text import visible
from spooltool.render.units import clock, plural, rfc3339, size, stamp

SHORT: dict[str, str] = {"mdq.elg": "mdq", "asmtpd.elg": "asm", "tracker.log": "trk"}
"""The logs, and what stands for them on a screen."""

_LAST = ("reply", "Reason", "text", "error")
_FIRST = ("host", "src", "sender", "from", "to")


class Logged(NamedTuple):
    """One line of a log, read.  `time` is unix seconds, 0 where no line had one yet."""

    log: str
    time: float
    line: bytes
    id: str
    event: str
    fields: dict[str, str]
    text: str


def read_line(log: str, time: float, line: bytes) -> Logged:
    """Read a line of mdq.elg, asmtpd.elg or tracker.log.  Never raises."""
    if log == "tracker.log":
        record = parse_record(line)
        fields = dict(record.fields)
        number = fields.pop("id", "")
        return Logged(log, time, line, number, record.action, fields, fields.pop("", ""))
    parsed = parse_line(line)
    return Logged(log, time, line, parsed.id, parsed.event, dict(parsed.fields), parsed.text)


def screen_line(one: Logged) -> str:
    """`2026-11-24 19:43:58  mdq  001njq5a  put-off    10.1.5.2:25  a@b.c  451 4.7.1 slow down`."""
    when = stamp(one.time) if one.time else " " * 19
    return visible(
        f"{when}  {SHORT.get(one.log, one.log)}  {one.id or '-':<8}  {one.event or '-':<10}  "
        f"{_facts(one)}"
    ).rstrip()


def _facts(one: Logged) -> str:
    fields = one.fields
    words = [_written(key, fields[key]) for key in _FIRST if fields.get(key)]
    words += [
        f"{key}={value}"
        for key, value in fields.items()
        if key not in _FIRST and key not in _LAST and value
    ]
    words += [fields[key] for key in _LAST if fields.get(key)]
    if one.text:
        words.append(one.text)
    return "  ".join(words)


def _written(key: str, value: str) -> str:
    return f"from {value}" if key in ("src", "sender", "from") else value


def pane_time(at: float, now: float) -> str:
    """`19:43:58`, with the day before it where it is another one; blank for an unknown time."""
    return clock(at, now) if at else " " * 8


def pane_words(one: Logged) -> str:
    """`mdq  R001njq5a put off   10.1.5.2 connection refused`: a line without its time."""
    name = name_of(one.id, one.event) or "-"
    event = _PANE_EVENTS.get(one.event) or one.event.replace("-", " ") or "-"
    return _pane(SHORT.get(one.log, one.log), name, event, _pane_facts(one))


def operator_words(txn: str, verb: str, count: int, who: str, reason: str) -> str:
    """`op   txn 9f    hold 14   root@pts/3: spam wave`: a transaction as a line of the log."""
    return _pane("op", f"txn {txn}", f"{verb} {count:,}", f"{who}: {reason}" if reason else who)


_PANE_EVENTS = {"scan-stop": "limit"}
_OUTCOMES = ("delivered", "put-off", "rejected", "unknown")


def _pane(log: str, name: str, event: str, facts: str) -> str:
    return visible(f"{log:<4} {name:<9} {event:<9} {facts}").rstrip()


def _pane_facts(one: Logged) -> str:
    fields = one.fields
    if one.event == "stored":
        octets, recipients = _whole(fields.get("size")), _whole(fields.get("rcpts"))
        length = "?" if octets is None else size(octets)
        to = "" if recipients is None else f" to {plural(recipients, 'recipient')}"
        return f"{length} from {fields.get('src') or '?'}  {fields.get('sender') or '<>'}{to}"
    host = fields.get("host")
    if host and one.event.removeprefix("notice-") in _OUTCOMES:
        to = f"  to {fields['to']}" if fields.get("to") else ""
        return f"{host.removesuffix(':25')} {fields.get('reply', '')}{to}"
    return _facts(one)


def _whole(text: str | None) -> int | None:
    return int(text) if text and len(text) < 16 and text.isascii() and text.isdigit() else None


def pipe_line(one: Logged) -> str:
    """The line as it stands in its log, made visible."""
    return visible(one.line.decode("utf-8", "surrogateescape"))


def log_record(one: Logged) -> dict[str, Any]:
    """One line of `log --json`; docs/schema/log.json."""
    clean = Cleaner()
    return {
        "v": VERSION,
        "log": clean.text("log", one.log),
        "time": rfc3339(one.time or None),
        "id": clean.text("id", one.id or None),
        "event": clean.text("event", one.event or None),
        "fields": {
            clean.text("field", key): clean.text(f"fields.{key}", value)
            for key, value in one.fields.items()
        },
        "text": clean.text("text", one.text or None),
        "line": clean.text("line", one.line.decode("utf-8", "surrogateescape")),
        "raw": clean.raw or None,
    }
