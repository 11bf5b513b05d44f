"""The end of suspend."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order
from spooltool.tui.changes.change import Change, Field, Text, Values, needed
from spooltool.tui.changes.target import Target

_HOST = Text("host", "Host", 32, "as it was suspended: HOST or *.DOMAIN", needed=True)


class Resume(Change):
    """Allow attempts again to a host that was suspended."""

    verb = "resume"
    label = "resume dst"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = ((_HOST,),)
    wants_messages = False

    def given(self, target: Target) -> Values:
        """The order that keeps back what is under the cursor."""
        return {"host": target.suspended or target.host}

    def order(self, target: Target, values: Values) -> Order:
        """The host that is typed."""
        return Order(self.verb, (needed(values, _HOST),))


CHANGE = Resume()
