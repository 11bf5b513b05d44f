"""E: the envelope in an editor."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order
from spooltool.tui.changes.change import Change, Field, Unfinished, Values
from spooltool.tui.changes.target import Target


class Edit(Change):
    """Edit the envelope of one message in $VISUAL or $EDITOR; what differs becomes a plan."""

    key = "E"
    verb = "edit"
    label = "edit"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = ()
    by_editor = True

    def order(self, target: Target, values: Values) -> Order:
        """The editor makes it."""
        raise Unfinished("nothing was edited")


CHANGE = Edit()
