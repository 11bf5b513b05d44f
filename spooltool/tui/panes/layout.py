"""Which panes are seen, and where: all side by side, or one in place of the list."""

from __future__ import annotations

from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from spooltool.tui.panes.pane import Around, Pane, Place
from spooltool.tui.panes.registry import all_panes

P = TypeVar("P", bound=Pane)


class Panes(Vertical):
    """Every pane, and `below` the list of a small terminal what tells of its cursor.

    `by_digit` are the panes by their digits; `shown` is the digit of the one that was gone to
    last, which is alone on a small terminal.
    """

    DEFAULT_CSS = """
    Panes { height: 1fr; }
    """

    def __init__(self, around: Around, below: Widget) -> None:
        super().__init__()
        self.by_digit = all_panes(around)
        self.shown = 1
        self._below = below
        self._left = Vertical(*self._at(Place.LEFT), id="left")
        self._upper = Horizontal(self._left, *self._at(Place.LIST), id="upper")
        self._lower = Horizontal(*self._at(Place.LOWER), id="lower")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._upper
        yield self._below
        yield self._lower

    def of(self, kind: type[P]) -> P:
        """The pane of this kind."""
        return next(pane for pane in self.by_digit.values() if isinstance(pane, kind))

    @property
    def current(self) -> Pane:
        """The one that was gone to last."""
        return self.by_digit[self.shown]

    @property
    def focused(self) -> Pane | None:
        """The one that has the keys."""
        return next((pane for pane in self.by_digit.values() if pane.has_focus), None)

    def next_digit(self) -> int:
        """The digit of the pane after the one that has the keys."""
        focused = self.focused
        digit = self.shown if focused is None else focused.digit
        return digit % len(self.by_digit) + 1

    def stand(self, *, wide: bool, low: bool) -> None:
        """For a terminal in which all has room beside each other, or hardly the list."""
        for digit, pane in self.by_digit.items():
            pane.display = wide or digit == self.shown
            pane.styles.height = f"{pane.share if wide and pane.place is Place.LEFT else 1}fr"
            pane.styles.width = f"{pane.share if wide and pane.place is Place.LOWER else 1}fr"
        place = self.current.place
        self._left.display = wide or place is Place.LEFT
        self._lower.display = wide or place is Place.LOWER
        self._upper.display = wide or place is not Place.LOWER
        self._below.display = not wide and not low and place is Place.LIST

    def _at(self, place: Place) -> list[Pane]:
        return [pane for pane in self.by_digit.values() if pane.place is place]
