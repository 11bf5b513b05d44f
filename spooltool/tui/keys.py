"""The keys that look: one table for the bindings, the last lines, the palette and the help.

What a key does is said by the docstring of its action.  The keys that change are those of
the changes, each in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from textual.binding import Binding, BindingType


class Where(Enum):
    """Whose action a key is."""

    SCREEN = "screen"
    LIST = "list"
    APP = "app"


class Key(NamedTuple):
    """One key: as Textual names it, as it is shown, its action, and whose that is.

    `label` is what the last lines call it; "" for a key that is in none.
    """

    pressed: str
    shown: str
    action: str
    label: str = ""
    where: Where = Where.SCREEN

    @property
    def name(self) -> str:
        """What it does, in a word or two."""
        return self.label or self.action.partition("(")[0].replace("_", " ")


LOOK: tuple[Key, ...] = (
    Key("slash", "/", "filter", "filter"),
    Key("space", "space", "tag", "tag", Where.LIST),
    Key("A", "A", "tag_all", "all", Where.LIST),
    Key("enter", "Enter", "open", "open", Where.LIST),
    Key("w", "w", "why", "why"),
    Key("d", "d", "pane(2)", "dests"),
    Key("l", "l", "log", "log"),
    Key("full_stop", ".", "thaw", "thaw"),
    Key("question_mark", "?", "help", "help"),
    Key("v", "v", "range", "range", Where.LIST),
    Key("escape", "Esc", "back", "back"),
    Key("q", "q", "quit", "quit", Where.APP),
    Key("s", "s", "sort", "sort", Where.LIST),
    Key("r", "r", "reverse", "", Where.LIST),
    Key("g", "g", "regroup", "group by"),
    Key("y", "y", "copy", "copy", Where.LIST),
    Key("o", "o", "pager", "pager"),
    Key("tab", "Tab", "next_pane", ""),
    Key("1", "1-6", "pane(1)", "pane"),
    *(Key(str(digit), str(digit), f"pane({digit})") for digit in range(2, 7)),
    Key("colon,ctrl+p", ":", "palette", "palette"),
    Key("t", "t", "theme", "theme", Where.APP),
)
"""In the order in which they are offered."""


def bindings(where: Where, keys: Iterable[Key] = LOOK) -> list[BindingType]:
    """What one part of the screen binds."""
    return [Binding(key.pressed, key.action, show=False) for key in keys if key.where is where]
