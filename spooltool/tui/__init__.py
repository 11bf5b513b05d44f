"""The screen: the whole queue, live.  Shell.

    app        themes, keys of the whole application
    screen     the one screen: panes shown or hidden by its size
    panes/     a pane a file
    message/   a tab of the message a file
    changes/   a change a file, and the plan that each shows first
    grid       rows drawn line by line: the base of every pane
    line_input a line of text: keys count in the order in which they came
    model      the last picture of the queue, cursor and tags
    logbook, log_words  the lines of the log pane, and what it says of itself
    feeds      where pictures come from: `processes` of our own, or a test's

What takes time is done by `workers`; what is done to mail is done by `change`.  Messages go
up, snapshots come down, and nothing from outside is ever read as markup.
"""

from __future__ import annotations

import os

from spooltool.look.sight import Sight

_PAINTS = "250"
"""A second at most, read by Textual as it is loaded: with its 60 a key that comes just after a
picture waits 17 ms more.  `pace` sees to it that pictures are few."""


def show(
    sight: Sight, query: str, *, read_only: bool, theme: str, mouse: bool, ascii_only: bool
) -> int:
    """Take the terminal until the person leaves; the exit code."""
    os.environ.setdefault("TEXTUAL_FPS", _PAINTS)
    from spooltool.change.permission import can_change
    from spooltool.tui.app import SpoolApp
    from spooltool.tui.glyphs import ASCII
    from spooltool.tui.processes import Processes

    sight.read_only = read_only
    app = SpoolApp(
        sight,
        Processes(sight),
        query=query,
        theme=theme,
        glyphs=ASCII if ascii_only else None,
        read_only=can_change(sight),
    )
    app.run(mouse=mouse)
    return app.return_code or 0
