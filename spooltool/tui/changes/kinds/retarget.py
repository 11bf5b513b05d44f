"""R: another host for mail that waits."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order, Value
from spooltool.tui.changes.change import KICK, REASON, Change, Field, Text, Tick, Values, needed
from spooltool.tui.changes.target import Target

_TO = Text("to", "To", 28, "HOST, {a,b} or mx", needed=True)


class Retarget(Change):
    """Send mail that waits to another host or port.

    The new host is looked at while the plan is read.
    """

    key = "R"
    verb = "retarget"
    label = "retarget"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (_TO, Text("port", "Port", 6, "25"), Tick("same", "error server too")),
        (KICK, Tick("rcpt", "probe RCPT, too"), REASON),
    )

    def order(self, target: Target, values: Values) -> Order:
        """To the host, with a port to HOST:PORT."""
        host, port = needed(values, _TO), str(values.get("port", "")).strip()
        if port:
            bare = host.removeprefix("[").removesuffix("]")
            host = f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"
        options: dict[str, Value] = {"to": host}
        if values.get("same"):
            options["err-server"] = "same"
        if values.get("rcpt"):
            options["probe"] = "rcpt"
        options["kick"] = bool(values.get("kick"))
        options["reason"] = str(values.get("reason", ""))
        return self.made(target, options)


CHANGE = Retarget()
