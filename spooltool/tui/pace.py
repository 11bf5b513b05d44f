"""Pictures and log lines taken in together, a few times a second, and not while keys come.

Each repaint costs what a key costs; a person who presses one waits for no picture.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from textual.screen import Screen
from textual.timer import Timer

from spooltool.workers.wire import Frame

EVERY = 0.15
"""Seconds between two repaints from events, at least."""

AFTER_KEY = 0.2
"""Seconds for which a key has the screen for itself; keys put nothing off longer than LONGEST."""

LONGEST = 0.5

Taken = Callable[[Sequence[Frame], Sequence[Frame]], None]


class Pace:
    """Gathers frames of the queue and of the logs; `taken` gets what came, in its order."""

    def __init__(self, screen: Screen[None], taken: Taken) -> None:
        self._screen = screen
        self._taken = taken
        self._queue: list[Frame] = []
        self._logs: list[Frame] = []
        self._timer: Timer | None = None
        self._painted = 0.0
        self._key = 0.0

    def queue(self, frame: Frame) -> None:
        """The reader has told something."""
        self._queue.append(frame)
        self._soon()

    def log(self, frame: Frame) -> None:
        """The logs have told something."""
        self._logs.append(frame)
        self._soon()

    def touched(self) -> None:
        """A key was pressed."""
        self._key = time.monotonic()

    def close(self) -> None:
        """Take in nothing more; what has come with what was not taken in is let go."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        for frame in (*self._queue, *self._logs):
            for fd in frame.fds:
                os.close(fd)
        self._queue, self._logs = [], []

    @property
    def idle(self) -> bool:
        """Whether all that came is taken in."""
        return not self._queue and not self._logs

    def _soon(self) -> None:
        if self._timer is not None:
            return
        now = time.monotonic()
        due = max(self._painted + EVERY, self._key + AFTER_KEY)
        if due <= now:
            self._take()
        else:
            self._timer = self._screen.set_timer(due - now, self._due)

    def _due(self) -> None:
        self._timer = None
        now = time.monotonic()
        if now < self._key + AFTER_KEY and now < self._painted + LONGEST:
            self._soon()
        else:
            self._take()

    def _take(self) -> None:
        queue, self._queue = self._queue, []
        logs, self._logs = self._logs, []
        self._painted = time.monotonic()
        self._taken(queue, logs)
