"""What stands beside the list about the message under the cursor: verdict, message, log.

It is read a moment after the cursor has moved or its message has changed, and not with each key
of a cursor that runs.
"""

from __future__ import annotations

from textual.screen import Screen
from textual.timer import Timer

from spooltool.look.new_mail import NewMail
from spooltool.look.sight import Sight
from spooltool.render.verdict import Alike
from spooltool.spool.hosts import parse_host
from spooltool.tui.feeds import Asking, Ended, Feeds
from spooltool.tui.glimpse import Glimpses
from spooltool.tui.log_words import Subject, line_spans, subject_of
from spooltool.tui.logbook import LogBook
from spooltool.tui.message.advice import key_advice
from spooltool.tui.message.pane import MessagePane
from spooltool.tui.model import Queue
from spooltool.tui.panes.log import LogPane
from spooltool.tui.panes.verdict import VerdictPane
from spooltool.workers.log_messages import Lines, Looked, OneMessage, Show
from spooltool.workers.table import Cells, Flag
from spooltool.workers.wire import Frame

OFTEN = 0.08
"""Seconds between two looks at a message while the cursor runs, or its mail comes and goes."""


class Beside:
    """The panes about the message under the cursor, and the logs."""

    def __init__(
        self,
        screen: Screen[None],
        sight: Sight,
        queue: Queue,
        glimpses: Glimpses,
        message: MessagePane,
        log: LogPane,
        verdict: VerdictPane,
    ) -> None:
        self._screen, self._sight = screen, sight
        self._queue, self._glimpses = queue, glimpses
        self._message, self._log, self._verdict = message, log, verdict
        self._new_mail = NewMail()
        self._under: Cells | None = None
        self._timer: Timer | None = None

    def attend(self, under: Cells | None) -> None:
        """The cursor is on a message, or its message is another than it was."""
        if under == self._under:
            return
        self._under = under
        if self._timer is None:
            self._timer = self._screen.set_timer(OFTEN, self.look)

    @property
    def behind(self) -> bool:
        """Whether the cursor has moved on since they were shown."""
        return self._timer is not None

    def look(self) -> None:
        """Show what the message is now, in the panes that are seen."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        under = self._under
        if under is None:
            self._message.clear()
            self._verdict.clear()
            self._log.subject(Subject())
            return
        row = self._glimpses.row(under)
        name = f"{under.letter}{under.number}"
        self._log.subject(subject_of(row) if row is not None else Subject(name, under.number))
        if row is None or under.flags & Flag.GONE:
            self._verdict.left(name)
            if self._message.is_showing(under.number):
                self._message.advise([])
                self._message.left("left the queue")
            return
        stuck = row.standing == "stuck"
        places = self._places(under) if stuck else []
        alike = self._alike(under, places) if stuck else None
        if self._verdict.display:
            self._verdict.show(self._glimpses.sight(), row, alike)
        if self._message.display:
            relay, changes = self._queue.facts.relay, self._verdict.changes
            self._message.advise(key_advice(row, alike, relay, places, changes=changes))
            self._message.show(self._glimpses.sight(), row)

    def open(self, number: str, letter: str = "") -> None:
        """Show a message that need not be in the list: one of the log."""
        self._message.advise([])
        names = self._sight.spool.find(number)
        if names:
            self._message.show(self._glimpses.sight(), names[0])
        else:
            self._message.clear(f"{letter}{number} has left the queue: its log lines are in pane 6")

    def _alike(self, under: Cells, places: list[str]) -> Alike | None:
        """How much stuck mail has the same destination, and whether more will come."""
        more = "new mail still goes there" if places else ""
        source = places[0].rpartition(", ")[2] if places else ""
        number = self._queue.facts.hosts.get(self._dst(under), 0)
        return Alike(number, more=more, source=source) if number else None

    def _places(self, under: Cells) -> list[str]:
        """Where the configuration sends new mail to the same destination."""
        host = parse_host(self._dst(under))
        return self._new_mail.places(self._sight, host.host) if host is not None else []

    def _dst(self, under: Cells) -> str:
        return self._queue.strings[under.dst] if under.dst < len(self._queue.strings) else ""


class MessageLog:
    """The log lines of the message that is shown, from a process of its own.

    It is started when a message's log is first wanted: the pane of all lines goes on beside.
    """

    def __init__(self, feeds: Feeds, pane: MessagePane, ended: Ended) -> None:
        self._feeds, self._pane, self._failed = feeds, pane, ended
        self._feed: Asking | None = None
        self._book = LogBook()
        self._number = ""
        self._serial = 0
        self.now = 0.0

    def want(self, number: str) -> None:
        """The lines of this message are to be shown."""
        if self._feed is None:
            self._feed = self._feeds.logs(self._told, self._ended)
        self._serial += 1
        self._number = number
        self._book.clear()
        self._feed.ask(Show(self._serial, OneMessage(number)))

    def close(self) -> None:
        """End the process."""
        if self._feed is not None:
            self._feed.close()

    def _ended(self, why: str) -> None:
        self._feed = None
        self._failed(why)

    def _told(self, frame: Frame) -> None:
        told = frame.value
        if getattr(told, "serial", 0) != self._serial:
            return
        match told:
            case Lines(older=True):
                self._book.older(told.lines)
            case Lines():
                self._book.newer(told.lines)
            case Looked(done=done):
                self._tell("" if done else "looking further back ...")
                return
            case _:
                return
        self._tell("looking further back ...")

    def _tell(self, note: str) -> None:
        spans = [line_spans(line, self.now) for line in self._book.rows]
        self._pane.log_lines(self._number, spans, note)
