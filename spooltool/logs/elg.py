"""Lines of mdq.elg and asmtpd.elg.

    [4172@gw1] 2026-11-24T19:43:59.123Z 001njqb0 delivered host=10.1.5.7:25 to=a@b.c
    [195@firewall] max concurrent sent mails limit reached - spool scanning stops

The second form is the chapter's: no time, free text.  One reader takes both; what it
cannot read is text with a defect, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from spooltool.logs.instant import RFC3339, from_rfc3339, rfc3339
from spooltool.logs.quoting import raw, unescape, value
from spooltool.spool.defects import Defect

SCAN_STOP = "max concurrent sent mails limit reached - spool scanning stops"
"""The chapter's line about max_conns, word for word."""

NO_ID = "-"
"""What stands in a line for the id of no message."""

DEFECTS: dict[str, str] = {
    "no-prefix": "the line does not begin with [pid@host]",
    "bad-time": "no such day or time",
    "no-event": "the line has a time but no id and event after it",
    "bad-field": "this is no key=value",
    "open-quote": "a quoted value is never closed",
    "doubled-key": "a key stands twice; the last one counts",
}
"""Every defect code of a log line, with its meaning."""

_PREFIX = re.compile(rb"\[([0-9]{1,10})@([^\]\s\x00-\x1f]{1,255})\] ?")
_TIME = re.compile(RFC3339 + rb"(?= |\Z)")
_ID_EVENT = re.compile(rb" (-|[0-9A-Za-z]{1,17}) ([a-z][a-z0-9-]*)(?= |\Z)")
_FIELD = re.compile(r' +([a-z][a-z0-9_-]*)=(?:"((?:[^"\\]|\\.)*)"(?= |\Z)|([^" ]*)(?= |\Z))')
_JUNK = re.compile(r' +("(?:[^"\\]|\\.)*"|[^ ]+)| +\Z')
_TIMED_START = re.compile(r"[0-9]{4}-")
_WORD = re.compile(r"[a-z][a-z0-9_-]*\Z")
_ID = re.compile(r"[0-9A-Za-z]{1,17}\Z")
_HOST = re.compile(r"[!-\\^-~]{1,255}\Z")
_DASHES = re.compile("[-\u2010-\u2015\u2212\udc96]")


@dataclass(frozen=True, slots=True)
class ElgLine:
    """One line.  `time` is unix seconds, or None in the chapter's form; `id` "" for none.

    `text` is the free text: of the chapter's form all after the prefix, of ours the value
    of the key `text`, which `fields` leaves out.  Field values are text (surrogateescape).
    """

    pid: int = 0
    host: str = ""
    time: float | None = None
    id: str = ""
    event: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    defects: tuple[Defect, ...] = ()


def format_line(
    pid: int,
    host: str,
    time: float | None,
    id: str = "",
    event: str = "",
    fields: Mapping[str, object] | None = None,
    text: str = "",
) -> str:
    """A line without its line end.  Of a `time` of None `id`, `event` and `fields` are left out.

    Field values become text: None leaves the field out, True and False are 1 and 0.
    Raises ValueError for a host, id, event or key that the grammar does not have: those
    are words of the program, never of a message.
    """
    start = _prefix(pid, host)
    if time is None:
        escaped = raw(text)
        if _TIMED_START.match(escaped):
            escaped = f"\\x{ord(escaped[0]):02x}{escaped[1:]}"
        return start + escaped
    if id and _ID.match(id) is None:
        raise ValueError(f"not an id: {id!r}")
    line = f"{start}{rfc3339(time)} {id or NO_ID}{_word(event)}"
    if fields:
        for key, content in fields.items():
            if content is None:
                continue
            if isinstance(content, bool):
                content = int(content)
            line += f"{_word(key)}={value(content if isinstance(content, str) else str(content))}"
    return f"{line} text={value(text)}" if text else line


def parse_line(line: bytes) -> ElgLine:
    """Read a line, with or without its line end.  Never raises."""
    line = line.rstrip(b"\r\n")
    prefix = _PREFIX.match(line)
    if prefix is None:
        return ElgLine(text=_text(line), defects=(Defect("no-prefix", DEFECTS["no-prefix"], 1, 1),))
    pid, host, at = int(prefix[1]), _text(prefix[2]), prefix.end()
    stamp = _TIME.match(line, at)
    if stamp is None:
        return _chapter(pid, host, _text(line[at:]))
    time = from_rfc3339(stamp)
    if time is None:
        return _broken(pid, host, None, line, at, "bad-time")
    head = _ID_EVENT.match(line, stamp.end())
    if head is None:
        return _broken(pid, host, time, line, stamp.end(), "no-event")
    rest = line[head.end() :].decode("utf-8", "surrogateescape")
    fields, defects = _fields(rest, head.end() + 1) if rest else ({}, ())
    text = fields.pop("text", "")
    id = "" if head[1] == b"-" else head[1].decode("ascii")
    return ElgLine(pid, host, time, id, head[2].decode("ascii"), fields, text, defects)


def _chapter(pid: int, host: str, shown: str) -> ElgLine:
    text = unescape(shown)
    event = "scan-stop" if _DASHES.sub("-", text).rstrip() == SCAN_STOP else ""
    return ElgLine(pid, host, None, "", event, {}, text)


def _broken(pid: int, host: str, time: float | None, line: bytes, at: int, code: str) -> ElgLine:
    defect = Defect(code, DEFECTS[code], 1, at + 1)
    return ElgLine(pid, host, time, text=_text(line[at:]).lstrip(" "), defects=(defect,))


def _fields(rest: str, column: int) -> tuple[dict[str, str], tuple[Defect, ...]]:
    """Read `key=value` up to the end; junk becomes a defect each."""
    fields: dict[str, str] = {}
    defects: list[Defect] = []
    at = 0
    while at < len(rest):
        match = _FIELD.match(rest, at)
        if match is not None:
            key, quoted, bare = match.groups()
            if key in fields:
                defects.append(Defect("doubled-key", DEFECTS["doubled-key"], 1, column + at))
            fields[key] = bare if quoted is None else unescape(quoted)
            at = match.end()
            continue
        junk = _JUNK.match(rest, at)
        end = junk.end() if junk is not None else len(rest)
        word = rest[at:end].strip(" ")
        if word:
            code = "open-quote" if word.count('"') == 1 else "bad-field"
            defects.append(Defect(code, DEFECTS[code], 1, column + at))
        at = end
    return fields, tuple(defects)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=256)
def _prefix(pid: int, host: str) -> str:
    if pid < 0 or _HOST.match(host) is None:
        raise ValueError(f"not a process: {pid}@{host!r}")
    return f"[{pid}@{host}] "


@lru_cache(maxsize=1024)
def _word(word: str) -> str:
    """An event or key with the blank before it."""
    if _WORD.match(word) is None:
        raise ValueError(f"not an event or key: {word!r}")
    return f" {word}"
