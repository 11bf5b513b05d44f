"""The fields of a change on the screen: the one place with inputs of Textual's own.

A text counts once Enter ends it or the keys go elsewhere, a tick or a choice at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from spooltool.render.text import columns, cut, fit
from spooltool.tui.changes.change import Change, Choose, Field, Text, Tick, Values
from spooltool.tui.grid import Grid
from spooltool.tui.line_input import LineInput
from spooltool.tui.spans import Spans

LABEL = 8
_MOST_CHOICES = 5


class Line(Grid, inherit_bindings=False):
    """One line of drawn text that may take the keys; what it says is made by who defines it."""

    can_focus = False
    pointed = False

    @property
    def count(self) -> int:
        """It is one."""
        return 1


class Label(Line):
    """The name of a field."""

    def __init__(self, text: str, width: int) -> None:
        super().__init__()
        self._text = text
        self.styles.width = width
        self.styles.height = 1

    def row(self, row: int, width: int) -> Spans:
        """Its text."""
        return [(fit(self._text, width), "head")]


class TickBox(Line):
    """`[x] kick`: space or a click turns it."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "turn", show=False)]

    def __init__(self, field: Tick, *, on: bool) -> None:
        super().__init__()
        self.field = field
        self.on = on
        self.styles.width = columns(field.label) + 6
        self.styles.height = 1

    def row(self, row: int, width: int) -> Spans:
        """The box and its label."""
        mark = "[x] " if self.on else "[ ] "
        return [(mark + self.field.label + "  ", "strong" if self.has_focus else "")]

    def action_turn(self) -> None:
        """Yes or no."""
        self.on = not self.on
        self.redraw()
        self.post_message(Form.Filled())

    def on_click(self, event: events.Click) -> None:
        """The same by the mouse."""
        self.action_turn()


class Chooser(Grid):
    """A list of which the row under the cursor counts."""

    def __init__(self, field: Choose, value: str) -> None:
        super().__init__()
        self.field = field
        self.value = value
        self.choices: Sequence[tuple[str, str]] = ()
        self.offer(field.choices)

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Other choices; the value stays, where it is one of them."""
        self.choices = choices
        self.styles.height = max(1, min(len(choices), _MOST_CHOICES))
        at = next((n for n, (value, _) in enumerate(choices) if value == self.value), -1)
        self.reset(max(at, 0))
        if at < 0:
            self.cursor = -1 if self.value == "" else 0

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.choices)

    def row(self, row: int, width: int) -> Spans:
        """One choice, the chosen one marked."""
        chosen = row == self.cursor
        text = cut(self.choices[row][1], max(0, width - 2))
        return [("> " if chosen else "  ", "strong"), (text, "strong" if chosen else "")]

    def empty(self, width: int) -> list[Spans]:
        """There is nothing to choose from, or not yet."""
        return [[("  none", "dim")]]

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Another one is chosen."""
        event.stop()
        self.value = self.choices[event.row][0]
        self.post_message(Form.Filled())


class TextInput(LineInput):
    """A line of text."""

    def __init__(self, field: Text, value: str) -> None:
        super().__init__(value, placeholder=field.hint, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.field = field
        self._counted = value
        self.styles.width = field.width or "1fr"

    def take(self, event: events.Key) -> bool:
        """A key that came before the focus did; whether it is one for a text.

        It counts: a host whose first letters were dropped is another host.
        """
        if event.is_printable and event.character:
            self.insert_text_at_cursor(event.character)
        elif event.key == "backspace":
            self.action_delete_left()
        elif event.key == "enter":
            self.call_later(self.action_submit)
        else:
            return False
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was planned is not what stands here any more."""
        event.stop()
        if event.value != self._counted:
            self.post_message(Form.Typing())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: it counts."""
        event.stop()
        self._count()
        self.post_message(Form.Filled(entered=True))

    def on_blur(self) -> None:
        """The keys go elsewhere: it counts."""
        if self.value != self._counted:
            self._count()
            self.post_message(Form.Filled())

    def _count(self) -> None:
        self._counted = self.value


class Form(Vertical):
    """The fields of a change, and what they hold."""

    class Typing(Message):
        """A text differs from what was planned."""

    class Filled(Message):
        """A value counts; `entered` by Enter."""

        def __init__(self, *, entered: bool = False) -> None:
            super().__init__()
            self.entered = entered

    def __init__(self, change: Change, given: Values) -> None:
        super().__init__(classes="form")
        self._inputs: dict[str, TextInput | TickBox | Chooser] = {}
        self._lines = [[self._made(field, given) for field in line] for line in change.lines]
        self.styles.height = "auto"

    def _made(self, field: Field, given: Values) -> list[Widget]:
        value = given.get(field.name, "")
        match field:
            case Tick():
                tick = self._inputs[field.name] = TickBox(field, on=bool(value))
                return [tick]
            case Choose():
                chooser = self._inputs[field.name] = Chooser(field, str(value))
                return [Label(field.label, LABEL), chooser]
            case Text():
                text = self._inputs[field.name] = TextInput(field, str(value))
                return [Label(field.label, max(LABEL, columns(field.label) + 1)), text]

    def compose(self) -> ComposeResult:
        """A line each."""
        for line in self._lines:
            with Horizontal(classes="fields"):
                for widgets in line:
                    yield from widgets

    @property
    def values(self) -> Values:
        """What they hold."""
        return {name: _value(one) for name, one in self._inputs.items()}

    @property
    def unfilled(self) -> TextInput | None:
        """The first text that is needed and empty."""
        return next(
            (
                one
                for one in self._inputs.values()
                if isinstance(one, TextInput) and one.field.needed and not one.value.strip()
            ),
            None,
        )

    def offer(self, choices: Sequence[tuple[str, str]], chosen: str) -> None:
        """Fill the list that has no choices of its own."""
        for one in self._inputs.values():
            if isinstance(one, Chooser) and not one.field.choices:
                one.value = one.value or chosen
                one.offer(choices)

    @property
    def rows(self) -> int:
        """How many lines it takes."""
        return sum(max(_height(one) for group in line for one in group) for line in self._lines)


def _height(widget: Widget) -> int:
    choices = len(widget.choices) if isinstance(widget, Chooser) else 1
    return max(1, min(choices, _MOST_CHOICES))


def _value(one: TextInput | TickBox | Chooser) -> str | bool:
    match one:
        case TickBox():
            return one.on
        case Chooser():
            return one.value
        case TextInput():
            return one.value.strip()
