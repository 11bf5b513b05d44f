"""The keys that look: one table for the bindings, the last lines, the palette and the help.

What a key does is said by the docstring of its action.  The keys that change are those of
the changes, each in a file of its own.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from textual.binding import Binding, BindingType


class Where(Enum):
    """Whose action a key is."""

    SCREEN = "screen"
    LIST = "list"
    APP = "app"


_BLANKS = str.maketrans("_()", "   ")


class Key(NamedTuple):
    """One key: as Textual names it, as it is shown, its action, and whose that is.

    `label` is what the last lines call it; "" for a key that is in none.  `always`: it stands
    there however little room there is, for it leads to the others.
    """

    pressed: str
    shown: str
    action: str
    label: str = ""
    where: Where = Where.SCREEN
    always: bool = False

    @property
    def name(self) -> str:
        """What it does, in a word or two."""
        return self.label or self.action.translate(_BLANKS).strip()


_DIGITS = 9


def look(panes: int) -> tuple[Key, ...]:
    """The keys that look, in the order in which they are offered; so many panes have a digit."""
    return (
        Key("slash", "/", "filter", "filter"),
        Key("space", "space", "tag", "tag", Where.LIST),
        Key("A", "A", "tag_all", "all", Where.LIST),
        Key("enter", "Enter", "open", "open", Where.LIST),
        Key("w", "w", "why", "why"),
        Key("d", "d", "destinations", "dests"),
        Key("l", "l", "log", "log"),
        Key("full_stop", ".", "thaw", "thaw"),
        Key("question_mark", "?", "help", "help", always=True),
        Key("v", "v", "range", "range", Where.LIST),
        Key("escape", "Esc", "back", "back"),
        Key("q", "q", "quit", "quit", Where.APP),
        Key("s", "s", "sort", "sort", Where.LIST),
        Key("r", "r", "reverse", "", Where.LIST),
        Key("g", "g", "regroup", "group by"),
        Key("y", "y", "copy", "copy", Where.LIST),
        Key("o", "o", "pager", "pager"),
        Key("tab", "Tab", "next_pane", ""),
        Key("1", f"1-{panes}", "pane(1)", "pane"),
        *(Key(str(digit), str(digit), f"pane({digit})") for digit in range(2, panes + 1)),
        Key("colon,ctrl+p", ":", "palette", "palette"),
        Key("t", "t", "theme", "theme", Where.APP),
    )


def bindings(where: Where) -> list[BindingType]:
    """What one part of the screen binds, whatever panes it has."""
    keys = look(_DIGITS)
    return [Binding(key.pressed, key.action, show=False) for key in keys if key.where is where]
