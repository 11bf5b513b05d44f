"""Where to look: messages whose files came, moved or went, as the kernel tells.

One recursive watch over a spool, for names alone: unfiltered, the tool's own reads would
wake it, and two watches would tear a move between directories in two.  An event only says
where to look.  What changes inside a file, what a full queue of the kernel lost, and what
another machine did are for the caller's own scan; `everything` asks for one at once.

Heavy to import (watchdog, logging): only what follows something needs it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from spooltool.spool.names import OWN_DIR, parse_name

_WANTED: list[type[FileSystemEvent]] = [
    *(FileCreatedEvent, FileMovedEvent, FileDeletedEvent),
    *(DirCreatedEvent, DirMovedEvent, DirDeletedEvent),
]
_PATIENCE = 5.0
_BURST = 0.05


class Touched(NamedTuple):
    """Numbers of messages to look at, or `everything` where the events do not suffice."""

    numbers: frozenset[str] = frozenset()
    everything: bool = False


class SpoolWatch:
    """A watch over the spool at `path`; it has begun when it is made.

    `works` is False where the system gives no watch (limits, no inotify): then nothing is
    ever reported.  `woken` is called when something was touched, by another thread.
    `close` ends it.
    """

    def __init__(
        self, path: str | os.PathLike[str], woken: Callable[[], None] | None = None
    ) -> None:
        self._root = os.path.realpath(path)
        self._also_woken = woken
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._numbers: set[str] = set()
        self._everything = False
        self._complaints = _Complaints(self.look_everywhere)
        self._logger = logging.getLogger("watchdog")
        self._observer = Observer()
        self._listen()
        self.works = self._begin()

    def wait(self, seconds: float) -> None:
        """Return soon after something was touched, or after so long."""
        if self._woken.wait(seconds):
            time.sleep(_BURST)

    def take(self) -> Touched:
        """What was touched since the last call."""
        with self._lock:
            touched = Touched(frozenset(self._numbers), self._everything)
            self._numbers.clear()
            self._everything = False
            self._woken.clear()
        return touched

    def close(self) -> None:
        """End the watch."""
        if self.works:
            self.works = False
            self._observer.stop()
            self._observer.join(_PATIENCE)
        self._logger.removeHandler(self._complaints)

    def look_everywhere(self) -> None:
        """Events were lost, or do not tell enough."""
        with self._lock:
            self._everything = True
        self._wake()

    def touch(self, path: str, *, is_directory: bool = False) -> None:
        """A name came or went; `path` as the kernel's event has it."""
        inside = os.path.relpath(path, self._root)
        if inside.split("/")[0] == OWN_DIR:
            return
        if is_directory:
            self.look_everywhere()
            return
        directory, base = os.path.split(inside)
        name = parse_name(base, directory)
        if name is not None:
            with self._lock:
                self._numbers.add(name.number)
            self._wake()

    def _wake(self) -> None:
        self._woken.set()
        if self._also_woken is not None:
            self._also_woken()

    def _listen(self) -> None:
        """What watchdog has to say is no text for a screen; a warning means lost events."""
        self._logger.addHandler(self._complaints)
        self._logger.propagate = False

    def _begin(self) -> bool:
        try:
            self._observer.schedule(
                _Handler(self), self._root, recursive=True, event_filter=_WANTED
            )
            self._observer.start()
        except OSError:
            self._observer.stop()  # which lets go of what it had opened
            return False
        return True


class _Handler(FileSystemEventHandler):
    def __init__(self, watch: SpoolWatch) -> None:
        self._watch = watch

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            if path:
                self._watch.touch(os.fsdecode(path), is_directory=event.is_directory)


class _Complaints(logging.Handler):
    """Takes watchdog's log: the kernel's queue overflowed, or a directory was not watched."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        self._lost()
