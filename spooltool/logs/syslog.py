"""Entries as syslog messages (RFC 5424).

    <22>1 2026-11-24T19:43:59.123Z gw1 relay-mdq 4172 delivered [relay@32473 id="001njqb0" …] …

The facts stand in structured data, once more as text for a person behind it.  Values are
escaped as in the files first, so that no control character is in them, then as RFC 5424
6.3.3 asks.  32473 is the enterprise number of examples (RFC 5612): the project has none.
"""

from __future__ import annotations

import re

from spooltool.logs.entry import LONGEST, Entry
from spooltool.logs.instant import rfc3339
from spooltool.logs.quoting import raw

SD_ID = "relay@32473"
FACILITY = 2
"""The mail system."""

MAX_OCTETS = 8000
"""The longest message: common receivers take 8 KiB."""

_MAX_DATA = 6000
_LENGTHS = (60, 10)
_BOM = b"\xef\xbb\xbf"
_NOT_NAME = re.compile(r"[^!#-<>-\\^-~]")
_NOT_PRINTED = re.compile(r"[^!-~]")
_SPECIAL = re.compile(r'["\\\]]')


def format_syslog(entry: Entry) -> bytes:
    """The message, without any framing; at most `MAX_OCTETS` long."""
    priority = FACILITY * 8 + entry.severity
    head = (
        f"<{priority}>1 {rfc3339(entry.time)} {_printed(entry.host, 255)} "
        f"{_printed('relay-' + entry.process, 48)} {entry.pid} {_printed(entry.word, 32)} "
    ).encode()
    lengths = iter(_LENGTHS)
    data = _data(entry, LONGEST)
    while len(data) > _MAX_DATA and (longest := next(lengths, 0)):
        data = _data(entry, longest)
    text = entry.message().encode("utf-8", "replace")
    mark = b"" if text.isascii() else _BOM
    room = MAX_OCTETS - len(head) - len(data) - 1 - len(mark)
    return head + data + b" " + mark + text[:room].decode("utf-8", "ignore").encode()


def _data(entry: Entry, longest: int) -> bytes:
    params = [("id", entry.id), *entry.fields, ("text", entry.text)]
    element = f'{SD_ID} source="{entry.source.value}"'
    for name, content in params:
        if content:
            escaped = _SPECIAL.sub(lambda found: "\\" + found[0], raw(content[:longest]))
            element += f' {_NOT_NAME.sub("_", name)[:32]}="{escaped}"'
    return f"[{element}]".encode("utf-8", "replace")


def _printed(text: str, longest: int) -> str:
    """A field of the head: printable ASCII without blanks, `-` for none."""
    return _NOT_PRINTED.sub("?", text)[:longest] or "-"
