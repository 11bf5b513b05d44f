"""The reader of the queue as a process: `python -m spooltool.workers.reader`.

Around `reading.core` it is a thin loop: what the screen asks, what the kernel tells of the
spool, what is due.  It gives no picture while the screen has not taken the last one, so
that none pile up before a screen that is stopped.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Sequence

from spooltool.live.watcher import SpoolWatch
from spooltool.look.sight import Sight
from spooltool.workers.reading.core import Reader
from spooltool.workers.serving import Screen, serve

_SLICE = 0.05
"""Seconds after which the screen is listened to again."""

_LONGEST_REST = 60.0
_YOUNG_OBJECTS = 50_000


class _Watch:
    """The kernel's reports of one spool, and a descriptor that wakes a `select`."""

    def __init__(self, reader: Reader) -> None:
        self.woken = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._reader = reader
        self._begin()

    def _begin(self) -> None:
        self._identity = self._reader.identity
        self._watch = SpoolWatch(self._reader.path, lambda: os.eventfd_write(self.woken, 1))
        self._reader.told_by_kernel = self._watch.works

    def take(self) -> None:
        """Tell the reader what was touched; follow it to another directory of the same path."""
        try:
            os.eventfd_read(self.woken)
        except BlockingIOError:
            pass
        if self._identity != self._reader.identity:
            self._watch.close()
            self._begin()
            self._reader.look_everywhere()
        touched = self._watch.take()
        self._reader.touched(touched.numbers)
        if touched.everything:
            self._reader.look_everywhere()

    def close(self) -> None:
        """End it."""
        self._watch.close()
        os.close(self.woken)


def work(screen: Screen, arguments: Sequence[str]) -> None:
    """Read a spool, given as a sight is handed over, until the screen ends."""
    sight = Sight.taken_over(arguments)
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)  # a million numbers and no cycle among them
    reader = Reader(sight, time.time if sight.as_of is None else lambda: sight.now)
    watch = _Watch(reader)
    try:
        _loop(screen, reader, watch)
    finally:
        watch.close()
        reader.close()


def _loop(screen: Screen, reader: Reader, watch: _Watch) -> None:
    while True:
        rest = min(reader.rest(), _LONGEST_REST)
        if not screen.listens:
            rest = max(rest, _SLICE)
        for ask in screen.asked(rest, beside=[watch.woken]):
            reader.asked(ask)
        watch.take()
        for frame in reader.step(_SLICE, pictures=screen.listens):
            screen.tell(frame.value, frame.fds)


if __name__ == "__main__":
    serve(work)
