"""Pane 1: the queue, one message a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple, Self

from textual import events
from textual.binding import BindingType
from textual.message import Message

from spooltool.diagnose.relay import RelayView
from spooltool.look.sorting import SORT_KEYS
from spooltool.render.text import columns, cut, fit, fit_right, visible
from spooltool.render.units import age, due, plural, size
from spooltool.tui.commands import ls_words
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.keys import Where, bindings
from spooltool.tui.model import Queue
from spooltool.tui.panes.pane import Around, Pane, Place
from spooltool.tui.spans import Span, Spans
from spooltool.workers.table import UNKNOWN, Cells, Flag

Recipients = Callable[[Cells], str]

_AGE, _TRY, _NEXT, _SIZE = 6, 3, 6, 7
_WITH_SIZE = 96
_OLD, _VERY_OLD = 4 * 3600, 86400
_JUST = 10.0
"""Seconds for which a row that has changed is marked."""

_STANDING_STYLE = {
    "stuck": "bad",
    "waiting": "warn",
    "held": "note",
    "quarantined": "note",
    "delivering": "good",
}


_MAY_MEND = frozenset(("put-off", "overdue", "limit"))
"""Reasons of *stuck* that mostly end by themselves."""


SORTS = ("", *SORT_KEYS.split(", "))


class Widths(NamedTuple):
    """Widths of the columns that grow; 0 leaves a column out."""

    id: int
    dst: int
    recipient: int
    why: int


def widths(width: int, id_width: int = 9) -> Widths:
    """The columns of a list of so many columns; `id_width` with the letter."""
    room = width - 2 - (id_width + 1) - (_AGE + 1) - (_TRY + 1) - (_NEXT + 2)
    if width < _WITH_SIZE:
        dst = min(16, max(8, room // 3))
        return Widths(id_width, dst, 0, max(8, room - dst - 1))
    room -= _SIZE + 2
    dst = max(14, min(30, room // 4))
    recipient = max(16, min(40, room * 3 // 10))
    return Widths(id_width, dst, recipient, max(8, room - dst - 1 - recipient - 2))


class QueuePane(Pane):
    """The messages that the filter means, in the order chosen.

    `space` tags (`*`), `v` a range (`+` until it ends), `A` all that match; `Enter` opens the
    message.  A click on a heading sorts by it.  A row that has just changed is marked with `~`,
    one that has left with its word `gone`; `?` is a cursor that stands for nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.LIST)

    class Resorted(Message):
        """The list is wanted in the order of `sort`."""

    class Tagged(Message):
        """Other messages are tagged."""

    pane_id = "queue"
    place = Place.LIST

    def __init__(self, queue: Queue, recipients: Recipients, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.titled = False
        self.queue = queue
        self.filter_text = ""
        self.sort = ""
        self._recipients = recipients
        self._range: str | None = None
        self._range_row = 0
        self._adrift = False

    @classmethod
    def made(cls, around: Around) -> Self:
        """The list of a screen."""
        return cls(around.queue, around.glimpses.recipients, around.glyphs)

    def equal(self, under: Cells | None) -> list[str]:
        """The same list."""
        return ls_words(self.filter_text, self.sort)

    @property
    def _id_width(self) -> int:
        """Of the longest number, with its letter."""
        picture = self.queue.picture
        return min(17, max(9, 1 + (picture.longest if picture else 8)))

    @property
    def count(self) -> int:
        """The rows listed."""
        return len(self.queue)

    def heads(self, width: int) -> list[Spans]:
        """A title where other panes have one, too; the headings, that of the order stands out."""
        spans: list[Span] = [("  ", "head")]
        for key, text, gap in self._headings(width):
            chosen = self.sort.removeprefix("-") == key
            spans += [(text, "strong" if chosen else "head"), (gap, "head")]
        return [self._title(width), spans] if self.titled else [spans]

    def _title(self, width: int) -> Spans:
        order = f"by {self.sort}" if self.sort else "oldest first"
        title = f"QUEUE  {order}"
        if self.count:
            top = round(self.scroll_y) + 1
            last = min(self.count, top + self.size.height - 3)
            title += f"  {top:,}-{last:,} of {self.count:,}"
        return self.title(title, width)

    def key_at(self, x: int) -> str:
        """The sort key of the heading at a column; "" where there is none."""
        end = 2
        for key, text, gap in self._headings(self.columns):
            end += columns(text) + columns(gap)
            if x < end:
                return key
        return ""

    def _headings(self, width: int) -> list[tuple[str, str, str]]:
        """Sort key, text and the gap behind it of each column."""
        w = widths(width, self._id_width)
        found = [
            ("id", fit("ID", w.id), " "),
            ("age", fit_right("AGE", _AGE), " "),
            ("attempts", fit_right("TRY", _TRY), " "),
            ("next", fit_right("NEXT", _NEXT), "  "),
            ("dst", fit("DST", w.dst), " "),
        ]
        if w.recipient:
            found.append(("size", fit_right("SIZE", _SIZE), "  "))
            found.append(("rcpt", fit("RECIPIENT", w.recipient), "  "))
        return [*found, ("reason", fit("WHY", w.why), "")]

    def on_click(self, event: events.Click) -> None:
        """A heading sorts, and again: the other way round; a row takes the cursor."""
        if event.y >= self.head_rows:
            super().on_click(event)
        elif key := self.key_at(event.x):
            if self.sort == key:
                self.action_reverse()
            else:
                self._sort_by(key)

    # the cursor

    @property
    def under(self) -> Cells | None:
        """The message under the cursor."""
        return self.queue[self.cursor] if 0 <= self.cursor < len(self.queue) else None

    @property
    def chosen(self) -> Cells | None:
        """The same, but None where nobody put the cursor there.

        When its message leaves, the cursor stands on a neighbour that moved up: for nothing,
        until it is moved, and its mark is a question.
        """
        return None if self._adrift else self.under

    def move(self, row: int, *, tell: bool = True) -> None:
        """A person puts the cursor there."""
        self._adrift = False
        super().move(row, tell=tell)
        if self._range is not None:
            self.redraw()

    def begin(self) -> None:
        """Another list: the cursor is on its first row."""
        self._adrift = False
        self.reset(0)

    def follow(self, before: Cells | None) -> None:
        """Other rows: the cursor goes where its message is now, and is seen if it was seen."""
        if before is None:
            self.reset(0)
            return
        seen = self._sees_cursor
        row = self.queue.row_of(before.number, self.cursor)
        if row is None and not self._adrift:
            self._adrift = True
            name = f"{before.letter}{before.number}"
            self.post_message(self.Noted(f"{name} has left the list: move the cursor"))
        self.reset(row)
        if seen:
            self.show_cursor()

    @property
    def _sees_cursor(self) -> bool:
        return 0 <= self.cursor - round(self.scroll_y) < self.page_rows

    def _row_style(self, row: int) -> str:
        style = super()._row_style(row)
        return "cursor-away" if style and self._adrift else style

    # keys

    @property
    def tagging(self) -> bool:
        """Whether something is tagged, or about to be."""
        return bool(self.queue.tags) or self._range is not None

    def untag(self) -> None:
        """Nothing is tagged, and no range is begun."""
        self._range = None
        self.queue.tags.clear()
        self._tags_changed()

    def step_back(self) -> None:
        """Esc: a range that was begun is not, else nothing is tagged."""
        if self._range is not None:
            self._range = None
            self.redraw()
        else:
            self.untag()

    def action_tag(self) -> None:
        """Mark the message under the cursor, or mark it no more; the cursor goes on."""
        cells = self.chosen
        if cells is not None:
            self.queue.tags.turn(cells.number)
            self.refresh_row(self.cursor)
            self.move(self.cursor + 1)
            self._tags_changed()

    def action_range(self) -> None:
        """Mark from here: a second `v` marks everything between; Esc takes it back."""
        cells = self.chosen
        if cells is None:
            return
        if self._range is None:
            self._range, self._range_row = cells.number, self.cursor
            self.redraw()
            self.post_message(self.Noted("range begins here: move, then v again; Esc leaves it"))
            return
        start = self.queue.row_of(self._range, self._range_row)
        self._range = None
        self.post_message(self.Noted(""))
        if start is not None:
            low, high = sorted((start, self.cursor))
            self.queue.tags.add(self.queue[row].number for row in range(low, high + 1))
            self._tags_changed()

    def _in_range(self, row: int) -> bool:
        """Whether a second `v` would mark it."""
        if self._range is None:
            return False
        start = self.queue.row_of(self._range, self._range_row)
        if start is None:
            return False
        self._range_row = start
        return min(start, self.cursor) <= row <= max(start, self.cursor)

    def action_tag_all(self) -> None:
        """Mark everything that the filter means, as a query: `space` then leaves one out."""
        if len(self.queue):
            self.queue.tags.take_all()
            self._tags_changed()

    def _tags_changed(self) -> None:
        self.redraw()
        self.post_message(self.Tagged())

    def action_sort(self) -> None:
        """Sort by the next key."""
        at = SORTS.index(self.sort.removeprefix("-"))
        self._sort_by(SORTS[(at + 1) % len(SORTS)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        sort = self.sort or "age"
        self._sort_by(sort[1:] if sort.startswith("-") else f"-{sort}")

    def _sort_by(self, key: str) -> None:
        self.sort = key
        told = f"sorted by {key}" if key else "in the queue's order: oldest first"
        self.post_message(self.Noted(told))
        self.post_message(self.Resorted())
        self.redraw()

    def action_copy(self) -> None:
        """Copy the id under the cursor by the terminal (OSC 52); it is shown, too."""
        under = self.under
        if under is not None:
            text = f"{under.letter}{under.number}"
            self.app.copy_to_clipboard(text)
            self.post_message(self.Noted(f"copied: {text}"))

    def empty(self, width: int) -> list[Spans]:
        """Why the list is empty."""
        picture = self.queue.picture
        if picture is None or picture.reading is not None or picture.judging is not None:
            return [[("", "")], [("  reading ...", "note")]]
        every = picture.facts.everything.messages
        if not every:
            return [[("", "")], [(f"  0 messages{_relay_words(picture.facts.relay)}", "good")]]
        words = f"  nothing matches; {plural(every, 'message')} in the spool"
        return [[("", "")], [(words, "good")], [("  / another filter, or an empty one", "dim")]]

    def row(self, row: int, width: int) -> Spans:
        """One message."""
        cells = self.queue[row]
        w = widths(width, self._id_width)
        gone = bool(cells.flags & Flag.GONE)
        tagged = cells.number in self.queue.tags
        pointer = " " if row != self.cursor else "?" if self._adrift else ">"
        mark = "*" if tagged else "+" if self._in_range(row) else " "
        if mark == " " and self._just_changed(cells):
            mark = "~"
        seconds = self._age(cells)
        spans: list[Span] = [
            (pointer, "strong"),
            (mark, "note" if mark == "~" else "tag"),
            (fit(cells.letter + cells.number, w.id) + " ", "dim" if gone else ""),
            (fit_right(self._shown_age(cells, seconds), _AGE) + " ", _age_style(seconds)),
            (fit_right(_tries(cells), _TRY) + " ", "dim" if gone else ""),
            (fit_right(self._next(cells), _NEXT) + "  ", self._next_style(cells)),
            (fit(visible(self._string(cells.dst)), w.dst) + " ", "dim" if gone else ""),
        ]
        if w.recipient:
            spans.append((fit_right(size(cells.size), _SIZE) + "  ", "dim" if gone else ""))
            spans.append((fit(self._recipients(cells), w.recipient) + "  ", ""))
        return [*spans, self._why(cells, w.why, gone=gone)]

    def _why(self, cells: Cells, width: int, *, gone: bool) -> Span:
        text = visible(self._string(cells.why))
        if gone:
            return cut(f"gone; was {text}" if text else "gone", width), "dim"
        style = "warn" if cells.reason_word in _MAY_MEND else ""
        return cut(text, width), style or _STANDING_STYLE.get(cells.standing_word, "")

    def _string(self, index: int) -> str:
        strings = self.queue.strings
        return strings[index] if index < len(strings) else ""

    def _just_changed(self, cells: Cells) -> bool:
        return bool(cells.changed) and self.queue.at - cells.changed <= _JUST

    def _age(self, cells: Cells) -> float | None:
        return self.queue.at - cells.arrived if cells.arrived else None

    def _shown_age(self, cells: Cells, seconds: float | None) -> str:
        if seconds is None:
            return "?"
        text = age(seconds)
        if not cells.flags & Flag.GUESSED_AGE:
            return text
        whole = next((text.partition(unit)[0] + unit for unit in "dh" if unit in text), text)
        return "~" + whole

    def _next(self, cells: Cells) -> str:
        if cells.flags & Flag.GONE:
            return "-"
        if cells.flags & Flag.HELD and cells.letter != "T":
            return "now"
        if cells.flags & Flag.SUSPENDED:
            return "susp"
        return due(cells.next_try - self.queue.at) if cells.next_try else "-"

    def _next_style(self, cells: Cells) -> str:
        late = cells.next_try and cells.next_try < self.queue.at - 60
        return "warn" if late or cells.flags & Flag.SUSPENDED else ""


def _relay_words(relay: RelayView) -> str:
    if not relay.up:
        return ""
    return f"; relay up, {relay.delivered_hour:,} delivered in the last hour"


def _tries(cells: Cells) -> str:
    return "-" if cells.attempts == UNKNOWN else str(cells.attempts)


def _age_style(seconds: float | None) -> str:
    if seconds is None or seconds < _OLD:
        return ""
    return "bad" if seconds >= _VERY_OLD else "warn"
