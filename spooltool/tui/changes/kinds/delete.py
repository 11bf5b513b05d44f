"""D: to the trash, or freed for good."""

from __future__ import annotations

from typing import ClassVar

from spooltool.tui.changes.change import REASON, Change, Field, Tick


class Delete(Change):
    """Take messages out of the queue, into the trash; nobody is told."""

    key = "D"
    verb = "delete"
    label = "delete"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (Tick("purge", "purge: free them at once, no undo"), REASON),
    )


CHANGE = Delete()
