"""What a key that changes is about: what is tagged, else what is under the cursor."""

from __future__ import annotations

from spooltool.control import Order
from spooltool.spool.hosts import parse_host
from spooltool.tui.changes.target import Target, of_filter, of_messages
from spooltool.tui.model import Queue
from spooltool.workers.table import Cells


def aim_at(queue: Queue, under: Cells | None, query: str, host: str) -> Target:
    """The tagged messages, else the one `under` the cursor; `host` is the destination there.

    What is tagged as a whole goes as the query with its exceptions.  Raises QueryError.
    """
    tags = queue.tags
    suspended = _suspended_by(queue.facts.relay.orders, host)
    if tags.everything:
        left_out = tuple(tags.left_out)
        return of_filter(query, left_out, queue.tagged(), host=host, suspended=suspended)
    numbers = list(tags.numbers) or ([under.number] if under is not None else [])
    return of_messages(numbers, host=host, suspended=suspended)


def host_of(queue: Queue, cells: Cells | None) -> str:
    """The destination of a message, as DST has it; "" where it is no single host."""
    if cells is None or cells.dst >= len(queue.strings):
        return ""
    host = parse_host(queue.strings[cells.dst])
    return str(host) if host is not None else ""


def _suspended_by(orders: tuple[Order, ...], text: str) -> str:
    """The pattern of the order that keeps a host back; "" for none."""
    host = parse_host(text)
    for order in orders:
        if order.host == text or (host is not None and order.pattern.covers(host)):
            return order.host
    return ""
