"""Where the screen's pictures come from: processes, or whatever a test puts in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from spooltool.workers.wire import Frame

Told = Callable[[Frame], None]
Ended = Callable[[str], None]


class Asking(Protocol):
    """The other end of a feed."""

    def ask(self, value: object) -> None:
        """Send a request; its answer comes when it comes."""

    def close(self) -> None:
        """End it."""


class Feeds(Protocol):
    """What can be opened from the screen; `told` gets each frame, `ended` why one is over."""

    def queue(self, told: Told, ended: Ended) -> Asking:
        """The reader of the queue."""

    def logs(self, told: Told, ended: Ended) -> Asking:
        """The follower of the logs."""

    def hand(self, told: Told, ended: Ended) -> Asking:
        """Who plans and changes.  Raises OSError."""
