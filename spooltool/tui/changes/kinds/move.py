"""hold, requeue, release and bounce, for people who think in folders."""

from __future__ import annotations

from typing import ClassVar

from spooltool.change.order import Order
from spooltool.spool.places import WAYS
from spooltool.tui.changes.change import KICK, REASON, Change, Choose, Field, Unfinished, Values
from spooltool.tui.changes.target import Target

_FOLDERS = tuple((way.word, f"{way.word}: {way.meaning} ({way.verb})") for way in WAYS)


class Move(Change):
    """Put messages into another folder: another spelling of hold, requeue, release, bounce."""

    verb = "move"
    label = "move"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (Choose("folder", "Folder", (("", "which folder?"), *_FOLDERS)),),
        (KICK, REASON),
    )

    def order(self, target: Target, values: Values) -> Order:
        """The folder stands behind the query."""
        folder = str(values.get("folder", ""))
        if not folder:
            raise Unfinished("Folder: choose one of the list")
        options = {name: value for name, value in values.items() if value and name != "folder"}
        return self.made(target, options, folder)


CHANGE = Move()
