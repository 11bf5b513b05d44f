"""What the dequeuer writes down: one line an event, for people and for programs."""

from __future__ import annotations

from typing import Protocol


class Records(Protocol):
    """Where events go.  Nothing here may raise: a full log disk must not stop mail."""

    def event(self, id: str, event: str, **fields: object) -> None:
        """A line of mdq.elg; `id` is "" where no message is meant."""
        ...

    def track(self, action: str, id: str, **fields: object) -> None:
        """A record of tracker.log (MDQ_LOG)."""
        ...

    def alert(self, text: str, id: str = "", **fields: object) -> None:
        """A record of tracker.log, and the alert command (MDQ_ALERT)."""
        ...

    def limit(self) -> None:
        """The max-concurrent line, word for word as the original writes it."""
        ...
