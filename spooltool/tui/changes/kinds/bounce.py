"""B: given up now, the senders are told."""

from __future__ import annotations

from typing import ClassVar

from spooltool.tui.changes.change import KICK, Change, Field, Text


class Bounce(Change):
    """Give messages up now and tell their senders; undo holds until each notice is out."""

    key = "B"
    verb = "bounce"
    label = "bounce"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (KICK, Text("reason", "Reason", hint="told to the sender, too")),
    )


CHANGE = Bounce()
