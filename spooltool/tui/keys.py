"""The keys that look: one table for the bindings, the last lines, the palette and the help.

What a key does is said by the docstring of its action, on the screen.  The keys that change
are those of the changes, each in a file of its own.
"""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """One key: as Textual names it, as it is shown, its action, its label ("" in no line)."""

    pressed: str
    shown: str
    action: str
    label: str = ""


LOOK: tuple[Key, ...] = (
    Key("slash", "/", "filter", "filter"),
    Key("space", "space", "tag", "tag"),
    Key("A", "A", "tag_all", "all"),
    Key("enter", "Enter", "open", "open"),
    Key("w", "w", "why", "why"),
    Key("d", "d", "pane(2)", "dests"),
    Key("l", "l", "log", "log"),
    Key("full_stop", ".", "thaw", "thaw"),
    Key("question_mark", "?", "help", "help"),
    Key("v", "v", "range", "range"),
    Key("q", "q", "app.quit", "quit"),
    Key("escape", "Esc", "back", "back"),
    Key("colon", ":", "palette", "palette"),
    Key("s", "s", "sort", "sort"),
    Key("r", "r", "reverse", ""),
    Key("g", "g", "regroup", "group by"),
    Key("y", "y", "copy", "copy"),
    Key("o", "o", "pager", "pager"),
    Key("t", "t", "app.theme", "theme"),
    Key("tab", "Tab", "next_pane"),
    Key("1", "1-6", "pane(1)", "pane"),
    Key("2", "2", "pane(2)"),
    Key("3", "3", "pane(3)"),
    Key("4", "4", "pane(4)"),
    Key("5", "5", "pane(5)"),
    Key("6", "6", "pane(6)"),
)
"""In the order in which they are offered."""
