"""The filter bar: the query language, completed as it is typed, errors at their column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.timer import Timer
from textual.widgets import Input

from spooltool.query.completing import completions
from spooltool.render.text import columns, cut, visible
from spooltool.tui.grid import Grid
from spooltool.tui.line_input import LineInput
from spooltool.tui.spans import Span, Spans, text_of

QUIET = 0.15
"""Seconds without a key after which a query is asked for."""


class FilterBar(Horizontal):
    """What is listed, as a query; beside it how many match, or what is wrong with it.

    `Tab` or the right arrow completes, `Enter` goes to the list, `Esc` takes the change
    back.
    """

    class Asked(Message):
        """Another query, after a moment without a key."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The keys go back to the list; with `Esc` to the query before (`undone`)."""

        def __init__(self, *, undone: bool) -> None:
            super().__init__()
            self.undone = undone

    class Offered(Message):
        """Several ways to go on."""

        def __init__(self, texts: Sequence[str]) -> None:
            super().__init__()
            self.texts = texts

    def __init__(self, text: str) -> None:
        super().__init__(id="filter")
        self.values: dict[str, Sequence[str]] = {}
        self.error: tuple[str, int] | None = None
        self._asked = text
        self._before = text
        self._timer: Timer | None = None
        self._marks = _ErrorMark()
        self.input = FilterInput(text, self._marks, _Completer(self))
        self.told = ToldBar()

    def compose(self) -> ComposeResult:
        """The slash, the input, the counts."""
        yield Slash()
        yield self.input
        yield self.told

    @property
    def text(self) -> str:
        """The query as it stands in the bar."""
        return self.input.value

    def put(self, text: str) -> None:
        """Another query, not typed: from a pane, from the palette."""
        self._before = self._asked = text
        self._write(text)

    def _write(self, text: str) -> None:
        with self.prevent(Input.Changed):
            self.input.value = text
            self.input.cursor_position = len(text)
        self.right(())

    def edit(self) -> None:
        """Take the keys."""
        self._before = self.text
        self.screen.set_focus(self.input)  # at once: the keys behind this one are text

    def right(self, spans: Spans) -> None:
        """What stands at the right: the counts of a query that is well."""
        self.error = None
        self._marks.column = 0
        self.told.put(spans)
        self.input.refresh()

    def wrong(self, message: str, column: int) -> None:
        """What is wrong with the query, and at which column (1-based; 0: nowhere)."""
        self.error = (message, column)
        self._marks.column = column
        where = f"column {column}: " if column else ""
        self.told.put([(where + visible(message.split("\n")[0]), "bad")])
        self.input.refresh()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Wait for a moment without a key."""
        event.stop()
        if self.text == self._asked:
            return
        self._marks.column = 0
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(QUIET, self._ask)

    def _ask(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self.text != self._asked:
            self._asked = self.text
            self.post_message(self.Asked(self._asked))

    def leave(self, *, undone: bool) -> None:
        """Give the keys back."""
        if undone and self.text != self._before:
            self._write(self._before)
        self._ask()
        self.post_message(self.Left(undone=undone))

    def complete(self) -> None:
        """Go on as far as there is one way; say which there are where there are several."""
        texts = completions(self.text, self.values)
        if not texts:
            return
        common = _common(texts)
        if len(common) > len(self.text) or len(texts) == 1:
            self.input.value = common if len(texts) > 1 else texts[0]
            self.input.cursor_position = len(self.input.value)
        if len(texts) > 1:
            self.post_message(self.Offered(texts))


class FilterInput(LineInput):
    """The line that is typed in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False),
        Binding("enter,down", "leave(False)", show=False),
        Binding("escape", "leave(True)", show=False),
        Binding("ctrl+u", "clear_all", show=False),
    ]

    def __init__(self, text: str, marks: Highlighter, completer: Suggester) -> None:
        super().__init__(
            text,
            placeholder="everything; try: stuck dst:HOST older:2h",
            highlighter=marks,
            suggester=completer,
            compact=True,
            select_on_focus=False,
        )
        self.cursor_blink = False

    def _bar(self) -> FilterBar:
        bar = self.parent
        assert isinstance(bar, FilterBar)
        return bar

    def action_complete(self) -> None:
        """Complete the last word."""
        self._bar().complete()

    def action_leave(self, undone: bool) -> None:
        """Go back to the list."""
        self._bar().leave(undone=undone)

    def action_clear_all(self) -> None:
        """An empty query: everything."""
        self.value = ""


class _ErrorMark(Highlighter):
    """Underlines the column of an error."""

    column = 0

    def highlight(self, text: Text) -> None:
        if 0 < self.column <= len(text):
            text.stylize("underline bold", self.column - 1)


class _Completer(Suggester):
    def __init__(self, bar: FilterBar) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._bar = bar

    async def get_suggestion(self, value: str) -> str | None:
        texts = completions(value, self._bar.values)
        return texts[0] if texts else None


class Slash(Grid):
    """The key that leads here."""

    can_focus = False
    pointed = False

    @property
    def count(self) -> int:
        """One line."""
        return 1

    def row(self, row: int, width: int) -> Spans:
        """The slash."""
        return [("/ ", "key")]


class ToldBar(Grid):
    """What is told of the query: how many match, or what is wrong."""

    can_focus = False
    pointed = False

    def __init__(self) -> None:
        super().__init__()
        self._spans: Spans = ()

    def put(self, spans: Spans) -> None:
        """Other words."""
        if spans == self._spans:
            return
        self._spans = spans
        self.styles.width = min(columns(text_of(spans)) + 1, 2 * max(40, self.app.size.width) // 3)
        self.redraw()

    @property
    def count(self) -> int:
        """One line."""
        return 1

    def row(self, row: int, width: int) -> Spans:
        """As much of them as there is room for."""
        text = text_of(self._spans)
        if columns(text) <= width - 1:
            return [*self._spans, (" ", "")]
        style: list[Span] = [(cut(text, width - 1), self._spans[0][1])]
        return style


def _common(texts: Sequence[str]) -> str:
    """What all of them begin with."""
    first, last = min(texts), max(texts)
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    return first[:length]
