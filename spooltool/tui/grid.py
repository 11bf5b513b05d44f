"""Rows drawn line by line: what every list and every text of the screen is made of.

Only lines that are seen are made, so that a million rows cost what forty cost; moving the
cursor draws two lines anew.  Text is drawn as it is: nothing in it is read as markup.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from spooltool.render.text import visible
from spooltool.tui.spans import STYLES, Spans

_PREFIX = "grid--"


class Grid(ScrollView, can_focus=True):
    """A list with a cursor and head lines that do not scroll.

    A pane defines `count`, `row` and, if it has any, `heads`; it calls `reset` when its
    rows have become others, `redraw` when only their looks have.  `cursor` is a row, -1 in
    an empty list.  `pointed` False draws no cursor: the rows are text to scroll.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"{_PREFIX}{name}" for name in STYLES),
        f"{_PREFIX}cursor",
        f"{_PREFIX}cursor-away",
    }

    DEFAULT_CSS = """
    Grid { overflow-x: hidden; scrollbar-size: 0 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", show=False),
        Binding("down,j", "go(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(1)", show=False),
        Binding("enter", "open", show=False),
    ]

    pointed = True

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, grid: Grid, row: int) -> None:
            super().__init__()
            self.grid = grid
            self.row = row

        @property
        def control(self) -> Grid:
            """The list."""
            return self.grid

    class Opened(Moved):
        """A row was chosen, by Enter or a second click."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = -1
        self._styles_made: dict[str, Style] = {}
        self._drawn: dict[int, tuple[Spans, str]] = {}

    # what a pane defines

    @property
    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row(self, row: int, width: int) -> Spans:
        """One row, at most `width` columns; its text is visible text."""
        raise NotImplementedError

    def heads(self, width: int) -> list[Spans]:
        """The lines above the rows: a title, headings."""
        return []

    def empty(self, width: int) -> list[Spans]:
        """What stands there when there are no rows."""
        return []

    # what a pane calls

    def reset(self, cursor: int | None = None) -> None:
        """The rows have become others; the cursor goes to a row, or stays as far as it can."""
        wanted = self.cursor if cursor is None else cursor
        self.cursor = max(0, min(wanted, self.count - 1)) if self.count else -1
        self._measure()
        self.redraw()

    def redraw(self) -> None:
        """Draw what looks otherwise than it did; a line that is the same costs no output."""
        width = self.columns
        heads = self.heads(width)
        for y in range(self.size.height):
            if self._drawn.get(y) != self._line(y, heads, width):
                self.refresh(Region(0, y, self.size.width, 1))

    def move(self, row: int, *, tell: bool = True) -> None:
        """Put the cursor on a row, as far as there is one, and bring it into view."""
        row = max(0, min(row, self.count - 1))
        if not self.count or row == self.cursor:
            return
        before, self.cursor = self.cursor, row
        self.refresh_row(before)
        self.refresh_row(row)
        self.show_cursor()
        if tell:
            self.post_message(self.Moved(self, row))

    def show_cursor(self) -> None:
        """Scroll until the cursor is seen."""
        room = self.page_rows
        top = round(self.scroll_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False)

    def refresh_row(self, row: int) -> None:
        """Draw one row anew."""
        y = row - round(self.scroll_y) + self.head_rows
        if self.head_rows <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    @property
    def columns(self) -> int:
        """How wide a line is: the scroll bar takes its own."""
        return self.scrollable_content_region.width

    @property
    def head_rows(self) -> int:
        """How many lines do not scroll."""
        return len(self.heads(max(1, self.columns)))

    @property
    def page_rows(self) -> int:
        """How many rows are seen at once."""
        return max(1, self.size.height - self.head_rows)

    # drawing

    def render_line(self, y: int) -> Strip:
        """One line of the screen: a head, a row, or nothing."""
        width = self.columns
        line = self._drawn[y] = self._line(y, self.heads(width), width)
        spans, over = line
        return self._strip(spans, width, self._named(over) if over else Style.null())

    def _line(self, y: int, heads: list[Spans], width: int) -> tuple[Spans, str]:
        """What stands in a line of the screen, and the style that lies over it."""
        if y < len(heads):
            return heads[y], ""
        row = round(self.scroll_y) + y - len(heads)
        if 0 <= row < self.count:
            return self.row(row, width), self._row_style(row)
        told = [] if self.count else self.empty(width)
        return (told[row] if 0 <= row < len(told) else ()), ""

    def _row_style(self, row: int) -> str:
        if not self.pointed or row != self.cursor:
            return ""
        return "cursor" if self.has_focus else "cursor-away"

    def _strip(self, spans: Spans, width: int, over: Style) -> Strip:
        plain = self._plain()
        base = plain + over
        segments = []
        for name, run in groupby(spans, key=itemgetter(1)):
            text = "".join(span[0] for span in run)
            style = base + self._named(name) if name else base
            segments.append(Segment(text if text.isprintable() else visible(text), style))
        return Strip(segments).adjust_cell_length(width, base)

    def _plain(self) -> Style:
        """The style of plain text: what Textual works out from the whole tree, once a theme."""
        made = self._styles_made.get("")
        if made is None:
            made = self._styles_made[""] = self.rich_style
        return made

    def _named(self, name: str) -> Style:
        made = self._styles_made.get(name)
        if made is None:
            made = self.get_component_rich_style(_PREFIX + name, partial=True)
            self._styles_made[name] = made
        return made

    def notify_style_update(self) -> None:
        """Another theme: every style is made anew."""
        self._styles_made.clear()
        super().notify_style_update()

    def _measure(self) -> None:
        self.virtual_size = Size(self.columns, self.count + self.head_rows)

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        """A scroll bar that appears stands where the lines stand: Textual leaves it at the top."""
        if shown:
            self.vertical_scrollbar.position = self.scroll_y

    def on_resize(self, event: events.Resize) -> None:
        """Another size: other scroll bars, and the cursor stays in view."""
        self._measure()
        if self.pointed and self.cursor >= 0:
            self.show_cursor()

    def on_focus(self) -> None:
        """The cursor of the list that has the keys looks otherwise."""
        self.refresh_row(self.cursor)

    def on_blur(self) -> None:
        """The keys go elsewhere."""
        self.refresh_row(self.cursor)

    # keys and mouse

    def action_go(self, rows: int) -> None:
        """One row up or down."""
        if self.pointed:
            self.move(self.cursor + rows)
        else:
            self.scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        """One page up or down."""
        rows = pages * max(1, self.page_rows - 1)
        if self.pointed:
            self.move(self.cursor + rows)
        else:
            self.scroll_relative(y=rows, animate=False)

    def action_edge(self, end: int) -> None:
        """The first or the last row."""
        if self.pointed:
            self.move(self.count - 1 if end else 0)
        else:
            self.scroll_to(y=self.count if end else 0, animate=False)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if 0 <= self.cursor < self.count:
            self.post_message(self.Opened(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there, a second one opens the row."""
        row = round(self.scroll_y) + event.y - self.head_rows
        if event.y < self.head_rows or not 0 <= row < self.count:
            return
        if event.chain == 2:
            self.post_message(self.Opened(self, row))
        else:
            self.move(row)
