"""Which log lines a query means: those about messages that match now, or that match themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from spooltool.diagnose.logrow import log_row
from spooltool.render.loglines import Logged

if TYPE_CHECKING:
    from spooltool.query import Query


def numbers_named(query: Query) -> set[str] | None:
    """The numbers that a query of nothing but ids names; None when the queue must be asked."""
    if not query.only_ids:
        return None
    return {number for word in query.ids for number in word.numbers}


def lines_about(query: Query, here: Collection[str], now: float) -> Callable[[Logged], bool]:
    """Whether a line is meant; `here` are the numbers of the messages that match now."""

    def meant(read: Logged) -> bool:
        if not read.id and not read.fields:
            return False
        row = log_row(read.id, read.fields, now, read.time or None)
        return (row.id in here and bool(row.id)) or query.matches(row) is True

    return meant
