"""H: set aside."""

from __future__ import annotations

from typing import ClassVar

from spooltool.tui.changes.change import REASON, Change, Field


class Hold(Change):
    """Set messages aside until they are released; nobody tries them."""

    key = "H"
    verb = "hold"
    label = "hold"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = ((REASON,),)


CHANGE = Hold()
