r"""Records of tracker.log, in the text form of `fw log`:

    22Mar2017 13:42:02 accept 10.59.31.10 >Internal src: 10.59.0.58; dst: 165.225.32.40; rule: 13;

that is date, time, action, origin, `>` or `<` with an interface where there is one, then
`name: value;` pairs.  That form knows no quoting; here a `;`, control bytes and the like
inside a value are written `\xNN` or `\uNNNN`, which reads back.  Times are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from spooltool.logs.instant import TRACKER, from_tracker, tracker
from spooltool.logs.quoting import raw, unescape
from spooltool.spool.defects import Defect

TRACKER_FIELDS: dict[str, str] = {
    "id": "number of the message (ours)",
    "src": "address that the client or the relay connected from",
    "dst": "address that it connected to",
    "proto": "always tcp",
    "service": "port that it connected to",
    "s_port": "port that it connected from",
    "rule": "number of the rule that accepted the message",
    "from": "sender as sent on",
    "to": "recipient as sent on",
    "Orig_from": "sender as received, where rewriting changed it",
    "Orig_to": "recipient as received, where rewriting changed it",
    "Reason": "why it ended like this: the reply, or the relay's own words",
    "Resource": "resource that the message came in by",
    "Res_action": "what the resource did to it",
    "Len": "size of the message in bytes",
    "elapsed": "seconds from taking the message up to the answer (accounting)",
    "count": "recipients that got it (accounting, ours)",
    "proxy": "address and port of the proxy that spoke for the client (ours)",
    "product": "always relay (ours)",
}
"""Fields of a mail's record: attested names first, those that are ours marked so."""

DEFECTS: dict[str, str] = {
    "no-record": "the line does not begin with date, time, action and origin",
    "bad-time": "no such day or time",
    "bad-pair": "this is no `name: value;`",
    "open-pair": "the last pair is not closed by `;`",
}
"""Every defect code of a record, with its meaning."""

_HEAD = re.compile(TRACKER + rb" +([^\s:;]+) +([^\s:;]+)(?: +([<>])([^\s:;]*))?(?= |\Z)")
_WORD = re.compile(
    r"[^\s:;<>\\\x00-\x1f\x7f-\x9f\ud800-\udfff][^\s:;\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*\Z"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ .+()/-]*(?<! )\Z")


@dataclass(frozen=True, slots=True)
class Record:
    """One record.  `time` is unix seconds, `direction` `>`, `<` or "" without an interface."""

    time: float = 0.0
    action: str = ""
    origin: str = ""
    direction: str = ""
    interface: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    defects: tuple[Defect, ...] = ()

    def get(self, name: str) -> str | None:
        """Value of the first field of this name; None when there is none."""
        return next((value for key, value in self.fields if key == name), None)


def format_record(
    time: float,
    action: str,
    origin: str,
    fields: Iterable[tuple[str, object]],
    *,
    direction: str = "",
    interface: str = "",
) -> str:
    """A line without its line end; a field of None is left out.

    Raises ValueError for an action, origin, interface or name that would not read back:
    those are words of the program, never of a message.
    """
    line = tracker(time) + _words(action, origin, direction, interface)
    for name, content in fields:
        if content is not None:
            line += f"{_label(name)}{_value(str(content))};"
    return line


def parse_record(line: bytes) -> Record:
    """Read a line, with or without its line end.  Never raises."""
    line = line.rstrip(b"\r\n")
    head = _HEAD.match(line)
    if head is None:
        text = line.decode("utf-8", "surrogateescape")
        defect = Defect("no-record", DEFECTS["no-record"], 1, 1)
        return Record(fields=(("", text),) if text else (), defects=(defect,))
    action, origin, direction, interface = (_text(head[group] or b"") for group in range(7, 11))
    time = from_tracker(head)
    defects = [] if time is not None else [Defect("bad-time", DEFECTS["bad-time"], 1, 1)]
    fields = _pairs(_text(line[head.end() :]), head.end() + 1, defects)
    return Record(time or 0.0, action, origin, direction, interface, fields, tuple(defects))


def _pairs(rest: str, column: int, defects: list[Defect]) -> tuple[tuple[str, str], ...]:
    fields = []
    *parts, last = rest.split(";")
    if last.strip(" "):
        parts.append(last)
        defects.append(Defect("open-pair", DEFECTS["open-pair"], 1, column + len(rest)))
    for part in parts:
        name, colon, content = part.partition(":")
        name = name.strip(" ")
        if not colon or not name:
            if part.strip(" "):
                defects.append(Defect("bad-pair", DEFECTS["bad-pair"], 1, column))
        else:
            fields.append((name, unescape(content.strip(" "))))
        column += len(part) + 1
    return tuple(fields)


@lru_cache(maxsize=256)
def _words(action: str, origin: str, direction: str, interface: str) -> str:
    for word in (action, origin, interface):
        if word and _WORD.match(word) is None:
            raise ValueError(f"not a word of a record: {word!r}")
    if not action or not origin or direction not in ("", ">", "<") or (interface and not direction):
        raise ValueError("a record wants an action and an origin, an interface a direction")
    return f" {action} {origin} {direction}{interface}" if direction else f" {action} {origin}"


@lru_cache(maxsize=256)
def _label(name: str) -> str:
    if _NAME.match(name) is None:
        raise ValueError(f"not the name of a field: {name!r}")
    return f" {name}: "


def _value(text: str) -> str:
    escaped = raw(text, also=";")
    if escaped[:1] == " ":
        escaped = "\\x20" + escaped[1:]
    if escaped[-1:] == " ":
        escaped = escaped[:-1] + "\\x20"
    return escaped


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
