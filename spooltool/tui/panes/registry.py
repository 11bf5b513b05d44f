"""The panes in the order of their digits: a further one is a file and a line here."""

from __future__ import annotations

from spooltool.tui.keys import look
from spooltool.tui.message.pane import MessagePane
from spooltool.tui.panes.destinations import DestinationsPane
from spooltool.tui.panes.log import LogPane
from spooltool.tui.panes.orders import OrdersPane
from spooltool.tui.panes.pane import Around, Pane
from spooltool.tui.panes.queue import QueuePane
from spooltool.tui.panes.reasons import ReasonsPane

PANES: tuple[type[Pane], ...] = (
    QueuePane,
    DestinationsPane,
    ReasonsPane,
    OrdersPane,
    MessagePane,
    LogPane,
)
"""Every pane; at most nine, for each has a digit."""

LOOK = look(len(PANES))
"""The keys that look."""


def all_panes(around: Around) -> dict[int, Pane]:
    """The panes of a screen by their digits."""
    made = {}
    for digit, kind in enumerate(PANES, 1):
        made[digit] = kind.made(around)
        made[digit].digit = digit
    return made
