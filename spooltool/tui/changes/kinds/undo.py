"""u: a transaction is taken back."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order
from spooltool.tui.changes.change import KICK, REASON, Change, Choose, Field, Unfinished, Values
from spooltool.tui.changes.target import Target


class Undo(Change):
    """Take a transaction back, key by key: your last one, or another from the list."""

    key = "u"
    verb = "undo"
    label = "undo"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (Choose("txn", "Txn"),),
        (KICK, REASON),
    )
    wants_messages = False

    def given(self, target: Target) -> Values:
        """A certain transaction, where one is meant."""
        return {"txn": target.txn}

    def order(self, target: Target, values: Values) -> Order:
        """The transaction is a word, the rest are options."""
        txn = str(values.get("txn", ""))
        if not txn:
            raise Unfinished("Txn: choose a transaction of the list")
        options = {name: value for name, value in values.items() if value and name != "txn"}
        return Order(self.verb, (txn,), options=options)


CHANGE = Undo()
