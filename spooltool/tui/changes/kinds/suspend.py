"""Z: no attempts to a destination; on one that is suspended already, their end."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order
from spooltool.tui.changes.change import Change, Field, Text, Values, needed
from spooltool.tui.changes.kinds.resume import CHANGE as RESUME
from spooltool.tui.changes.target import Target

_HOST = Text("host", "Host", 32, "HOST, HOST:PORT or *.DOMAIN", needed=True)


class Suspend(Change):
    """Have no attempts made to a host, for a time or until it is resumed; Z again resumes."""

    key = "Z"
    verb = "suspend"
    label = "suspend dst"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (_HOST, Text("for", "For", 8, "2h; empty: until it is resumed")),
        (Text("reason", "Reason", hint="for whoever looks next"),),
    )
    wants_messages = False

    def for_target(self, target: Target) -> Change:
        """Its end, where the host is suspended."""
        return RESUME if target.suspended else self

    def given(self, target: Target) -> Values:
        """The destination under the cursor."""
        return {"host": target.host}

    def order(self, target: Target, values: Values) -> Order:
        """The host is a word, the rest are options."""
        options = {name: value for name, value in values.items() if value and name != "host"}
        return Order(self.verb, (needed(values, _HOST),), options=options)


CHANGE = Suspend()
