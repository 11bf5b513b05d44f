"""A plan that was kept in a file is carried out."""

from __future__ import annotations

import os
from typing import ClassVar

from spooltool.change.order import Order
from spooltool.tui.changes.change import KICK, REASON, Change, Field, Text, Values, needed
from spooltool.tui.changes.target import Target

_FILE = Text("file", "File", hint="that --plan wrote", needed=True)


class ApplyPlan(Change):
    """Carry out a plan that `spooltool VERB --plan FILE` kept."""

    verb = "apply"
    label = "apply a plan"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = ((_FILE,), (KICK, REASON))
    wants_messages = False

    def order(self, target: Target, values: Values) -> Order:
        """The file is a word, the rest are options."""
        options = {name: value for name, value in values.items() if value and name != "file"}
        path = os.path.expanduser(needed(values, _FILE))
        return Order(self.verb, (os.path.abspath(path),), options=options)


CHANGE = ApplyPlan()
