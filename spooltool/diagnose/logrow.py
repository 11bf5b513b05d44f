"""A log line as a query sees it: the message it is about, as far as the line tells.

The message itself may have left long ago.  What a line does not say is unknown, and a
term about it is not fulfilled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from spooltool.spool.hosts import parse_host

_ADDRESS = re.compile(r"[^\s,]+")
_WHOLE = re.compile(r"[0-9]{1,15}\Z")
_CODE = re.compile(r"[2-5][0-9][0-9](?=\Z|[ -])")


class LogRow(NamedTuple):
    """The facts of one line; it satisfies the protocol `spooltool.query.row.Row`."""

    id: str
    dst: tuple[tuple[str, int | None], ...] = ()
    sender: str | None = None
    recipients: tuple[str, ...] = ()
    code: int | None = None
    size: int | None = None
    host: str | None = None
    rule: str | None = None
    resource: str | None = None
    arrived: float | None = None
    age: float | None = None
    attempts: int | None = None
    dport: int | None = None
    file: str = ""
    letter: str = ""
    dir: str = "-"
    standing: str = ""
    reason: str = ""
    readable: bool = True

    def header(self, name: str) -> tuple[str, ...] | None:
        """A log has no headers."""
        return None

    def text(self) -> bytes | None:
        """A log has no content."""
        return None


def number_of(id: str) -> str:
    """The number of a message as a line names it: some name it with its letter."""
    return id[1:] if id[:1] in "TRE" and len(id) == 9 else id


def addresses_of(fields: Mapping[str, str]) -> tuple[str, ...]:
    """The recipients that a line names."""
    return tuple(word.strip("<>") for word in _ADDRESS.findall(fields.get("to") or ""))


def log_row(number: str, fields: Mapping[str, str], now: float, at: float | None) -> LogRow:
    """The facts of a line with these fields, of either kind of log.

    `at` is the line's time; `age` counts from it.
    """
    host = parse_host(fields.get("host") or fields.get("dst") or "")
    reply = _CODE.match(fields.get("reply") or fields.get("Reason") or fields.get("code") or "")
    size = fields.get("size") or fields.get("Len") or ""
    sender = fields.get("sender", fields.get("from"))
    return LogRow(
        id=number_of(number),
        dst=((host.host, host.port),) if host else (),
        sender=sender.strip("<>") if sender is not None else None,
        recipients=addresses_of(fields),
        code=int(reply[0]) if reply else None,
        size=int(size) if _WHOLE.match(size) else None,
        host=(fields.get("host") or "").removesuffix(":25") or None,
        rule=fields.get("rule"),
        resource=fields.get("resource") or fields.get("Resource"),
        age=None if at is None else now - at,
    )
