"""JSON objects, one a line: the schemas in docs/schema say what each key means.

Every key is always there, null for unknown.  Text is UTF-8; where bytes do not decode,
U+FFFD stands for them and `raw.KEY` has all bytes of the value in base64.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spooltool.diagnose.row import Row
from spooltool.render.text import HIDDEN as _HIDDEN
from spooltool.render.units import rfc3339
from spooltool.spool.recipient import PENDING_MARKS

if TYPE_CHECKING:
    from spooltool.render.message import Shown

VERSION = 1
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def text_line(record: dict[str, Any]) -> bytes:
    """A record as one line of JSON, without its line end.

    What a terminal would obey or hide (C1, bidi overrides) is written as `\\uXXXX`, which
    reads back the same.
    """
    line = _ENCODE(record)
    if line.isascii() and "\x7f" not in line:
        return line.encode("ascii")
    return _HIDDEN.sub(_as_escape, line).encode("utf-8")


def _as_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


class Cleaner:
    """Text of a record's values; remembers what did not decode."""

    __slots__ = ("raw",)

    def __init__(self) -> None:
        self.raw: dict[str, Any] = {}

    def text(self, key: str, value: str | None) -> str | None:
        """The value with U+FFFD where it has no character."""
        if value is None or value.isascii():
            return value
        clean, broken = _clean(value)
        if broken:
            self.raw[key] = _base64(value)
        return clean

    def texts(self, key: str, values: Sequence[str]) -> list[str]:
        """Several values; `raw.KEY` is then a list as long."""
        cleaned = [_clean(value) for value in values]
        if any(broken for _, broken in cleaned):
            self.raw[key] = [_base64(value) for value in values]
        return [clean for clean, _ in cleaned]


def _clean(value: str) -> tuple[str, bool]:
    data = value.encode("utf-8", "surrogateescape")
    clean = data.decode("utf-8", "replace")
    return clean, clean != value


def _base64(value: str) -> str:
    return b64encode(value.encode("utf-8", "surrogateescape")).decode("ascii")


def row_record(row: Row) -> dict[str, Any]:
    """One message of `ls --json`; docs/schema/ls.json."""
    clean = Cleaner()
    state, verdict, age = row.state, row.verdict, row.age
    results = row.results
    marks = [recipient.mark for recipient in results]
    delivered = marks.count("D")
    ended = len(marks) - sum(map(marks.count, PENDING_MARKS))
    record = {
        "v": VERSION,
        "id": row.id,
        "file": row.file,
        "standing": verdict.word,
        "stuck": verdict.reason or None,
        "why": clean.text("why", row.why),
        "from": clean.text("from", row.sender),
        "recipients": clean.texts("recipients", [one.address for one in results]),
        "pending": len(marks) - ended if results else None,
        "delivered": delivered if results else None,
        "failed": ended - delivered if results else None,
        "dst": clean.text("dst", row.get("DST")),
        "dport": row.dport,
        "route": clean.text("route", row.get("ROUTE")),
        "notice": row.notice.value if row.notice else None,
        "err_server": clean.text("err_server", row.get("ERR_SERVER")),
        "err_route": clean.text("err_route", row.get("ERR_ROUTE")),
        "rule": clean.text("rule", row.rule),
        "resource": clean.text("resource", row.resource),
        "size": row.size if row.readable else None,
        "attempts": row.attempts,
        "arrived": rfc3339(row.arrived),
        "age": None if age is None else int(age),
        "age_exact": row.age_is_exact,
        "as_of": rfc3339(row.around.now),
        "next_try": rfc3339(row.next_try),
        "last_try": rfc3339(state.last_try or None) if state else None,
        "last_code": row.code,
        "last_enhanced": state.enhanced or None if state else None,
        "last_host": clean.text("last_host", state.host or None) if state else None,
        "last_text": clean.text("last_text", state.text or None) if state else None,
        "holder": clean.text("holder", row.around.holder or None),
        "suspended": row.around.suspended,
        "error": clean.text("error", row.error or None),
    }
    record["raw"] = clean.raw or None
    return record


def message_record(shown: Shown) -> dict[str, Any]:
    """One message of `show --json`: that of `ls`, with results, defects and headers."""
    row = shown.row
    record = row_record(row)
    raw: dict[str, Any] = record.pop("raw") or {}
    clean = Cleaner()
    clean.raw = raw
    results = row.results
    texts = clean.texts("results.text", [one.text for one in results])
    hosts = clean.texts("results.host", [one.host for one in results])
    record["results"] = [
        {
            "recipient": address,
            "mark": one.mark,
            "code": one.code or None,
            "enhanced": one.enhanced or None,
            "attempts": one.attempts,
            "last_try": rfc3339(one.last_try or None),
            "next_try": rfc3339(one.next_try or None),
            "host": host or None,
            "text": text or None,
        }
        for one, address, host, text in zip(
            results, record["recipients"], hosts, texts, strict=True
        )
    ]
    record["given_up"] = rfc3339(shown.given_up)
    record["defects"] = [
        {"code": one.code, "text": clean.text("defects", one.text), "line": one.line or None,
         "column": one.column or None}
        for one in shown.defects
    ]  # fmt: skip
    for name, block in (("original", shown.original), ("modified", shown.modified)):
        text = block.decode("utf-8", "surrogateescape")
        record[f"{name}_headers"] = clean.text(f"{name}_headers", text)
    record["header_changes"] = [
        {"fields": list(change.fields), "done": change.done.value, "by": change.by or None}
        for change in shown.changes
    ]
    record["body"] = shown.body if row.readable else None
    record["raw"] = clean.raw or None
    return record
