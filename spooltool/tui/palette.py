"""`:` every action by name: those of the keys, and those that have no key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from spooltool.render.text import cut, fit
from spooltool.tui.grid import Grid
from spooltool.tui.line_input import LineInput
from spooltool.tui.spans import Spans

_KEY, _NAME = 6, 22


class Choice(NamedTuple):
    """One action: key ("" without one), name, help in one line, and what does it."""

    key: str
    name: str
    help: str
    act: Callable[[], object]


class Choices(Grid):
    """The actions that are left by what was typed."""

    can_focus = False

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__(id="choices")
        self._all = choices
        self.left = list(choices)
        self.cursor = 0

    def narrow(self, text: str) -> None:
        """Those whose name or help has every word."""
        words = text.lower().split()
        found = [c for c in self._all if all(w in f"{c.name} {c.help}".lower() for w in words)]
        self.left = sorted(found, key=lambda c: not c.name.lower().startswith(text.lower()))
        self.reset(0)

    @property
    def count(self) -> int:
        """How many are left."""
        return len(self.left)

    def empty(self, width: int) -> list[Spans]:
        """None is left."""
        return [[("  no such action", "warn")]]

    def row(self, row: int, width: int) -> Spans:
        """One action."""
        one = self.left[row]
        return [
            (">" if row == self.cursor else " ", "strong"),
            (" " + fit(one.key, _KEY), "key"),
            (fit(one.name, _NAME) + " ", "strong"),
            (cut(one.help, max(0, width - 3 - _KEY - _NAME)), "dim"),
        ]


class Palette(ModalScreen[None]):
    """Type a part of a name, choose with the arrows, Enter does it, Esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("up", "go(-1)", show=False, priority=True),
        Binding("down", "go(1)", show=False, priority=True),
        Binding("enter", "choose", show=False, priority=True),
    ]

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._choices = Choices(choices)

    def compose(self) -> ComposeResult:
        """What is typed, and what is left."""
        with Vertical(id="palette"):
            typed = LineInput(placeholder="an action: sort, hold, theme ...", compact=True)
            typed.cursor_blink = False
            yield typed
            yield self._choices

    def on_input_changed(self, event: Input.Changed) -> None:
        """Fewer are left."""
        self._choices.narrow(event.value)

    def action_go(self, rows: int) -> None:
        """Another one."""
        self._choices.move(self._choices.cursor + rows, tell=False)

    def action_choose(self) -> None:
        """Do it."""
        at = self._choices.cursor
        if 0 <= at < self._choices.count:
            act = self._choices.left[at].act
            self.dismiss()
            self.app.call_later(act)

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """A click does it, too."""
        self.action_choose()
