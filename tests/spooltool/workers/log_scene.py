"""A spool with logs, and who follows them without a process: the clock stands, ticks are made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from spooltool.logs import format_line, format_record
from spooltool.look.sight import Sight
from spooltool.workers.log_messages import (
    MOST,
    Everything,
    Followed,
    Line,
    Lines,
    Looked,
    Rates,
    Show,
    Told,
)
from spooltool.workers.log_reader import LogReader
from spooltool.workers.queue import Misread
from tests.harness.rotator import Rotator

NOW = 1795545851.0
"""2026-11-24T18:44:11Z."""


class Scene:
    """A spool's three logs in `log`, by name, and a reader that a test drives.

    What the reader tells is taken in as a pane takes it: `lines`, `looked`, `rates`.
    """

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.directory = spool / ".spooltool" / "log"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = {
            name: Rotator(self.directory / name)
            for name in ("mdq.elg", "asmtpd.elg", "tracker.log")
        }
        self.tick = 0.0
        self.now = NOW
        self.serial = 0
        self.batches: list[Lines] = []
        self.lines: list[Line] = []
        self.looked: Looked | None = None
        self.rates: Rates | None = None
        self.followed: Followed | None = None
        self.misread: Misread | None = None
        self.reader: LogReader | None = None
        self._sight = Sight(spool_option=str(spool))

    def open(self) -> LogReader:
        """Begin to follow."""
        self.reader = LogReader(self._sight, clock=lambda: self.now, tick=lambda: self.tick)
        return self.reader

    def close(self) -> None:
        """End it."""
        if self.reader is not None:
            self.reader.close()
        self._sight.close()
        for log in self.log.values():
            log.close()

    def show(self, about: object = Everything(), *, follow: bool = True) -> None:
        """Ask for something else, and take in all that there is of it."""
        self.ask(about, follow=follow)
        self.settle()

    def ask(self, about: object = Everything(), *, follow: bool = True) -> None:
        """Ask for something else."""
        self.serial += 1
        self.batches, self.lines, self.looked, self.misread = [], [], None, None
        assert self.reader is not None
        self.reader.asked(Show(self.serial, about, follow))  # type: ignore[arg-type]

    def step(self, seconds: float = 0.05) -> list[Told]:
        """One step; what it told is taken in."""
        assert self.reader is not None
        self.tick += 1.0
        told = self.reader.step(seconds)
        for one in told:
            self._take(one)
        return told

    def settle(self) -> None:
        """Steps until there is nothing new, and nothing is held back."""
        quiet = 0
        while quiet < 3:
            new = [one for one in self.step() if isinstance(one, Lines | Looked)]
            assert self.reader is not None
            quiet = 0 if new or self.reader.busy else quiet + 1

    def elg(
        self, name: str, time: float, id: str = "", event: str = "start", **fields: object
    ) -> None:
        """A line of mdq.elg or asmtpd.elg."""
        self.log[name].add(
            format_line(7, "gw1", time, id, event, fields).encode("utf-8", "surrogateescape")
        )

    def track(self, time: float, id: str, action: str, **fields: object) -> None:
        """A record of tracker.log."""
        record = format_record(time, action, "gw1", [("id", id), *fields.items()])
        self.log["tracker.log"].add(record.encode())

    def words(self) -> list[str]:
        """What is shown."""
        return [line.words for line in self.lines]

    def _take(self, told: Told) -> None:
        match told:
            case Lines():
                assert told.serial == self.serial
                assert len(told.lines) <= MOST
                self.batches.append(told)
                old = list(told.lines)
                self.lines = [*old, *self.lines] if told.older else [*self.lines, *old]
            case Looked():
                self.looked = told
            case Rates():
                self.rates = told
            case Followed():
                self.followed = told
            case Misread():
                self.misread = told


def raw_lines(scene: Scene) -> Iterator[bytes]:
    """Every line that was ever written."""
    for log in scene.log.values():
        yield from log.written


def open_files() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))
