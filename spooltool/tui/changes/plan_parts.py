"""The parts of a plan's dialog: title, plan, equal command, the button, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from spooltool.render.text import columns, cut, wrapped
from spooltool.tui.changes.form import Line
from spooltool.tui.grid import Grid
from spooltool.tui.spans import Span, Spans


class Title(Line):
    """What is planned, and where."""

    def __init__(self) -> None:
        super().__init__(id="plan-title")
        self.text = ""

    def row(self, row: int, width: int) -> Spans:
        """It."""
        return [(cut(self.text, width), "title")]


class PlanText(Grid):
    """The plan, or what became of it, as lines to scroll."""

    can_focus = False
    pointed = False

    def __init__(self) -> None:
        super().__init__(id="plan-text")
        self.lines: Sequence[Spans] = ()
        self.stale = False

    def show(self, lines: Sequence[Spans], *, top: bool = True) -> None:
        """Other lines."""
        self.lines = lines
        self.reset()
        if top:
            self.scroll_to(y=0, animate=False)

    @property
    def count(self) -> int:
        """How many."""
        return len(self.lines)

    def row(self, row: int, width: int) -> Spans:
        """One of them; weak where it is of no account any more."""
        spans = self.lines[row]
        return [(text, "dim") for text, _ in spans] if self.stale else spans


class Equal(Grid):
    """The equal command, in two lines at most, and above it what is to be known now."""

    can_focus = False
    pointed = False

    def __init__(self) -> None:
        super().__init__(id="plan-equal")
        self.command = ""
        self.notice: Span = ("", "")

    @property
    def count(self) -> int:
        """The notice, and two lines of command."""
        return 3

    def row(self, row: int, width: int) -> Spans:
        """One of them."""
        if row == 0:
            return [(cut(self.notice[0], width), self.notice[1])]
        first, *more = wrapped(self.command, max(20, width - 4)) if self.command else [""]
        if row == 1:
            return [("= " if first else "", "dim"), (cut(first, width - 2), "note")]
        return [(cut("    " + " ".join(more), width), "note")] if more else []

    def tell(self, text: str, style: str = "note") -> None:
        """Something to be known."""
        self.notice = (text, style)
        self.redraw()


class Cancel(Line):
    """The button that has the keys at first."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", show=False)]

    class Pressed(Message):
        """It was chosen."""

    def __init__(self) -> None:
        super().__init__(id="plan-cancel")
        self.label = "Cancel"

    def row(self, row: int, width: int) -> Spans:
        """Marked by more than colour where it has the keys."""
        marks = ("[>", "<]") if self.has_focus else ("[ ", " ]")
        return [(f"{marks[0]}{self.label}{marks[1]}", "strong" if self.has_focus else "")]

    def action_press(self) -> None:
        """Leave."""
        self.post_message(self.Pressed())

    def on_click(self, event: events.Click) -> None:
        """The same by the mouse."""
        self.action_press()


class Hints(Line):
    """The keys that do something now; a click on one is the key."""

    def __init__(self) -> None:
        super().__init__(id="plan-hints")
        self.keys: Sequence[tuple[str, str]] = ()

    def row(self, row: int, width: int) -> Spans:
        """Each with its word."""
        return [span for key, word in self.keys for span in ((key, "key"), (f" {word}   ", ""))]

    def offer(self, *keys: tuple[str, str]) -> None:
        """Others."""
        self.keys = keys
        self.redraw()

    class Clicked(Message):
        """A key was clicked at; `at` is when."""

        def __init__(self, key: str, at: float) -> None:
            super().__init__()
            self.key = key
            self.at = at

    def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        end = 0
        for key, word in self.keys:
            end += columns(key) + columns(word) + 4
            if event.x < end:
                self.post_message(self.Clicked(key, event.time))
                return
