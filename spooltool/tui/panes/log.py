"""Pane 6: the logs of the relay and what operators did, as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from spooltool.render.loglines import pane_time
from spooltool.render.text import columns, cut, visible
from spooltool.render.units import plural, stamp
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.grid import Grid
from spooltool.tui.log_words import (
    ALL,
    KIND_STYLES,
    MESSAGE,
    SCOPES,
    Subject,
    marked,
    progress_words,
)
from spooltool.tui.logbook import LogBook
from spooltool.tui.model import Queue
from spooltool.tui.panes.pane import Pane, Place
from spooltool.tui.spans import Span, Spans
from spooltool.workers.log_messages import (
    About,
    Followed,
    Lines,
    Looked,
    Rates,
    Show,
)
from spooltool.workers.queue import Misread
from spooltool.workers.table import Cells

QUIET = 0.15
"""Seconds that the cursor of the list must rest before its message's lines are asked for."""


class LogPane(Pane):
    """The log of everything, of the message or of the destination under the cursor.

    `l` goes from one to the next.  It follows at the end, until the cursor is moved up;
    `End` follows again.  `Enter` opens the message of a line, `y` copies the line, `/`
    narrows to lines with a text, `Esc` ends that.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "cycle", show=False),
        Binding("y", "copy", show=False),
        Binding("slash", "narrow", show=False),
    ]

    class Asked(Message):
        """Other lines are wanted of the process that follows the logs."""

        def __init__(self, show: Show) -> None:
            super().__init__()
            self.show = show

    class MessageChosen(Message):
        """Enter on a line about a message; `letter` is as the line knew it."""

        def __init__(self, letter: str, number: str) -> None:
            super().__init__()
            self.letter = letter
            self.number = number

    pane_id = "log"
    place = Place.LOWER
    share = 3

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.book = LogBook()
        self.scope = ALL
        self.below = 0
        self.now = 0.0
        self._serial = 0
        self._about: About | None = None
        self._subject = Subject()
        self._looked: Looked | None = None
        self._followed: Followed | None = None
        self._misread = ""
        self._typing = False
        self._timer: Timer | None = None

    # what the screen calls

    def subject(self, subject: Subject) -> None:
        """Another message or destination is under the cursor of the list."""
        if subject == self._subject:
            return
        self._subject = subject
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self.scope != ALL and self._meant() != self._about:
            self._timer = self.set_timer(QUIET, self.ask)
        self.redraw()

    def ask(self) -> None:
        """Ask for the lines that are meant now: at the beginning, and after a new process."""
        self._timer = None
        self._serial += 1
        self._about = self._meant()
        self._looked = None
        self._misread = ""
        self.below = 0
        self.book.clear()
        self.reset()
        if self._about is not None:
            self.post_message(self.Asked(Show(self._serial, self._about)))

    def choose(self, scope: str) -> None:
        """The log of one of SCOPES."""
        self.scope = scope
        self.ask()

    def take(self, queue: Queue) -> None:
        """The clock of the pictures is that of the lines, too."""
        self.now = queue.at

    def hear(self, told: Sequence[object]) -> None:
        """What the process that follows the logs has told, drawn once."""
        following, moved = self.at_end, 0
        heard = lines = False
        for one in told:
            match one:
                case Lines() if one.serial == self._serial:
                    moved += self._take_lines(one)
                    lines = True
                case Looked() if one.serial == self._serial:
                    self._looked = one
                case Misread() if one.serial == self._serial:
                    self._misread = one.message
                case Followed():
                    self._followed = one
                case Rates():
                    self.now = one.at
                case _:
                    continue
            heard = True
        if lines and following:
            self._to_end()
        elif lines:
            self._shift(moved)
        elif heard:
            self.redraw()

    def equal(self, under: Cells | None) -> list[str]:
        """The same lines."""
        return ["log", *self._subject.query(self.scope), "-f"]

    @property
    def at_end(self) -> bool:
        """Whether new lines are followed."""
        seen = round(self.scroll_y) + self.page_rows >= self.count
        return self.cursor >= self.count - 1 and (seen or not self.size.height)

    def _take_lines(self, told: Lines) -> int:
        """So many rows more stand before those that are seen."""
        if told.older:
            return self.book.older(told.lines)
        added, lost = self.book.newer(told.lines)
        self.book.dropped += told.skipped
        self.below += added
        return -lost

    def _to_end(self) -> None:
        self.below = 0
        self.reset(self.count - 1)
        self.scroll_to(y=max(0, self.count - self.page_rows), animate=False, force=True)

    def _shift(self, rows: int) -> None:
        """So many rows more stand before those that are seen: they stay where they are."""
        top = max(0, round(self.scroll_y) + rows)
        self.reset(max(0, self.cursor + rows))
        if rows:
            self.scroll_to(y=top, animate=False, force=True)

    def _meant(self) -> About | None:
        return self._subject.about(self.scope)

    # drawing

    @property
    def count(self) -> int:
        """The lines that are shown."""
        return len(self.book.rows)

    @property
    def head_rows(self) -> int:
        """Two, whatever they say."""
        return 2

    def heads(self, width: int) -> list[Spans]:
        """The title with what is chosen, and how it stands."""
        return [self._title(width), [self._status(width)]]

    def _title(self, width: int) -> Spans:
        line = self.glyphs.line
        text = cut(f"{line} {self.digit} LOG  {self._subject.words(self.scope)} ", width)
        return [(text + line * (width - columns(text)), "title")]

    def _status(self, width: int) -> Span:
        text, style = self._state()
        return cut(f"  {text}", width), style

    def _state(self) -> tuple[str, str]:
        narrow, followed = self.book.narrow, self._followed
        if self._typing or narrow:
            typed = f"/{visible(narrow)}{'_' if self._typing else ''}"
            return f"{typed}   {self.count:,} of {plural(len(self.book), 'line')}", "key"
        if self._misread:
            return visible(self._misread), "bad"
        if self.below and not self.at_end:
            return f"{self.below:,} new below: End", "strong"
        if followed is not None and followed.troubles:
            return followed.troubles[0], "bad"
        if self._looked is not None and not self._looked.done:
            return progress_words(self._looked, self.now), "note"
        if followed is None:
            return "opening the logs ...", "note"
        if not followed.logs:
            return "no log yet", "dim"
        return f"following {' '.join(followed.logs)}{self._more()}", "dim"

    def _more(self) -> str:
        more = self.book.dropped or (self._looked is not None and self._looked.more)
        return f"; the last {len(self.book):,} lines, more: spooltool log" if more else ""

    def empty(self, width: int) -> list[Spans]:
        """Why there are no lines."""
        if self._about is None and self._serial:
            what = "message" if self.scope == MESSAGE else "destination"
            return [[(f"  no {what} under the cursor", "note")]]
        if self.book.narrow and len(self.book):
            return [[("  no line with this text", "note")]]
        if self._looked is not None and self._looked.done:
            return [[("  no log lines", "note")]]
        return []

    def row(self, row: int, width: int) -> Spans:
        """One line: its time, then its words, in the colour of its kind."""
        line = self.book.rows[row]
        time = f"{pane_time(line.time, self.now)} "
        words = cut(self.glyphs.drawn(line.words), max(0, width - 1 - columns(time)))
        spans: list[Span] = [(">" if row == self.cursor else " ", "strong"), (time, "dim")]
        return [*spans, *marked(words, self.book.narrow, KIND_STYLES[line.kind])]

    # keys

    def move(self, row: int, *, tell: bool = True) -> None:
        """Put the cursor on a row; on the last one it follows again."""
        super().move(row, tell=tell)
        if self.below and self.cursor >= self.count - 1:
            self.below = 0
            self.redraw()

    def action_edge(self, end: int) -> None:
        """The first line, or the last one, to follow again."""
        super().action_edge(end)
        if end:
            self._to_end()

    def action_cycle(self) -> None:
        """The log of everything, of this message, of this destination."""
        self.choose(SCOPES[(SCOPES.index(self.scope) + 1) % len(SCOPES)])

    def action_copy(self) -> None:
        """Copy the line under the cursor, with its date."""
        if 0 <= self.cursor < self.count:
            line = self.book.rows[self.cursor]
            text = f"{stamp(line.time)} {line.words}" if line.time else line.words
            self.app.copy_to_clipboard(text)
            self.post_message(self.Noted(f"copied: {text}"))

    def action_narrow(self) -> None:
        """Type a text: only lines that hold it are shown."""
        self._typing = True
        self.redraw()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Enter, or a second click: the message of the line, if it is about one."""
        event.stop()
        line = self.book.rows[event.row]
        if line.number:
            self.post_message(self.MessageChosen(line.name[:1], line.number))

    def takes(self, key: str) -> bool:
        """While a text is typed all keys belong to it; Escape ends it."""
        return self._typing or (key == "escape" and bool(self.book.narrow))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """While a text is typed, what can be printed is text."""
        return self._typing and character is not None and character.isprintable()

    async def _on_key(self, event: events.Key) -> None:
        if not self._take_key(event):
            return
        event.stop()
        event.prevent_default()

    def _take_key(self, event: events.Key) -> bool:
        """Whether a key belongs to the text that is typed."""
        narrow = self.book.narrow
        if event.key == "escape" and (self._typing or narrow):
            self._typing = False
            self._narrow("")
        elif not self._typing:
            return False
        elif event.key == "enter":
            self._typing = False
            self.redraw()
        elif event.key == "backspace":
            self._narrow(narrow[:-1])
        elif event.key == "ctrl+u":
            self._narrow("")
        elif event.is_printable and event.character:
            self._narrow(narrow + event.character)
        else:
            return False
        return True

    def _narrow(self, text: str) -> None:
        """Other lines are shown; the cursor stays on its line, or goes to the end."""
        under = self.book.rows[self.cursor] if 0 <= self.cursor < self.count else None
        following = self.at_end
        self.book.narrowed(text)
        rows = self.book.rows
        at = next((row for row, line in enumerate(rows) if line is under), None)
        if following or at is None:
            self._to_end()
        else:
            self.reset(at)
            self.show_cursor()
