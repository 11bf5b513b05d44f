"""Entries in the native protocol of systemd-journald: one datagram of fields each.

    MESSAGE, MESSAGE_ID, PRIORITY, SYSLOG_FACILITY, SYSLOG_IDENTIFIER
    RELAY_SOURCE           tracker, alert or event
    RELAY_ACTION           the action or event
    RELAY_ID, RELAY_FROM, RELAY_TO, …  the facts, each by its name in the files

Values are escaped as in the files, so that no field is binary.
"""

from __future__ import annotations

import re

from spooltool.logs.entry import LONGEST, MESSAGE_IDS, Entry
from spooltool.logs.quoting import raw
from spooltool.logs.syslog import FACILITY

_NOT_NAME = re.compile(r"[^A-Z0-9_]")


def format_journal(entry: Entry) -> bytes:
    """The datagram: `NAME=value` lines."""
    fields = [
        ("MESSAGE", entry.message()),
        ("MESSAGE_ID", MESSAGE_IDS[entry.source]),
        ("PRIORITY", str(int(entry.severity))),
        ("SYSLOG_FACILITY", str(FACILITY)),
        ("SYSLOG_IDENTIFIER", f"relay-{entry.process}"),
        ("RELAY_SOURCE", entry.source.value),
        ("RELAY_ACTION", entry.word),
        ("RELAY_ID", entry.id),
    ]
    fields += [(_name(name), raw(content[:LONGEST])) for name, content in entry.fields]
    fields.append(("RELAY_TEXT", raw(entry.text[:LONGEST])))
    lines = [f"{name}={content}\n" for name, content in fields if content]
    return "".join(lines).encode("utf-8", "replace")


def _name(name: str) -> str:
    return "RELAY_" + _NOT_NAME.sub("_", name.upper())[:50]
