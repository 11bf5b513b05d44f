"""The frame of a plan: what stands where, how high it is, and what has been painted."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen

from spooltool.tui.changes.form import Form
from spooltool.tui.changes.plan_parts import Cancel, Equal, Hints, PlanText, Title
from spooltool.tui.line_input import LineInput
from spooltool.tui.spans import Spans
from spooltool.workers.changes import Done

WIDEST, LEAST = 104, 14
_AROUND = 9
"""Lines of a dialog besides form and plan: border, title, command, buttons."""


class Phase(Enum):
    """Where a dialog stands."""

    OPEN = auto()
    """Nothing is planned: something is missing, or was refused."""
    PLANNING = auto()
    SHOWN = auto()
    TYPING = auto()
    """The number of messages is being typed."""
    APPLYING = auto()
    DONE = auto()


class PlanFrame(ModalScreen[Done | None]):
    """Form, plan, equal command and keys, one below the other.

    `painted` is when the phase that it is in was on the screen, infinite before.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form
        self.phase = Phase.OPEN
        self.painted = float("inf")
        self.heading = Title()
        self.text = PlanText()
        self.equal = Equal()
        self.button = Cancel()
        self.hints = Hints()
        self.number = LineInput(id="plan-number", compact=True, placeholder="the number")
        self.number.cursor_blink = False
        self.box = Vertical(id="plan")
        self.number.display = False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        with self.box:
            yield self.heading
            yield Vertical(self.form, id="plan-form")
            yield self.text
            yield self.equal
            with Horizontal(id="plan-buttons"):
                yield self.number
                yield self.button
                yield self.hints

    @property
    def columns_inside(self) -> int:
        """Columns for text."""
        return max(20, min(self.app.size.width, WIDEST) - 5)

    def enter(self, phase: Phase, lines: Sequence[Spans], *keys: tuple[str, str]) -> None:
        """Another phase, its lines and its keys, which count once it is painted."""
        self.phase = phase
        self.painted = float("inf")
        self.text.stale = False
        self.draw(lines)
        self.hints.offer(*keys)
        self.call_after_refresh(self._seen)

    def _seen(self) -> None:
        self.painted = events.Event().time
        self.on_painted()

    def on_painted(self) -> None:
        """What was drawn last is on the screen."""

    def draw(self, lines: Sequence[Spans], *, top: bool = True) -> None:
        """Other lines in the same phase."""
        self.text.show(lines, top=top)
        self.equal.redraw()
        self.measure()

    def measure(self) -> None:
        """As high as it must be; it does not shrink under the eye."""
        rows = self.form.rows
        wanted = max(rows + len(self.text.lines) + _AROUND, self.box.size.height + 2, LEAST)
        self.box.styles.height = min(self.app.size.height, wanted)
        self.box.styles.width = min(self.app.size.width, WIDEST)
        self.query_one("#plan-form").styles.height = rows

    def title_is(self, text: str) -> None:
        """Another title."""
        self.heading.text = text
        self.heading.redraw()

    def label_is(self, text: str) -> None:
        """Another word on the button."""
        self.button.label = text
        self.button.redraw()

    def ask_number(self, *, on: bool) -> None:
        """Have the number typed, or give the keys back to the button."""
        self.number.value = ""
        self.number.display = on
        (self.number if on else self.button).focus()

    def action_scroll(self, rows: int) -> None:
        """The plan up or down."""
        self.text.action_go(rows)

    def action_page(self, pages: int) -> None:
        """A page of the plan."""
        self.text.action_page(pages)
