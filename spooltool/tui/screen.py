"""The main screen: the list, what stands beside it, and the keys that look.

One screen for every size: at 80×24 the list and the verdict of the row under the cursor, from
140×40 on everything side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from spooltool.look.sight import Sight
from spooltool.render.journal import short_line
from spooltool.render.text import visible
from spooltool.tui.aim import aim_at, host_of
from spooltool.tui.beside import Beside, MessageLog
from spooltool.tui.changes.plan_dialog import PlanDialog
from spooltool.tui.changes.target import Target
from spooltool.tui.changing import Changing
from spooltool.tui.commands import command
from spooltool.tui.feeds import Feeds
from spooltool.tui.filter import FilterBar
from spooltool.tui.footer import Footer
from spooltool.tui.glimpse import Glimpses
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.grid import Grid
from spooltool.tui.header import Header, matched_words
from spooltool.tui.keys import Where, bindings
from spooltool.tui.menus import Menus
from spooltool.tui.message.pane import MessagePane
from spooltool.tui.model import Queue
from spooltool.tui.pace import Pace
from spooltool.tui.panes.destinations import DestinationsPane
from spooltool.tui.panes.layout import Panes
from spooltool.tui.panes.log import LogPane
from spooltool.tui.panes.pane import Around, Pane
from spooltool.tui.panes.queue import QueuePane
from spooltool.tui.panes.registry import LOOK
from spooltool.tui.panes.verdict import VerdictPane
from spooltool.tui.stillness import Stillness
from spooltool.workers.log_messages import Rates
from spooltool.workers.queue import Ask, Misread, Picture, Show, Thaw
from spooltool.workers.wire import Frame

WIDE, HIGH = 140, 40
"""From this size on everything is side by side."""

LOW = 20
"""In so few lines the list has the room that the verdict would take."""

AGAIN = 2.0
"""Seconds after which a process that has ended is started again."""


class MainScreen(Screen[None]):
    """The queue on one screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.SCREEN)
    DEFAULT_CLASSES = "spool"

    def __init__(
        self,
        sight: Sight,
        glyphs: Glyphs,
        feeds: Feeds,
        *,
        query: str = "stuck",
        read_only: str = "",
    ) -> None:
        super().__init__()
        self.sight = sight
        self.feeds = feeds
        self.queue = Queue()
        self.changing = Changing(self, feeds, read_only)
        self.menus = Menus(self)
        self.glimpses = Glimpses(sight, self.queue)
        self.header = Header(self.queue, sight.place, glyphs)
        self.header.read_only = read_only
        self.filter = FilterBar(query)
        self.verdict = VerdictPane(line=glyphs.line, changes=not read_only, id="verdict")
        around = Around(sight, self.queue, self.glimpses, feeds, glyphs)
        self.panes = Panes(around, self.verdict)
        self.list = self.panes.of(QueuePane)
        self.list.filter_text = query
        self.destinations = self.panes.of(DestinationsPane)
        self.message = self.panes.of(MessagePane)
        self.log_pane = self.panes.of(LogPane)
        self.footer = Footer(LOOK, self.changing.keys)
        self.message_log = MessageLog(feeds, self.message, self._message_log_ended)
        self.beside = Beside(
            *(self, sight, self.queue, self.glimpses),
            *(self.message, self.log_pane, self.verdict),
        )
        self.still = Stillness(self, self.ask, self._is_needed_still)
        self.pace = Pace(self, self._take)
        self._serial = self._another = 0
        self._used = False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.header
        yield self.filter
        yield self.panes
        yield self.footer

    @property
    def wide(self) -> bool:
        """Whether everything is side by side."""
        return self.size.width >= WIDE and self.size.height >= HIGH

    def on_mount(self) -> None:
        """Ask for the first picture; the keys that change are there where they may be used."""
        for key in self.changing.keys:
            self._bindings.bind(key.pressed, key.action, show=False)
        self._arrange()
        self.list.focus()
        self._read()
        self._follow_logs()

    def on_unmount(self) -> None:
        """The processes end with the screen."""
        feeds = (self._reader, self._logs, self.message_log, self.changing)
        for one in (*feeds, self.pace, self.queue):
            one.close()

    def on_resize(self, event: events.Resize) -> None:
        """Another size, other panes."""
        self.call_after_refresh(self._arranged_anew)

    def _arranged_anew(self) -> None:
        self._arrange()
        self.beside.look()  # other panes are seen than before

    def _arrange(self) -> None:
        self.set_class(self.wide, "-wide")
        self.list.titled = self.wide
        self.panes.stand(wide=self.wide, low=self.size.height < LOW)
        self.header.styles.height = self.header.count
        self.footer.styles.height = self.footer.count

    # the reader of the queue

    def ask(self, value: Ask) -> None:
        """Ask the reader."""
        self._reader.ask(value)

    def _show(self) -> None:
        self._serial += 1
        shown, by = self.list, self.destinations.wanted_key
        self.ask(Show(self._serial, shown.filter_text, shown.sort, by))
        self._equal()

    def _read(self) -> None:
        """Begin to read the queue: at first, and when the reader has ended."""
        self._reader = self.feeds.queue(self.pace.queue, self._reader_ended)
        self.still.forget()
        self._show()

    def _reader_ended(self, why: str) -> None:
        self.footer.notice(f"the queue is read anew: {visible(why)}", "bad")
        self.set_timer(AGAIN, self._read)

    def _follow_logs(self) -> None:
        self._logs = self.feeds.logs(self.pace.log, self._logs_ended)
        self.log_pane.ask()

    def _logs_ended(self, why: str) -> None:
        self.footer.notice(f"the logs are followed anew: {visible(why)}", "bad")
        self.set_timer(AGAIN, self._follow_logs)

    def _message_log_ended(self, why: str) -> None:
        self.footer.notice(f"the lines of this message are not all here: {visible(why)}", "bad")

    def _take(self, queue: Sequence[Frame], logs: Sequence[Frame]) -> None:
        """What reader and logs have told since the last time: all of it, painted once."""
        pictures = [frame for frame in queue if isinstance(frame.value, Picture)]
        if pictures:
            self._take_pictures(pictures)
        for frame in queue:
            if isinstance(frame.value, Misread) and frame.value.serial == self._serial:
                self.filter.wrong(frame.value.message, frame.value.column)
                self.footer.notice(frame.value.hint)
        self.message_log.now = self.queue.at
        told = [frame.value for frame in logs]
        for rates in (one for one in told if isinstance(one, Rates)):
            self.header.rates = rates
        for pane in self.panes.by_digit.values():
            pane.hear(told)
        self.header.redraw()

    def _take_pictures(self, pictures: Sequence[Frame]) -> None:
        before = self.list.under if self._used else None
        self.glimpses.follow()
        self.queue.take(pictures)
        serial = pictures[-1].value.serial
        if self._another and serial >= self._another:
            self._another = 0
            self.list.begin()
        else:
            self.list.follow(before)
        if serial == self._serial:
            self._matched()
        facts, now = self.queue.facts, self.queue.at
        for pane in self.panes.by_digit.values():
            pane.take(self.queue)
        self.filter.values = {
            "dst": [group.label for group in facts.groups],
            "reason": [reason.reason for reason in facts.reasons],
        }
        if facts.transactions:
            self.footer.last(f"txn {short_line(facts.transactions[0], now)}")
        self.beside.attend(self.list.chosen)

    def _matched(self) -> None:
        if self.filter.error is None:
            self.filter.right(matched_words(self.queue))

    def touched(self) -> None:
        """A key: for a while nothing moves; from the first one on the cursor is a message."""
        self._used = True
        self.pace.touched()
        self.still.touched()

    def _is_needed_still(self) -> bool:
        return self.list.tagging or isinstance(self.app.screen, PlanDialog)

    def target(self) -> Target:
        """What a key that changes is about.  Raises QueryError."""
        chosen = self.list.chosen
        focused = self.panes.focused
        host = focused.host if focused is not None else None
        if host is None:
            host = host_of(self.queue, chosen)
        return aim_at(self.queue, chosen, self.list.filter_text, host)

    # keys

    def action_filter(self) -> None:
        """Type what is to be listed, in the query language; Tab completes."""
        self.filter.edit()

    def action_back(self) -> None:
        """Untag, or go back to the list."""
        self.footer.notice("")
        if self.focused is not self.list or self.panes.current is not self.list:
            self.go(self.list)
        else:
            self.list.step_back()

    def action_thaw(self) -> None:
        """Take in what came and drop what left since the list was frozen."""
        self.ask(Thaw())

    def action_pane(self, number: int) -> None:
        """Go to a pane; in a small terminal it takes the place of the list."""
        pane = self.panes.by_digit.get(number)
        if pane is not None:
            self.go(pane)

    def go(self, pane: Pane) -> None:
        """Give a pane the keys."""
        self.panes.shown = pane.digit
        self._arrange()
        pane.focus()
        self.beside.look()
        self._equal()

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self.action_pane(self.panes.next_digit())

    def action_destinations(self) -> None:
        """What is stuck, by destination and age: pane 2."""
        self.go(self.destinations)

    def action_why(self) -> None:
        """Why the message under the cursor is where it is, with all that is known of it."""
        self.message.choose("why")
        self.go(self.message)

    def action_log(self) -> None:
        """The log: of everything, then of this message, then of this destination."""
        if self.panes.current is self.log_pane or self.log_pane.has_focus:
            self.log_pane.action_cycle()
        self.go(self.log_pane)

    def action_pager(self) -> None:
        """The message under the cursor in $PAGER."""
        self.beside.look()
        self.message.action_pager()

    def action_regroup(self) -> None:
        """Count pane 2 by the next key: destination, domain, sender, rule, …"""
        self.destinations.next_key()
        self._show()
        if not self.wide:
            self.go(self.destinations)

    def action_change(self, key: str) -> None:
        """Open the plan of a change."""
        self.changing.open_by_key(key)

    def action_changes(self) -> None:
        """Every change by name, with or without a key."""
        self.menus.changes()

    def action_help(self) -> None:
        """What every key does, and the words of the filter."""
        self.menus.help()

    def action_palette(self) -> None:
        """Every action by name."""
        self.menus.palette()

    # what the panes say

    def on_filter_bar_asked(self, event: FilterBar.Asked) -> None:
        """Another query was typed."""
        self.set_query(event.text, typed=True)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        """The list has the keys again."""
        self.go(self.list)

    def on_filter_bar_offered(self, event: FilterBar.Offered) -> None:
        """Several ways to complete."""
        words = [text.rpartition(" ")[2] for text in event.texts]
        self.footer.notice("  ".join(words[:20]))

    def on_queue_pane_resorted(self, event: QueuePane.Resorted) -> None:
        """Another order is wanted."""
        self._show()

    def on_queue_pane_tagged(self, event: QueuePane.Tagged) -> None:
        """Other messages are tagged."""
        self._matched()

    def on_pane_noted(self, event: Pane.Noted) -> None:
        """A pane has something to tell."""
        self.footer.notice(event.text)

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Enter on a row: a filter, or the message."""
        event.stop()
        if event.grid is self.list:
            self.go(self.message)
        elif isinstance(event.grid, Pane):
            self._narrow(event.grid.query_of(event.row))

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """The cursor of the list is on another message."""
        event.stop()
        if event.grid is self.list:
            self.beside.attend(self.list.chosen)

    def on_log_pane_asked(self, event: LogPane.Asked) -> None:
        """The log pane wants other lines."""
        self._logs.ask(event.show)
        self._equal()

    def on_log_pane_message_chosen(self, event: LogPane.MessageChosen) -> None:
        """The message of a log line."""
        self.go(self.message)
        self.beside.open(event.number, event.letter)

    def on_message_pane_log_wanted(self, event: MessagePane.LogWanted) -> None:
        """The log lines of the message are wanted."""
        self.message_log.want(event.number)

    def _narrow(self, query: str) -> None:
        """A filter from a pane: the query language is learnt from it."""
        if query:
            self.set_query(query)
            self.go(self.list)

    def set_query(self, text: str, *, typed: bool = False) -> None:
        """List something else; what was tagged is tagged no more."""
        self.list.untag()
        self.list.filter_text = text
        if not typed:
            self.filter.put(text)
        self.filter.error = None
        self.footer.notice("")
        self.list.reset(0)
        self._show()
        self._another = self._serial

    def _equal(self) -> None:
        """The command that shows what the pane shows."""
        words = self.panes.current.equal(self.list.under)
        self.footer.equal(command([*words, *self.sight.options]))
