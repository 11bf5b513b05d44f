"""The trash is emptied."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order
from spooltool.tui.changes.change import REASON, Change, Field, Text, Values
from spooltool.tui.changes.target import Target


class Purge(Change):
    """Empty the trash; nothing brings back what lay there."""

    verb = "purge"
    label = "purge the trash"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (Text("older", "Older", 8, "3d; empty: all of it"), REASON),
    )
    wants_messages = False

    def order(self, target: Target, values: Values) -> Order:
        """Options alone."""
        return Order(self.verb, options=self.options(values))


CHANGE = Purge()
