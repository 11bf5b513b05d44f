"""Pane 4: orders of operators, limits, disk and trash."""

from __future__ import annotations

from spooltool.render.orders import order_brief
from spooltool.render.text import cut
from spooltool.render.units import age, plural, size
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.model import Queue
from spooltool.tui.panes.pane import Pane
from spooltool.tui.spans import Span, Spans
from spooltool.workers.queue import Facts
from spooltool.workers.table import Cells

_LITTLE = 0.05
"""Of the disk: less than that is little."""


class OrdersPane(Pane):
    """What keeps mail back by order or limit: suspended hosts, connections, disk, trash.

    `Enter` on a suspended host sets the filter to its mail.
    """

    pane_id = "orders"
    share = 6

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._rows: list[tuple[Span, str]] = []
        self._hosts: list[str] = []

    def take(self, queue: Queue) -> None:
        """Other facts."""
        facts, now = queue.facts, queue.at
        rows = [*_orders(facts, now), *_connections(facts), *_disk(facts, now)]
        self._hosts = [order.host for order in facts.relay.orders]
        if rows != self._rows:
            self._rows = rows
            self.reset()

    def query_of(self, row: int) -> str:
        """What a row's mail is selected by; "" where it is not about mail."""
        return self._rows[row][1]

    @property
    def host(self) -> str | None:
        """The host that the order under the cursor is about; "" where it is none."""
        return self._hosts[self.cursor] if 0 <= self.cursor < len(self._hosts) else ""

    def equal(self, under: Cells | None) -> list[str]:
        """Orders, relay, disk and trash."""
        return ["status"]

    @property
    def count(self) -> int:
        """The facts."""
        return len(self._rows)

    def heads(self, width: int) -> list[Spans]:
        """The title."""
        return [self.title("ORDERS AND LIMITS", width)]

    def row(self, row: int, width: int) -> Spans:
        """One fact."""
        (text, style), _ = self._rows[row]
        return [(">" if row == self.cursor else " ", "strong"), (" " + cut(text, width - 2), style)]


def _orders(facts: Facts, now: float) -> list[tuple[Span, str]]:
    rows: list[tuple[Span, str]] = []
    for order in facts.relay.orders:
        query = "" if "*" in order.host else f"dst:{order.host}"
        rows.append(((order_brief(order, now), "warn"), query))
    return rows


def _connections(facts: Facts) -> list[tuple[Span, str]]:
    relay = facts.relay
    if not relay.up:
        return []
    full = relay.max_conns and relay.conns >= relay.max_conns
    text = f"connections {relay.conns} of {relay.max_conns}"
    rows: list[tuple[Span, str]] = [((text, "warn" if full else ""), "")]
    if not relay.intake:
        rows.append((("no mail is accepted: the intake does not run", "bad"), ""))
    if not relay.clock_ok:
        rows.append(((f"nothing expires: {relay.clock}", "bad"), ""))
    return rows


def _disk(facts: Facts, now: float) -> list[tuple[Span, str]]:
    rows: list[tuple[Span, str]] = []
    disk, trash = facts.disk, facts.trash
    if disk is not None:
        little = disk.free < disk.total * _LITTLE
        rows.append(((f"disk {size(disk.free)} free", "bad" if little else ""), ""))
    if trash.messages:
        words = f"trash {plural(trash.messages, 'message')}, {size(trash.bytes)}"
        if trash.oldest is not None:
            words += f", oldest {age(now - trash.oldest)}"
        rows.append(((words, ""), "dir:trash"))
    for directory, why in facts.unreadable:
        rows.append(((f"{directory or 'the spool'}: {why}", "bad"), ""))
    return rows
