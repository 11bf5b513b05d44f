"""The hand as the screen has it: started when it is first needed, heard by one dialog."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from spooltool.tui.feeds import Asking, Feeds
from spooltool.workers.changes import Ask, Told
from spooltool.workers.wire import Frame


class Hand:
    """One process for all plans of a screen; it is started anew where it has ended."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._feed: Asking | None = None
        self._serials = count(1)
        self._told: Callable[[Told], None] | None = None
        self._ended: Callable[[str], None] | None = None

    def serial(self) -> int:
        """A number that no plan had yet."""
        return next(self._serials)

    def listen(self, told: Callable[[Told], None], ended: Callable[[str], None]) -> None:
        """Who hears of everything from now on; `ended` hears why the process is no more."""
        self._told, self._ended = told, ended

    def deafen(self) -> None:
        """Nobody hears of it any more."""
        self._told = self._ended = None

    def ask(self, ask: Ask) -> None:
        """Ask it something.  Raises OSError where it cannot be started."""
        if self._feed is None:
            self._feed = self._feeds.hand(self._hear, self._end)
        self._feed.ask(ask)

    def close(self) -> None:
        """End it; a change that is under way ends with its batch first."""
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def _hear(self, frame: Frame) -> None:
        if self._told is not None:
            self._told(frame.value)

    def _end(self, why: str) -> None:
        self._feed = None
        if self._ended is not None:
            self._ended(why)
