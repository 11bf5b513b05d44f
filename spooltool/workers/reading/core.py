"""The reader of the queue: asked, told what was touched, stepped; it gives pictures.

It has no process and no socket.  `clock` is the time that mail is judged by, `ticks` what
passes meanwhile; a test gives its own.  Call `step` again and again: it works for about as
long as it may and returns what the screen is to be told; `rest` says how long there is
nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from spooltool.diagnose.grouping import KEY
from spooltool.diagnose.relay import RelayView
from spooltool.errors import QueryError, UsageError
from spooltool.look.sight import Sight
from spooltool.query import Query, parse_text
from spooltool.workers.queue import (
    Ask,
    Freeze,
    LookAgain,
    Misread,
    Progress,
    Show,
    Thaw,
)
from spooltool.workers.reading.beside import Beside
from spooltool.workers.reading.due import Due
from spooltool.workers.reading.grouping import Grouping
from spooltool.workers.reading.judging import Judge
from spooltool.workers.reading.kept import Kept
from spooltool.workers.reading.listing import Listing
from spooltool.workers.reading.looking import PATIENCE, Clock, Looker
from spooltool.workers.reading.pictures import Painter
from spooltool.workers.reading.roll import Roll
from spooltool.workers.reading.scanning import Scanning
from spooltool.workers.reading.slices import Pass
from spooltool.workers.reading.stock import Stock
from spooltool.workers.wire import Frame

SCAN_EVERY = 10.0
"""Seconds between two passes over all names, where the kernel tells what comes and goes."""

SCAN_UNTOLD = 2.0
"""The same where it does not."""

_EVERY = {"ask": 1.0, "ages": 1.0, "beside": 2.0, "groups": 1.0, "picture": 0.1}
_REST = {"ask": 10.0, "ages": 10.0, "beside": 20.0, "groups": 10.0, "picture": 5.0, "scan": 4.0}
"""Seconds between two of each, and how much longer than its own time each rests at least: a
large spool must not wear out a core."""

_ASK_AGAIN = 0.1
"""Seconds between two looks whether a slow relay has answered."""

_QUIET_GROUPS = 30.0
_WORTH_A_PICTURE = 0.1
"""A query that is judged within that is told when it is through."""

_JUDGE_TURNS = 10
_LOOKS_AT_ONCE = 20


class Reader:
    """The queue of one spool.

    `told_by_kernel` False says that nobody reports what is touched; `patience` is how many
    seconds a relay that is slow to answer may hold up a step.  The sight is the reader's as
    long as it lives.
    """

    def __init__(
        self,
        sight: Sight,
        clock: Clock = time.time,
        ticks: Clock = time.monotonic,
        *,
        told_by_kernel: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        self.told_by_kernel = told_by_kernel
        self._ticks = ticks
        self._due = Due(ticks, (*_EVERY, "scan"))
        self._looker = Looker(sight, clock, patience)
        self._stock = Stock()
        self._kept = Kept(self._stock, self._looker.row)
        self._listing = Listing(self._stock)
        self._judge = Judge(self._stock, self._kept, self._listing)
        self._roll = Roll(self._looker, self._stock, self._judge, self._listing)
        self._beside = Beside()
        self._painter = Painter(self._looker, self._roll, self._judge, self._listing, self._beside)
        self._grouping = Grouping(self._stock, self._kept, "dst")
        self._show = Show(0, "")
        self._told: list[Frame] = []
        self._touched: set[str] = set()
        self._passes: dict[str, Pass] = {}
        self._scan: Scanning | None = None
        self._scan_again = False
        self._scan_cost = 0.0
        self._asked_at = ticks()
        self._settling = False
        self._dirty = True
        self._restless = True
        self._group_rest = _EVERY["groups"]
        self._due.after("ask", _EVERY["ask"])

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode of the spool: a watch over another directory tells nothing."""
        return self._looker.identity

    @property
    def path(self) -> str:
        """Of the spool."""
        return self._looker.path

    def close(self) -> None:
        """Let go of descriptors."""
        self._passes.clear()
        self._painter.close()

    # what it is told

    def asked(self, ask: Ask) -> None:
        """The screen asks."""
        self._dirty = True
        match ask:
            case Show():
                self._asked_to_show(ask)
            case Freeze(on):
                self._listing.frozen = on
            case Thaw():
                self._listing.take_in()
                self._due.after("picture", 0.0)
            case LookAgain():
                self.look_everywhere()

    def touched(self, numbers: Iterable[str]) -> None:
        """Files of these messages came, moved or went."""
        self._touched.update(numbers)

    def look_everywhere(self) -> None:
        """Something changed that nobody can name."""
        for what in ("scan", "ask", "beside"):
            self._due.after(what, 0.0)
        # A pass that runs may be past the place already; the first one is let through.
        self._scan_again = not self._roll.began
        if self._roll.began:
            self._passes.pop("scan", None)

    def _asked_to_show(self, show: Show) -> None:
        before = self._show
        try:
            query = parse_text(show.text)
            if show.group not in KEY:
                raise UsageError(f"{show.group}: no such key to group by")
            if show.sort != self._listing.sort:
                self._listing.sort_by(show.sort)
        except QueryError as error:
            self._misread(show, error.message, error.column, error.hint)
            return
        except UsageError as error:
            self._misread(show, error.message, 0, error.hint)
            return
        self._show = show
        if show.group != before.group:
            self._passes.pop("groups", None)
            self._due.after("groups", 0.0)
        if show.text != before.text or (show.sort != before.sort and self._listing.reads):
            self._judge_anew(query)
        elif show.sort != before.sort:
            self._list_anew()

    def _misread(self, show: Show, message: str, column: int, hint: str) -> None:
        self._told.append(Frame(Misread(show.serial, message, column, hint)))

    def _judge_anew(self, query: Query) -> None:
        self._judge.ask(query, self._set_clock())
        self._list_anew()
        if self._looker.trash != self._judge.wants_trash:
            self._looker.trash = self._judge.wants_trash
            self._roll.drop_trash()
            self._passes.pop("scan", None)
            self._due.after("scan", 0.0)
        self._passes["judge"] = Pass(self._judge.judge_all())

    def _list_anew(self) -> None:
        """Another list, frozen or not."""
        self._listing.clear()
        self._settling = True
        self._asked_at = self._ticks()
        self._due.after("picture", 0.0)  # somebody waits for it

    # what it does

    def step(self, seconds: float, *, pictures: bool = True) -> list[Frame]:
        """Work for about so long; what the screen is to be told.

        Who takes the frames closes their descriptors.  `pictures` False makes none: nobody
        looks at them.
        """
        end = self._ticks() + seconds
        self._set_clock()
        self._ask_relay()
        self._look_at_touched(end)
        self._begin_what_is_due()
        while self._passes:
            for name in list(self._passes):
                self._turn(name)
            self._begin_what_is_due()
            if self._ticks() >= end:
                break
        self._judge.rebind()
        self._roll.flow.pass_time(self._ticks(), self._stock.everything.messages)
        if pictures and self._picture_is_due():
            self._told.append(self._paint())
        told, self._told = self._told, []
        return told

    def rest(self) -> float:
        """Seconds for which there is nothing to do, unless it is asked or told something."""
        if self._passes or self._touched or self._told:
            return 0.0
        quiet = () if self._dirty else ("picture",)
        return self._due.rest(name for name in (*_EVERY, "scan") if name not in quiet)

    def _set_clock(self) -> float:
        now = self._looker.set_clock()
        self._roll.now = self._kept.now = now
        return now

    def _ask_relay(self) -> None:
        if not self._due.now("ask"):
            return
        began, before = time.perf_counter(), self._looker.relay
        shift = self._looker.ask()
        if shift is None:
            self._due.after("ask", _ASK_AGAIN)
            return
        self._rest_from("ask", time.perf_counter() - began)
        if shift.everything or shift.hosts:
            self._roll.make_stale(None if shift.everything else shift.hosts)
            self._due.sooner("scan", _REST["scan"] * self._scan_cost)
        for number in shift.numbers.union(self._roll.numbers_of(shift.inodes)):
            if self._stock.at(number):
                self._roll.look(number)
        if self._looker.relay != before:
            self._dirty = True
            self._states_may_differ(before)

    def _states_may_differ(self, before: RelayView) -> None:
        """The words beside the groups are of the relay."""
        now = self._looker.relay
        if (before.destinations, before.orders) != (now.destinations, now.orders):
            self._stir()
            self._painter.regroup()

    def _look_at_touched(self, end: float) -> None:
        """Look at what was touched, at least a few, as long as there is time."""
        self._touched |= self._judge.departed
        self._judge.departed.clear()
        for count, number in enumerate(list(self._touched), 1):
            self._touched.discard(number)
            self._roll.look(number, by_event=True)
            self._stir()
            if not count % _LOOKS_AT_ONCE and self._ticks() >= end:
                break

    def _stir(self) -> None:
        """Something changed: a picture is wanted, and stuck mail is to be counted soon."""
        self._dirty = self._restless = True
        self._due.sooner("groups", self._group_rest)

    # passes

    def _begin_what_is_due(self) -> None:
        for name in ("scan", "ages", "beside", "groups"):
            if name not in self._passes and self._due.now(name):
                self._passes[name] = Pass(self._steps_of(name))

    def _steps_of(self, name: str) -> Iterator[None]:
        match name:
            case "scan":
                self._scan = Scanning(self._looker, self._roll)
                return self._scan.steps()
            case "ages":
                return self._judge.follow_ages(self._roll.now)
            case "groups":
                self._grouping = Grouping(self._stock, self._kept, self._show.group)
                self._restless = False
                return self._grouping.steps()
            case _:
                return self._beside.look(lambda: self._looker.spool)

    def _turn(self, name: str) -> None:
        one = self._passes.get(name)
        for _ in range(_JUDGE_TURNS if name == "judge" else 1):
            if one is not None and not one.turn():
                del self._passes[name]
                self._ended(name, one.cost)
                return
        if name in ("scan", "judge"):
            self._dirty = True

    def _ended(self, name: str, cost: float) -> None:
        match name:
            case "scan":
                self._scan_ended(cost)
            case "groups":
                self._painter.grouped(self._grouping)
        self._dirty = True
        if name != "judge":
            self._rest_from(name, cost)
        if name == "scan" and self._scan_again:
            self._scan_again = False
            self._due.after("scan", 0.0)

    def _scan_ended(self, cost: float) -> None:
        assert self._scan is not None
        self._painter.unreadable = tuple(self._scan.unreadable)
        if self._roll.changes != self._scan.changes:
            self._stir()
        if not self._roll.began:
            self._due.after("groups", 0.0)
        self._roll.began = True
        self._scan, self._scan_cost = None, cost
        if self._stock.strings.worn:
            self._stock.renew_strings()
            self._passes.pop("groups", None)  # what it counted by is renumbered
            self._painter.grouped(None)
            self._due.after("groups", 0.0)

    def _rest_from(self, name: str, cost: float) -> None:
        """When a work is due again that has just been done."""
        if name == "scan":
            least = SCAN_EVERY if self.told_by_kernel else SCAN_UNTOLD
        else:
            least = _EVERY[name]
        rest = max(least, _REST[name] * cost)
        if name == "groups":
            self._group_rest = rest
            rest = rest if self._restless else max(rest, _QUIET_GROUPS)
        self._due.after(name, rest)

    # pictures

    def _picture_is_due(self) -> bool:
        if not self._dirty or not self._due.now("picture"):
            return False
        waited = self._ticks() - self._asked_at
        return "judge" not in self._passes or waited >= _WORTH_A_PICTURE

    def _paint(self) -> Frame:
        began = time.perf_counter()
        judging = self._judge.progress if "judge" in self._passes else None
        if self._settling or not (self._roll.began or len(self._listing)):
            self._listing.take_in()
            self._settling = judging is not None
        self._listing.follow()
        frame = self._painter.paint(self._show, self._reading(), judging)
        self._dirty = False
        self._rest_from("picture", time.perf_counter() - began)
        return frame

    def _reading(self) -> Progress | None:
        """How far the first pass is."""
        if self._roll.began:
            return None
        return Progress(self._scan.looked, self._scan.names) if self._scan else Progress(0, 0)
