"""P: a live look at a host."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order
from spooltool.tui.changes.change import Change, Field, Text, Values, needed
from spooltool.tui.changes.target import Target

_HOST = Text("host", "Host", 32, "HOST or HOST:PORT", needed=True)


class Probe(Change):
    """Look at a host: connect, greeting, EHLO, STARTTLS.  No mail is sent, nothing changes."""

    key = "P"
    verb = "probe"
    label = "probe"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (_HOST, Text("tls", "TLS", 10, "off, may, require, verify, implicit")),
    )
    applies = False
    wants_messages = False

    def given(self, target: Target) -> Values:
        """The destination under the cursor."""
        return {"host": target.host}

    def order(self, target: Target, values: Values) -> Order:
        """The host that is typed."""
        tls = str(values.get("tls", "")).strip()
        return Order(self.verb, (needed(values, _HOST),), options={"tls": tls})


CHANGE = Probe()
