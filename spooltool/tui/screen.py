"""The main screen: the list, what stands beside it, and the keys that look.

One screen for every size: at 80×24 the list and the verdict of the row under the cursor, from
140×40 on everything side by side.  The list is frozen while something is tagged or a plan
is open, and for two seconds after each key, so that nothing moves under a finger.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from spooltool.diagnose.grouping import KEYS
from spooltool.errors import QueryError
from spooltool.look.sight import Sight
from spooltool.look.sorting import SORT_KEYS
from spooltool.render.journal import short_line
from spooltool.render.text import visible
from spooltool.spool.hosts import parse_host
from spooltool.tui.changes.change import Change
from spooltool.tui.changes.hand import Hand
from spooltool.tui.changes.plan_dialog import PlanDialog
from spooltool.tui.changes.registry import BY_KEY, CHANGES
from spooltool.tui.changes.target import Target, of_filter, of_messages
from spooltool.tui.commands import command, ls_command
from spooltool.tui.feeds import Feeds
from spooltool.tui.filter import FilterBar
from spooltool.tui.footer import Footer
from spooltool.tui.glimpse import Glimpses
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.grid import Grid
from spooltool.tui.header import Header, matched_words
from spooltool.tui.help import HelpScreen, documented
from spooltool.tui.keys import LOOK, Key
from spooltool.tui.model import Queue
from spooltool.tui.palette import Choice, Palette
from spooltool.tui.panes.destinations import DestinationsPane
from spooltool.tui.panes.orders import OrdersPane
from spooltool.tui.panes.queue import QueuePane
from spooltool.tui.panes.reasons import ReasonsPane
from spooltool.workers.changes import Done
from spooltool.workers.queue import Ask, Freeze, LookAgain, Misread, Picture, Show, Thaw
from spooltool.workers.table import Cells
from spooltool.workers.wire import Frame

STILL = 2.0
"""Seconds for which the list stays as it is after a key."""

WIDE, HIGH = 140, 40
"""From this size on everything is side by side."""

_SORTS = ("", *SORT_KEYS.split(", "))
_GROUPS = tuple(key.name for key in KEYS)


class MainScreen(Screen[None]):
    """The queue on one screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.pressed, key.action, key.label, show=False) for key in LOOK
    ]
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
        self.glyphs = glyphs
        self.queue = Queue()
        self.header = Header(self.queue, sight.place, "", glyphs)
        self.filter = FilterBar(query)
        self.list = QueuePane(self.queue, Glimpses(sight).recipients, id="queue")
        self.destinations = DestinationsPane(glyphs, id="destinations")
        self.reasons = ReasonsPane(glyphs, id="reasons")
        self.orders = OrdersPane(glyphs, id="orders")
        self.read_only = read_only
        self.header.read_only = read_only
        self.hand = Hand(feeds)
        self.footer = Footer(LOOK, () if read_only else change_keys())
        self.left = Vertical(self.destinations, self.reasons, self.orders, id="left")
        self.shown = 1
        self.query_text = query
        self._serial = 0
        self._asked_frozen = False
        self._still: Timer | None = None
        self._range: str | None = None
        self._used = False
        self._adrift = False
        self._group = "dst"

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.header
        yield self.filter
        with Horizontal(id="upper"):
            yield self.left
            yield self.list
        yield self.footer

    @property
    def panes(self) -> dict[int, Widget]:
        """The panes by their digit."""
        return {1: self.list, 2: self.destinations, 3: self.reasons, 4: self.orders}

    @property
    def wide(self) -> bool:
        """Whether everything is side by side."""
        return self.size.width >= WIDE and self.size.height >= HIGH

    def on_mount(self) -> None:
        """Ask for the first picture; the keys that change are there where they may be used."""
        if not self.read_only:
            for one in change_keys():
                self._bindings.bind(one.pressed, one.action, one.label, show=False)
        self._reader = self.feeds.queue(self.told, self._reader_ended)
        self._arrange()
        self.list.focus()
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """Another size, other panes."""
        self.call_after_refresh(self._arrange)

    def _arrange(self) -> None:
        wide, shown = self.wide, self.shown
        self.set_class(wide, "-wide")
        for number, pane in self.panes.items():
            pane.display = wide or number == shown
        self.left.display = wide or shown in (2, 3, 4)
        self.header.styles.height = self.header.count
        self.footer.styles.height = self.footer.count

    # the reader of the queue

    def ask(self, value: Ask) -> None:
        """Ask the reader."""
        self._reader.ask(value)

    def _show(self) -> None:
        self._serial += 1
        self.ask(Show(self._serial, self.query_text, self.list.sort, self._group))
        self._equal()

    def on_unmount(self) -> None:
        """The processes end with the screen."""
        self._reader.close()
        self.hand.close()

    def _reader_ended(self, why: str) -> None:
        self.footer.notice(f"the reader has ended: {visible(why)}", "bad")

    def told(self, frame: Frame) -> None:
        """What the reader says."""
        match frame.value:
            case Misread(serial=serial) as wrong:
                if serial == self._serial:
                    self.filter.wrong(wrong.message, wrong.column)
                    self.footer.notice(wrong.hint)
            case Picture(serial=serial):
                self._take(frame, fresh=serial == self._serial)

    def _take(self, frame: Frame, *, fresh: bool) -> None:
        under = self.under_cursor() if self._used else None
        self.queue.take(frame)
        row = None if self._used else 0
        if under is not None:
            row = self.queue.row_of(under.number, self.list.cursor)
            if row is None:
                self._lost(under)
        self.list.reset(row)
        if fresh and self.filter.error is None:
            self.filter.right(matched_words(self.queue))
        facts, now = self.queue.facts, self.queue.at
        self.destinations.take(facts.groups, self._group)
        self.reasons.take(facts.reasons)
        self.orders.take(facts, now)
        self.filter.values = {
            "dst": [group.label for group in facts.groups],
            "reason": [reason.reason for reason in facts.reasons],
        }
        if facts.transactions:
            self.footer.last(short_line(facts.transactions[0], now))
        self.header.redraw()

    def _lost(self, under: Cells) -> None:
        """The message under the cursor is not listed any more."""
        self._adrift = True
        self.footer.notice(f"{under.letter}{under.number} has left the list: move the cursor")

    def under_cursor(self) -> Cells | None:
        """The message under the cursor."""
        row = self.list.cursor
        return self.queue[row] if 0 <= row < len(self.queue) else None

    def target(self) -> Target:
        """What is tagged, else the message under the cursor; and where the cursor is.

        A cursor whose message has left stands on a neighbour that nobody has chosen: for
        nothing, until it is moved.  Raises QueryError.
        """
        tags, host = self.queue.tags, self._host()
        suspended = self._suspended(host)
        if tags.everything:
            count = self.queue.tagged()
            left_out = tuple(tags.left_out)
            return of_filter(self.query_text, left_out, count, host=host, suspended=suspended)
        under = self.under_cursor()
        numbers = list(tags.numbers)
        if not numbers and under is not None and not self._adrift:
            numbers = [under.number]
        return of_messages(numbers, host=host, suspended=suspended)

    def _host(self) -> str:
        """The destination under the cursor: of the pane that has the keys, else of the message."""
        if self.destinations.has_focus and self._group == "dst":
            at = self.destinations.cursor
            return self.destinations.groups[at].label if at >= 0 else ""
        if self.orders.has_focus:
            return self.orders.host(self.orders.cursor)
        under = self.under_cursor()
        if under is None or self._adrift or under.dst >= len(self.queue.strings):
            return ""
        host = parse_host(self.queue.strings[under.dst])
        return str(host) if host is not None else ""

    def _suspended(self, text: str) -> str:
        """The pattern of the order that keeps this host back; "" for none."""
        host = parse_host(text)
        for order in self.queue.facts.relay.orders:
            if order.host == text or (host is not None and order.pattern.covers(host)):
                return order.host
        return ""

    # changes

    def action_change(self, key: str) -> None:
        """Open the plan of a change."""
        self._open(BY_KEY[key])

    def _open(self, change: Change) -> None:
        if self.read_only:
            self.footer.notice(f"read only: {self.read_only}", "warn")
            return
        try:
            target = self.target()
        except QueryError as error:
            self.footer.notice(f"the filter cannot be read: {visible(error.message)}", "bad")
            return
        if change.wants_messages and not target.count:
            self.footer.notice("no message: tag some, or move the cursor to one", "warn")
            return
        self._freeze(True)
        self.app.push_screen(PlanDialog(change, target, self.hand), self._changed)

    def _changed(self, done: Done | None) -> None:
        """The plan was closed: what was done is shown, and looked for."""
        if done is not None:
            self.queue.tags.clear()
            self.ask(LookAgain())
            self.ask(Thaw())
            self.footer.notice(done.lines[0] if done.lines else "")
            self._tags_changed()
        self.touched()

    def action_changes(self) -> None:
        """Every change by name, with or without a key."""
        if self.read_only:
            self.footer.notice(f"read only: {self.read_only}", "warn")
        else:
            self.app.push_screen(Palette(self._change_choices()))

    def _change_choices(self) -> list[Choice]:
        if self.read_only:
            return []
        return [Choice(one.key, one.label, one.help, partial(self._open, one)) for one in CHANGES]

    # freezing

    def touched(self) -> None:
        """A key: for a while nothing moves; from the first one on the cursor is a message."""
        self._used = True
        self._freeze(True)
        if self._still is not None:
            self._still.stop()
        self._still = self.set_timer(STILL, self._settle)

    def _settle(self) -> None:
        self._still = None
        if not self.queue.tags and self._range is None and self.app.screen is self:
            self._freeze(False)

    def _freeze(self, on: bool) -> None:
        if on != self._asked_frozen:
            self._asked_frozen = on
            self.ask(Freeze(on))

    # keys that look

    def action_filter(self) -> None:
        """Type what is to be listed, in the query language; Tab completes."""
        self.filter.edit()

    def action_tag(self) -> None:
        """Mark the message under the cursor, or mark it no more; the cursor goes on."""
        cells = self.under_cursor()
        if cells is not None:
            self.queue.tags.turn(cells.number)
            self.list.refresh_row(self.list.cursor)
            self.list.move(self.list.cursor + 1)
            self._tags_changed()

    def action_range(self) -> None:
        """Mark from here: a second `v` marks everything between; Esc takes it back."""
        cells = self.under_cursor()
        if cells is None:
            return
        if self._range is None:
            self._range = cells.number
            self.footer.notice("range begins here: move, then v again; Esc leaves it")
            return
        start = self.queue.row_of(self._range, self.list.cursor)
        self._range = None
        self.footer.notice("")
        if start is not None:
            low, high = sorted((start, self.list.cursor))
            self.queue.tags.add(self.queue[row].number for row in range(low, high + 1))
            self._tags_changed()

    def action_tag_all(self) -> None:
        """Mark everything that the filter means, as a query: `space` then leaves one out."""
        if len(self.queue):
            self.queue.tags.take_all()
            self._tags_changed()

    def _tags_changed(self) -> None:
        self.list.redraw()
        if self.filter.error is None:
            self.filter.right(matched_words(self.queue))

    def action_back(self) -> None:
        """Untag, or go back to the list."""
        self.footer.notice("")
        if self._range is not None:
            self._range = None
        elif self.focused is not self.list or self.shown != 1:
            self.action_pane(1)
        elif self.queue.tags:
            self.queue.tags.clear()
            self._tags_changed()

    def action_thaw(self) -> None:
        """Take in what came and drop what left since the list was frozen."""
        self.ask(Thaw())

    def action_pane(self, number: int) -> None:
        """Go to a pane; in a small terminal it takes the place of the list."""
        pane = self.panes.get(number)
        if pane is None:
            return
        self.shown = number
        self._arrange()
        pane.focus()
        self._equal()

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        numbers = list(self.panes)
        at = next((n for n, pane in self.panes.items() if pane.has_focus_within), self.shown)
        self.action_pane(numbers[(numbers.index(at) + 1) % len(numbers)])

    def action_sort(self) -> None:
        """Sort by the next key."""
        self._sort(_SORTS[(_SORTS.index(self.list.sort.removeprefix("-")) + 1) % len(_SORTS)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        sort = self.list.sort or "age"
        self._sort(sort[1:] if sort.startswith("-") else f"-{sort}")

    def _sort(self, key: str) -> None:
        self.list.sort = key
        self.footer.notice(f"sorted by {key}" if key else "in the queue's order: oldest first")
        self._show()
        self.list.redraw()

    def action_regroup(self) -> None:
        """Count pane 2 by the next key: destination, domain, sender, rule, …"""
        self._group = _GROUPS[(_GROUPS.index(self._group) + 1) % len(_GROUPS)]
        self._show()
        if not self.wide:
            self.action_pane(2)

    def action_help(self) -> None:
        """What every key does, and the words of the filter."""
        width = min(108, self.size.width - 4)
        changes = [] if self.read_only else [(one.key or "a", one.help) for one in CHANGES]
        self.app.push_screen(HelpScreen(LOOK, self, changes, width))

    def action_palette(self) -> None:
        """Every action by name."""
        self.app.push_screen(Palette(self._choices()))

    def _choices(self) -> list[Choice]:
        looks = [
            Choice(key.shown, _named(key), documented(self, key.action), self._act(key))
            for key in LOOK
            if key.action != "palette"
        ]
        return [*looks, *self._change_choices()]

    def _act(self, key: Key) -> Callable[[], object]:
        return lambda: self.call_later(self.run_action, key.action)

    def action_copy(self) -> None:
        """Copy the id under the cursor, or the line of the pane, by the terminal (OSC 52)."""
        under = self.under_cursor()
        if under is not None:
            text = f"{under.letter}{under.number}"
            self.app.copy_to_clipboard(text)
            self.footer.notice(f"copied: {text}")

    # what the panes say

    def on_filter_bar_asked(self, event: FilterBar.Asked) -> None:
        """Another query was typed."""
        self.set_query(event.text, typed=True)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        """The list has the keys again."""
        self.action_pane(1)

    def on_filter_bar_offered(self, event: FilterBar.Offered) -> None:
        """Several ways to complete."""
        words = [text.rpartition(" ")[2] for text in event.texts]
        self.footer.notice("  ".join(words[:20]))

    def on_queue_pane_sorted_by(self, event: QueuePane.SortedBy) -> None:
        """A heading was clicked: by it, and again: the other way."""
        if self.list.sort == event.key:
            self.action_reverse()
        else:
            self._sort(event.key)

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """The cursor is where a person has put it."""
        event.stop()
        if event.grid is self.list:
            self._adrift = False

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Enter on a row: a filter, or the message."""
        event.stop()
        match event.grid:
            case DestinationsPane() as pane:
                query = pane.groups[event.row].query
                self._narrow(f"stuck {query}" if query else "")
            case ReasonsPane() as pane:
                self._narrow(pane.reasons[event.row].query)
            case OrdersPane() as pane:
                self._narrow(pane.selected_by(event.row))

    def _narrow(self, query: str) -> None:
        """A filter from a pane: the query language is learnt from it."""
        if query:
            self.set_query(query)
            self.action_pane(1)

    def set_query(self, text: str, *, typed: bool = False) -> None:
        """List something else; what was tagged is tagged no more."""
        self.queue.tags.clear()
        self._range = None
        self.query_text = text
        if not typed:
            self.filter.put(text)
        self.filter.error = None
        self.footer.notice("")
        self.list.reset(0)
        self._show()

    def _equal(self) -> None:
        """The command that shows what the pane shows."""
        match self.shown:
            case 2:
                words = ["group", "stuck", "--by", self._group]
            case 3:
                words = ["group", "stuck", "--by", "reason"]
            case 4:
                words = ["suspend"]
            case _:
                self.footer.equal(ls_command(self.query_text, self.list.sort))
                return
        self.footer.equal(command(*words))


def change_keys() -> tuple[Key, ...]:
    """The keys that change, as they are offered."""
    changes = [Key(one.key, one.key, f"change('{one.key}')", one.label) for one in BY_KEY.values()]
    return (*changes, Key("a", "a", "changes", "all actions"))


def _named(key: Key) -> str:
    """What a key does, in a word or two."""
    return key.label or key.action.replace("_", " ")
