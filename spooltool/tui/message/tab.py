"""What a tab is: rows of one message, made when they are seen."""

from __future__ import annotations

from typing import ClassVar

from spooltool.look.open_message import OpenMessage
from spooltool.tui.spans import Spans


class Tab:
    """Base of the tabs.  The docstring of a tab is its help, `name` stands in the title.

    A tab is made for one message, reads of it what it needs, and is thrown away with it.
    `keys` are keys of its own, each with what it does.
    """

    name: ClassVar[str] = ""
    keys: ClassVar[dict[str, str]] = {}

    def __init__(self, message: OpenMessage) -> None:
        """Open it for a message.  Takes no more than a few milliseconds."""
        self.message = message

    def count(self, width: int) -> int:
        """How many rows there are at this width, as far as is known."""
        raise NotImplementedError

    def row(self, row: int, width: int) -> Spans:
        """One row, at most `width` columns."""
        raise NotImplementedError

    def heads(self, width: int) -> list[Spans]:
        """Lines above the rows that do not scroll; their number does not change with scrolling."""
        return []

    def place(self, top: int, rows: int, width: int) -> str:
        """Where the reader is, for the title: `top` is the first of `rows` rows seen."""
        count = self.count(width)
        if count <= rows:
            return ""
        return f"{top + 1:,}-{min(count, top + rows):,} of {count:,}"

    def work(self) -> bool:
        """One step of a few milliseconds of what takes long; whether there is more."""
        return False

    @property
    def pointed(self) -> bool:
        """Whether a row is chosen by a cursor; else the rows are text to scroll."""
        return False

    def chosen(self, row: int) -> bool:
        """A row was opened; whether the tab shows something else now."""
        return False

    @property
    def inside(self) -> bool:
        """Whether something was opened in the tab, which `back` leaves."""
        return False

    def back(self) -> None:
        """Leave what was opened in the tab."""

    def again(self) -> None:
        """The message was looked at again: its results and times may be others, not its content."""

    def press(self, key: str, top: int) -> int | None:
        """One of `keys`, with `top` as the first row seen; which row is to be seen first now."""
        return None


class TextTab(Tab):
    """A tab whose rows are all made at once, anew for each width."""

    def __init__(self, message: OpenMessage) -> None:
        super().__init__(message)
        self._lines: list[Spans] = []
        self._width = -1

    def lines(self, width: int) -> list[Spans]:
        """Every row."""
        raise NotImplementedError

    def stale(self) -> None:
        """What the rows tell has changed."""
        self._width = -1

    def count(self, width: int) -> int:
        """The rows at this width."""
        return len(self._laid_out(width))

    def row(self, row: int, width: int) -> Spans:
        """One of them."""
        return self._laid_out(width)[row]

    def again(self) -> None:
        """Every row is made anew."""
        self.stale()

    def _laid_out(self, width: int) -> list[Spans]:
        if width != self._width:
            self._lines, self._width = self.lines(width), width
        return self._lines
