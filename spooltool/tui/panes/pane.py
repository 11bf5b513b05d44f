"""A pane of the main screen: what each has in common, whatever it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self

from textual.message import Message

from spooltool.look.sight import Sight
from spooltool.tui.feeds import Feeds
from spooltool.tui.glimpse import Glimpses
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.grid import Grid
from spooltool.tui.model import Queue
from spooltool.tui.spans import Spans
from spooltool.tui.title import title_line
from spooltool.workers.table import Cells


class Place(StrEnum):
    """Where a pane stands when everything is side by side."""

    LIST = "list"
    LEFT = "left"
    LOWER = "lower"


@dataclass(frozen=True)
class Around:
    """What a pane may draw on: the spool, the queue as the reader told it, the processes."""

    sight: Sight
    queue: Queue
    glimpses: Glimpses
    feeds: Feeds
    glyphs: Glyphs


class Pane(Grid):
    """A part of the main screen that a digit leads to.

    A further one is a file with a subclass of this and a line in `panes.registry`: digit,
    place, Tab, palette and last line follow from that.  `pane_id` is its id, `place` where it
    stands in a large terminal and `share` how much of that place it takes.
    """

    pane_id: ClassVar[str]
    place: ClassVar[Place] = Place.LEFT
    share: ClassVar[int] = 1

    digit = 0
    """What leads to it; the screen gives it."""

    class Noted(Message):
        """Something to be told to whoever pressed a key."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id=self.pane_id)
        self.glyphs = glyphs

    @classmethod
    def made(cls, around: Around) -> Self:
        """The pane of a screen."""
        return cls(around.glyphs)

    def take(self, queue: Queue) -> None:
        """The reader has told something: a few times a second."""

    def hear(self, told: Sequence[object]) -> None:
        """The process that follows the logs has told something: all since the last time."""

    def takes(self, key: str) -> bool:
        """Whether it deals with a key itself, whatever that is bound to."""
        return False

    def query_of(self, row: int) -> str:
        """What a row selects in the list when it is chosen; "" for nothing."""
        return ""

    def equal(self, under: Cells | None) -> list[str]:
        """The words of the command that shows the same, without which spool that is.

        `under` is the message under the cursor of the list.
        """
        raise NotImplementedError

    @property
    def host(self) -> str | None:
        """The host that a change is about while the pane has the keys; "" for none.

        None leaves it to the message under the cursor of the list.
        """
        return None

    def title(self, words: str, width: int) -> Spans:
        """The line above it: `- 3 REASON ----`."""
        return title_line(f"{self.digit} {words}", width, self.glyphs)
