"""K: the relay tries now."""

from __future__ import annotations

from typing import ClassVar

from spooltool.tui.changes.change import Change, Field, Text


class Kick(Change):
    """Have the relay try messages now; no file is changed."""

    key = "K"
    verb = "kick"
    label = "kick"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (Text("rate", "At most", 10, "N, N/s or N/m: spread by the relay"),),
    )


CHANGE = Kick()
