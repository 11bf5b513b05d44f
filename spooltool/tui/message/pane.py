"""The pane of one message: a title with its tabs, and what the chosen tab shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from spooltool.diagnose.row import Row
from spooltool.errors import Gone
from spooltool.look.open_message import OpenMessage, find_row
from spooltool.look.sight import Sight
from spooltool.render.text import columns, cut, visible
from spooltool.spool.names import SpoolName
from spooltool.tui.aim import word_for
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.message.advice import Advice
from spooltool.tui.message.log import LOOKING, LogTab
from spooltool.tui.message.paged import message_page, part_page
from spooltool.tui.message.parts import PartsTab
from spooltool.tui.message.tab import Tab
from spooltool.tui.message.tabs import TABS
from spooltool.tui.message.why import WhyTab
from spooltool.tui.pager import page
from spooltool.tui.panes.pane import Pane, Place
from spooltool.tui.spans import Span, Spans, cut_spans, text_of
from spooltool.workers.table import Cells

_FIRST, _SLICE = 0.002, 0.004
_BETWEEN = 0.02
_REPAINTS = 0.1
"""Seconds: of work at once (with what else opening takes, and later), between two slices,
between two repaints while work goes on."""

_LEFT = "left the queue"


class MessagePane(Pane):
    """One message, tab by tab: `[` and `]`, the arrows or a click choose the tab.

    `o` or `|` shows it in a pager.  What was read stays when the message leaves.
    """

    DEFAULT_CSS = """
    MessagePane { scrollbar-gutter: stable; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket,left", "tab(-1)", show=False),
        Binding("right_square_bracket,right", "tab(1)", show=False),
        Binding("escape", "leave", show=False),
        Binding("o,vertical_line", "pager", show=False),
    ]

    class LogWanted(Message):
        """The log lines of a message are wanted: answer with `log_lines`."""

        def __init__(self, number: str) -> None:
            super().__init__()
            self.number = number

    pane_id = "message"
    place = Place.LOWER
    share = 4

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._message: OpenMessage | None = None
        self._words = "no message"
        self._gone = ""
        self._chosen = TABS[0]
        self._tabs: dict[str, Tab] = {}
        self._tops: dict[str, tuple[int, int]] = {}
        self._log: tuple[Sequence[Spans], str] = ((), LOOKING)
        self._advice: Advice = []
        self._timer: Timer | None = None
        self._painted = 0.0
        self._busy = False

    # what the screen calls

    @property
    def message(self) -> OpenMessage | None:
        """The message that is shown."""
        return self._message

    def equal(self, under: Cells | None) -> list[str]:
        """The message on paper."""
        return ["show", word_for(under) if under else "ID"]

    @property
    def tab_name(self) -> str:
        """The name of the tab that is chosen."""
        return self._chosen.name

    @property
    def working(self) -> bool:
        """Whether something about the message is still being read."""
        return self._busy

    def is_showing(self, number: str) -> bool:
        """Whether it is this message that is shown."""
        return self._message is not None and self._message.row.id == number

    def show(self, sight: Sight, which: Row | SpoolName) -> None:
        """Show a message, or what has become of the one that is shown.

        Called again on each change: tab and place in it stay.  A message that is gone
        stays as it was read, and is called so.
        """
        row = which if isinstance(which, Row) else find_row(sight, which)
        message = self._message
        same = message is not None and message.row.id == which.id
        if message is not None and same and row is not None and message.look_again(sight, row):
            for tab in self._tabs.values():
                tab.again()
        else:
            try:
                if row is None:
                    raise Gone(which.file)
                opened = OpenMessage(sight, row)
            except Gone:
                if same:
                    self.left(self._gone or _LEFT)
                else:
                    self.clear(
                        f"{which.name.base if isinstance(which, Row) else which.base} {_LEFT}"
                    )
                return
            self._replace(opened, same=same)
        self._gone = ""
        self._laid_out(keep=same)

    def clear(self, words: str = "no message") -> None:
        """Show no message, and `words` in its place."""
        self._close()
        self._words, self._gone = visible(words), ""
        self._laid_out(keep=False)

    def left(self, words: str) -> None:
        """The message that is shown has left; `words` tell how, as the log has it."""
        if self._message is not None:
            self._gone = visible(words)
            self.reset()

    def log_lines(self, number: str, lines: Sequence[Spans], note: str = "") -> None:
        """The log lines about a message found so far; `note` tells what is still done."""
        if self._message is None or self._message.row.id != number:
            return
        self._log = (lines, note)
        tab = self._tabs.get(LogTab.name)
        if isinstance(tab, LogTab):
            tab.tell(*self._log)
            if self._tab is tab:
                self.reset()

    def advise(self, advice: Advice) -> None:
        """What helps the message that is shown next, or anew."""
        self._advice = advice
        for tab in self._tabs.values():
            if isinstance(tab, WhyTab):
                tab.advise(advice)

    def choose(self, name: str) -> None:
        """Show the tab of this name."""
        chosen = next((tab for tab in TABS if tab.name == name), None)
        if chosen is None or chosen is self._chosen:
            return
        self._keep_place()
        self._chosen = chosen
        self._laid_out(keep=True)

    # one tab of it

    @property
    def _tab(self) -> Tab | None:
        """The chosen tab, made when it is first shown."""
        if self._message is None:
            return None
        tab = self._tabs.get(self._chosen.name)
        if tab is None:
            tab = self._tabs[self._chosen.name] = self._chosen(self._message)
            if isinstance(tab, LogTab):
                tab.tell(*self._log)
            if isinstance(tab, WhyTab):
                tab.advise(self._advice)
        return tab

    def _replace(self, opened: OpenMessage, *, same: bool) -> None:
        if same:
            self._keep_place()
        log = self._log
        self._close()
        self._message = opened
        if same:
            self._log = log
        else:
            self._tops.clear()

    def _close(self) -> None:
        if self._message is not None:
            self._message.close()
        self._message = None
        self._tabs.clear()
        self._log = ((), LOOKING)

    def _keep_place(self) -> None:
        self._tops[self._chosen.name] = (round(self.scroll_y), self.cursor)

    def _laid_out(self, *, keep: bool) -> None:
        """Another content: measured, its place found again, its work begun."""
        tab = self._tab
        self.pointed = tab is not None and tab.pointed
        more = self._slice(_FIRST)  # a usual message is read to its end before it is drawn
        top, cursor = self._tops.pop(self._chosen.name, (round(self.scroll_y), self.cursor))
        self.reset(cursor if keep else 0)
        self.scroll_to(y=top if keep else 0, animate=False)
        if isinstance(tab, LogTab) and self._message is not None and self._log[1] == LOOKING:
            self.post_message(self.LogWanted(self._message.row.id))
        if more:
            self._go_on()

    def _go_on(self) -> None:
        """There may be work again."""
        self._busy = self._message is not None
        if self._timer is not None:
            self._timer.resume()

    def on_resize(self, event: events.Resize) -> None:
        """At another width lines are laid out anew."""
        self._go_on()

    def on_mount(self) -> None:
        """Work goes on in slices between the keys."""
        self._timer = self.set_interval(_BETWEEN, self._work)

    def on_unmount(self) -> None:
        """The file is let go."""
        self._close()

    def _work(self) -> None:
        """One slice, and what it has found."""
        before = self.count
        more = self._slice(_SLICE)
        now = time.monotonic()
        if not more or now - self._painted >= _REPAINTS:
            self._painted = now
            if self.count != before or more:
                self.reset()
            else:
                self.redraw()
        if not more:
            self._rest()

    def _slice(self, seconds: float) -> bool:
        """Read on for so long; whether there is more."""
        message, tab = self._message, self._tab
        end = time.monotonic() + seconds
        more = message is not None and tab is not None
        while more and message is not None and tab is not None and time.monotonic() < end:
            more = message.work() or tab.work()
        return more

    def _rest(self) -> None:
        self._busy = False
        if self._timer is not None:
            self._timer.pause()

    # drawing

    @property
    def _room(self) -> int:
        """How wide a tab is laid out: before the first layout of the screen it is not known."""
        return max(20, self.columns)

    @property
    def count(self) -> int:
        """The rows of the tab."""
        tab = self._tab
        return 1 if tab is None else tab.count(self._room)

    def row(self, row: int, width: int) -> Spans:
        """One row of the tab."""
        tab = self._tab
        if tab is None:
            return [(cut(self._words, width), "dim")]
        spans = tab.row(row, self._room)
        if not (self.pointed and row == self.cursor and spans):
            return spans
        (text, style), *rest = spans
        return [(f">{text[1:]}", style or "strong"), *rest]

    def heads(self, width: int) -> list[Spans]:
        """The title, how the message has left, what the tab has above its rows."""
        tab = self._tab
        heads: list[Spans] = [cut_spans(self._title(width), width)]
        if tab is None or self._message is None:
            return heads
        if self._gone:
            words = f"{self._message.row.name.base} left: {self._gone}"
            heads.append([(cut(words.replace(f"left: {_LEFT}", _LEFT), width), "warn")])
        return [*heads, *tab.heads(self._room)]

    def _title(self, width: int) -> list[Span]:
        spans: list[Span] = [(f"{self.glyphs.line} {self.digit} {self._who()} ", "title")]
        if self._message is not None:
            for tab in TABS:
                spans += [("" if tab is TABS[0] else "|", "title"), self._tab_words(tab)]
        if not spans[-1][0].endswith(" "):
            spans.append((" ", "title"))
        place = self._place()
        end: list[Span] = [(f" {place} ", "dim"), (self.glyphs.line, "title")] if place else []
        free = width - columns(text_of(spans)) - columns(text_of(end))
        if free < 2:
            end, free = [], width - columns(text_of(spans))
        return [*spans, (self.glyphs.line * max(0, free), "title"), *end]

    def _who(self) -> str:
        if self._message is None:
            return "MESSAGE"
        return self._message.row.name.base + (" (gone)" if self._gone else "")

    def _tab_words(self, tab: type[Tab]) -> Span:
        chosen = tab is self._chosen
        return (f"[{tab.name}]", "strong") if chosen else (f" {tab.name} ", "title")

    def _place(self) -> str:
        tab = self._tab
        if tab is None or not self.size.height:
            return ""
        rows = self.size.height - 1 - bool(self._gone) - len(tab.heads(self._room))
        return tab.place(round(self.scroll_y), max(1, rows), self._room)

    # keys and mouse

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that has nothing to do here is the screen's."""
        if action == "leave":
            return self._tab is not None and self._tab.inside
        if action in ("tab", "pager"):
            return self._message is not None
        return True

    def action_tab(self, step: int) -> None:
        """The tab beside this one."""
        at = (TABS.index(self._chosen) + step) % len(TABS)
        self.choose(TABS[at].name)

    def action_open(self) -> None:
        """Open the row under the cursor, where the tab has something to open."""
        tab = self._tab
        if tab is None or not tab.pointed:
            return
        place = (round(self.scroll_y), self.cursor)
        if tab.chosen(self.cursor):
            self._laid_out(keep=False)
            self._tops[f"{tab.name} list"] = place

    def action_leave(self) -> None:
        """Leave what was opened in the tab."""
        tab = self._tab
        if tab is not None and tab.inside:
            tab.back()
            place = self._tops.pop(f"{tab.name} list", (0, 0))
            self._tops[tab.name] = place
            self._laid_out(keep=True)

    def action_pager(self) -> None:
        """The message, or the part that is shown, in a pager."""
        message, tab = self._message, self._tab
        if message is None:
            return
        part = tab.part_at(self.cursor) if isinstance(tab, PartsTab) and tab.inside else None
        lines = message_page(message) if part is None else part_page(message, part)
        if trouble := page(self.app, lines):
            self.notify(trouble, severity="warning", markup=False)

    def takes(self, key: str) -> bool:
        """Some keys are the tab's."""
        return self._tab is not None and key in self._tab.keys

    def on_key(self, event: events.Key) -> None:
        """Keys of the tab."""
        tab = self._tab
        if tab is None or event.key not in tab.keys:
            return
        event.stop()
        top = tab.press(event.key, round(self.scroll_y))
        if top is not None:
            self.reset()
            self.scroll_to(y=top, animate=False)

    def on_click(self, event: events.Click) -> None:
        """A click on the name of a tab shows it; in text there is no cursor to put anywhere."""
        if event.y == 0:
            event.prevent_default()
            if name := self._tab_at(event.x):
                self.choose(name)
        elif not self.pointed:
            event.prevent_default()

    def _tab_at(self, x: int) -> str:
        at = columns(f"{self.glyphs.line} {self.digit} {self._who()} ")
        for tab in TABS:
            at += 0 if tab is TABS[0] else 1
            end = at + columns(self._tab_words(tab)[0])
            if at <= x < end:
                return tab.name
            at = end
        return ""
