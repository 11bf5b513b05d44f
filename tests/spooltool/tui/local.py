"""The screen over a reader in the same process, with a clock that stands still.

`Local.pump` lets the reader work until it has nothing to do and hands over what it tells,
as the processes do: a test says when, so that nothing depends on how fast anything is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from spooltool.look.locate import Located
from spooltool.look.sight import Sight
from spooltool.tui.app import SpoolApp
from spooltool.tui.feeds import Asking, Ended, Told
from spooltool.tui.glyphs import UNICODE, Glyphs
from spooltool.workers.reading.core import Reader
from spooltool.workers.wire import Frame

SMALL, LARGE = (80, 24), (160, 48)


class LocalReader:
    """The reader as a feed; `asked` remembers everything."""

    def __init__(self, reader: Reader, told: Told, ended: Ended) -> None:
        self.reader = reader
        self.ended = ended
        self.asked: list[Any] = []
        self._told = told

    def ask(self, value: Any) -> None:
        """It is asked at once; its answer comes with the next pump."""
        self.asked.append(value)
        self.reader.asked(value)

    def close(self) -> None:
        """End it."""
        self.reader.close()

    def pump(self) -> None:
        """Work until there is nothing to do."""
        while frames := self.reader.step(10.0):
            for frame in frames:
                self.take(frame)

    def take(self, frame: Frame) -> None:
        """Hand a frame over."""
        self._told(frame)


class Quiet:
    """A feed that never tells anything."""

    def ask(self, value: object) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """Nothing to end."""


class Local:
    """Feeds of a screen in a test; `now` is unix seconds and can be moved."""

    def __init__(self, sight: Sight, now: float) -> None:
        self.now = now
        self.ticks = 0.0
        self.readers: list[LocalReader] = []
        self.sight = sight

    def queue(self, told: Told, ended: Ended) -> Asking:
        """A reader that works when it is pumped."""
        reader = Reader(self.sight, lambda: self.now, self._tick, patience=60.0)
        self.readers.append(LocalReader(reader, told, ended))
        return self.readers[-1]

    def logs(self, told: Told, ended: Ended) -> Asking:
        """No logs."""
        return Quiet()

    def hand(self, told: Told, ended: Ended) -> Asking:
        """Nobody changes."""
        return Quiet()

    def _tick(self) -> float:
        self.ticks += 0.001
        return self.ticks

    def pump(self) -> None:
        """Let the reader look at everything and tell what it found."""
        self.ticks += 30.0
        for reader in self.readers:
            reader.pump()


Play = Callable[[Pilot[int], SpoolApp, Local], Awaitable[None]]


def sight_of(spool: Path, place: str = "") -> Sight:
    """A look at a spool; `place` stands in the header instead of host and path."""
    sight = Sight()
    sight.located = Located(str(spool), "the usual place")
    if place:
        sight.place = place
    return sight


def played(
    spool: Path,
    play: Play,
    *,
    now: float,
    size: tuple[int, int] = SMALL,
    query: str = "stuck",
    theme: str = "dark",
    glyphs: Glyphs = UNICODE,
    place: str = "gw1:/var/spool/relay",
) -> SpoolApp:
    """Run the screen over a spool and play with it; the application, ended."""
    sight = sight_of(spool, place)
    local = Local(sight_of(spool), now)
    app = SpoolApp(sight, local, query=query, theme=theme, glyphs=glyphs)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pumped(pilot, local)
            await play(pilot, app, local)

    with closing(sight), closing(local.sight):
        asyncio.run(run())
    return app


async def pumped(pilot: Pilot[Any], local: Local) -> None:
    """Let the reader work, and the screen paint what it tells."""
    local.pump()
    await pilot.pause()
    main = getattr(pilot.app, "main", None)
    while main is not None and not main.pace.idle:
        await pilot.pause(0.02)
    await pilot.pause()


def lines(app: App[Any]) -> list[str]:
    """What stands on the screen."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]
