"""What `hold` wants done."""

from __future__ import annotations

from spooltool.change.caution import undo_holds
from spooltool.change.wish import Wish
from spooltool.spool import verbs


def holding() -> Wish:
    """Set aside, in D_hold."""
    return Wish("hold", verbs.hold, undo_holds("hold"))
