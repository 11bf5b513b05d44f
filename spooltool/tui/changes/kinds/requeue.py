"""Q: as if just received."""

from __future__ import annotations

from spooltool.tui.changes.change import Change


class Requeue(Change):
    """Treat messages as just received: no attempts, a fresh term; also those given up."""

    key = "Q"
    verb = "requeue"
    label = "requeue"


CHANGE = Requeue()
