"""What a key that changes is about: what is tagged, else what is under the cursor."""

from __future__ import annotations

from collections.abc import Iterable

from spooltool.control import Order
from spooltool.query.ids import read_id
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
        left_out = _words_of(queue, tags.left_out)
        return of_filter(query, left_out, queue.tagged(), host=host, suspended=suspended)
    numbers = list(tags.numbers) or ([under.number] if under is not None else [])
    return of_messages(_words_of(queue, numbers), host=host, suspended=suspended)


def _words_of(queue: Queue, numbers: Iterable[str]) -> tuple[str, ...]:
    """Each message by a word that means it alone: its number, or its path.

    A file may be called `Rstuck`, and the word `stuck` means something else.  An odd one that
    is not listed any more has left.
    """
    words = []
    for number in numbers:
        if _means_itself(number):
            words.append(number)
        elif (row := queue.row_of(number)) is not None:
            words.append(path_of(queue[row]))
    return tuple(words)


def word_for(cells: Cells) -> str:
    """The word that means this message alone, on a command line, too."""
    return cells.number if _means_itself(cells.number) else path_of(cells)


def _means_itself(number: str) -> bool:
    found = read_id(number)
    return found is not None and found.numbers == (number,)


def path_of(cells: Cells) -> str:
    """`D_resend/Rodd`, as it can be typed; `./Rodd` in a spool without folders."""
    return f"{cells.dir or '.'}/{cells.letter}{cells.number}"


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
