"""The processes beside the screen, without processes: they work when they are pumped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from spooltool.tui.app import SpoolApp
from spooltool.tui.feeds import Asking, Ended, Told
from spooltool.workers.changes import Ask
from spooltool.workers.handling import Hand
from spooltool.workers.log_messages import Lines, Looked
from spooltool.workers.log_reader import LogReader
from spooltool.workers.reading.beside import Flow
from spooltool.workers.reading.core import Reader
from spooltool.workers.wire import Frame
from tests.harness.evening import ME
from tests.harness.scene import NOW
from tests.harness.screens.world import PlacedSight, sight_of
from tests.spooltool.tui.local import LocalReader

_TURNS = 2000
_QUIET = 3
_WAIT = 0.01
_GLIMPSE = 0.06
"""Ticks that a reader gets where the picture shows it reading."""


class LocalLogs:
    """Who follows the logs, as a feed."""

    def __init__(self, reader: LogReader, told: Told) -> None:
        self.reader = reader
        self._told = told
        self._asked = False

    def ask(self, value: Any) -> None:
        """Its answer comes with the next pump."""
        self.reader.asked(value)
        self._asked = True

    def close(self) -> None:
        """End it."""
        self.reader.close()

    def pump(self, pass_time: Callable[[float], None]) -> bool:
        """Work on what was asked; whether there was anything."""
        asked, self._asked = self._asked, False
        quiet = 0 if asked else _QUIET
        while quiet < _QUIET:
            pass_time(1.0)
            told = self.reader.step(10.0)
            for one in told:
                self._told(Frame(one))
            new = any(isinstance(one, Lines | Looked) for one in told)
            quiet = 0 if new or self.reader.busy else quiet + 1
        return asked


class LocalHand:
    """Who plans and changes, as a feed."""

    def __init__(self, spool: Path, told: Told) -> None:
        self._asks: list[Ask] = []
        self._answers: list[Any] = []
        self._told = told
        self._sight = sight_of(spool)
        self._hand = _OneThread(self._sight, ME, self._answers.append)

    def ask(self, value: Any) -> None:
        """Its answer comes with the next pump."""
        self._asks.append(value)

    def close(self) -> None:
        """Let go of the plan."""
        self._hand.drop()
        self._sight.close()

    def pump(self, pass_time: Callable[[float], None]) -> bool:
        """Do what was asked; whether anything was."""
        found = bool(self._asks)
        while self._asks:
            self._hand.asked(self._asks.pop(0))
        answers, self._answers[:] = list(self._answers), []
        for one in answers:
            self._told(Frame(one))
        return found


class _OneThread(Hand):
    """A live look is over before anything else goes on."""

    def _beside(self, look: Callable[..., None], *arguments: object) -> None:
        look(*arguments)


class Stage:
    """Feeds of the screen of a picture; `glimpse`: the queue is read only a little."""

    def __init__(self, spool: Path, *, glimpse: bool = False) -> None:
        self.spool = spool
        self.glimpse = glimpse
        self.ticks = 0.0
        self._readers: list[LocalReader] = []
        self._others: list[LocalLogs | LocalHand] = []
        self._sights: list[PlacedSight] = []

    def queue(self, told: Told, ended: Ended) -> Asking:
        """The reader of the queue; it has watched for ten minutes."""
        reader = Reader(self._sight(), lambda: NOW, self._tick, patience=60.0)
        if self.spool.parent.name != "empty":
            reader._roll.flow = _Past()
        self._readers.append(LocalReader(reader, told, ended))
        return self._readers[-1]

    def logs(self, told: Told, ended: Ended) -> Asking:
        """Who follows the logs."""
        reader = LogReader(self._sight(), clock=lambda: NOW, tick=self._tick)
        self._others.append(LocalLogs(reader, told))
        return self._others[-1]

    def hand(self, told: Told, ended: Ended) -> Asking:
        """Who plans and changes."""
        self._others.append(LocalHand(self.spool, told))
        return self._others[-1]

    def close(self) -> None:
        """Let go of the spools that the feeds have looked at."""
        for sight in self._sights:
            sight.close()

    def _sight(self) -> PlacedSight:
        self._sights.append(sight_of(self.spool))
        return self._sights[-1]

    def _tick(self) -> float:
        self.ticks += 0.001
        return self.ticks

    def _pass_time(self, ticks: float) -> None:
        self.ticks += ticks

    def _pump(self) -> bool:
        found = False
        for one in self._readers:
            found = self._read(one) or found
        for other in list(self._others):
            found = other.pump(self._pass_time) or found
        return found

    def _read(self, one: LocalReader) -> bool:
        """Let a reader work until it has told all that it knows."""
        if self.glimpse:
            return self._first_look(one)
        found = False
        while True:
            frames = one.reader.step(1.0)
            for frame in frames:
                one.take(frame)
            found = found or bool(frames)
            if not (one.reader._dirty or one.reader._passes):
                return found
            self._pass_time(1.0)

    def _first_look(self, one: LocalReader) -> bool:
        """A part of the queue, and no more."""
        frames = one.reader.step(_GLIMPSE) if self.ticks < _GLIMPSE else []
        for frame in frames:
            one.take(frame)
        return bool(frames)

    async def settle(self, pilot: Pilot[int]) -> None:
        """Until nobody has anything to do, and everything is painted."""
        await self._rest(pilot)
        if not self.glimpse:
            self._pass_time(20.0)  # what is counted now and then is counted once more
            await self._rest(pilot)

    async def _rest(self, pilot: Pilot[int]) -> None:
        quiet = 0
        for _ in range(_TURNS):
            told = self._pump()
            await pilot.pause()
            waits = _waits(pilot.app)
            if waits:
                await asyncio.sleep(_WAIT)
            quiet = 0 if told or waits else quiet + 1
            if quiet == _QUIET:
                return
        raise AssertionError(f"the screen never came to rest: {_waits(pilot.app)}")

    def look_again(self) -> None:
        """Files have changed: the reader passes over all of them."""
        for one in self._readers:
            one.reader.look_everywhere()
        self.ticks += 1.0


class _Past(Flow):
    """Ten minutes of mail that came and went; after them no time passes."""

    def __init__(self) -> None:
        super().__init__()
        for step in range(60):
            self.arrived += 100 + (step * 37) % 29 + (60 if 20 <= step < 26 else 0)
            self.left += 92 + (step * 23) % 31
            super().pass_time(10.0 * step, 900 + 5 * step)

    def pass_time(self, now: float, depth: int) -> None:
        """It stands still."""


def _waits(app: App[Any]) -> list[str]:
    """Timers that will fire once, and what is still being read."""
    pumps = [app, *app.screen_stack, *(w for s in app.screen_stack for w in s.walk_children())]
    timers = [timer for pump in pumps for timer in pump._timers if timer._repeat == 0]
    found = [t.name for t in timers if t._task is not None and not t._task.done()]
    if isinstance(app, SpoolApp) and app.main is not None:
        found += ["message"] * app.main.message.working
        found += ["what was told"] * (not app.main.pace.idle)
    return found
