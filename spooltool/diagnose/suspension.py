"""Which messages wait because a person suspended their host.

Standing and reason stay what the file says; the order is one more thing to know about it,
as a stopped relay is, and like there nothing is called overdue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from spooltool.diagnose.row import Row
from spooltool.spool.hosts import HostPort, parse_hosts

if TYPE_CHECKING:
    from spooltool.control import Order

_SMTP_PORT = 25
_Key = tuple[tuple[HostPort, ...], int | None]


class Keeper:
    """The orders in force, asked about rows.  Most mail goes to few hosts: answers are kept."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self._orders = tuple(orders)
        self._known: dict[_Key, Order | None] = {}

    def of(self, row: Row) -> Order | None:
        """The order that keeps a message back; None when it may be tried."""
        if not self._orders or row.head is None or row.letter == "T":
            return None
        if row.letter == "E":
            key: _Key = (notice_hosts(row), None)
        else:
            key = (row.hosts, row.dport)
        if key not in self._known:
            self._known[key] = self._blocking(*key)
        return self._known[key]

    def mark(self, row: Row) -> Row:
        """The same row, with the order in its circumstances."""
        if self.of(row) is not None:
            row.around = replace(row.around, suspended=True, relay_up=False)
        return row

    def _blocking(self, hosts: tuple[HostPort, ...], port: int | None) -> Order | None:
        from spooltool.control import blocking  # start-up: only where there are orders

        default = port or _SMTP_PORT
        return blocking(self._orders, [HostPort(h.host, h.port or default) for h in hosts])


def notice_hosts(row: Row) -> tuple[HostPort, ...]:
    """Where the notice of an E file goes: ERR_SERVER, or the sender's domain by its MX."""
    if row.get("ERR_ROUTE") != "mx":
        return parse_hosts(row.get("ERR_SERVER") or "")
    from spooltool.spool.mailbox import mail_domain  # start-up: only where there are orders

    domain = mail_domain(row.sender or "")
    return (HostPort(domain),) if domain else ()
