"""Kicks with a rate: messages that wait for their turn, so many a second and no more.

A paced message is parked in the schedule: its time is never, so that neither a timer nor
a host that comes up again starts it.  Its turn gives it the time `now`.

Nothing here reads a clock: `now` is unix seconds and comes with each call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

D = TypeVar("D", bound=Hashable)

SLACK = 0.1
"""Seconds of delay that are made good; a longer one is not, or a burst would follow it."""

SOON = 0.05
"""Seconds until it is looked again where a turn found the last one still waiting."""

LATER = 1.0
"""The same where every host is down or suspended."""


@dataclass(slots=True)
class _Pace(Generic[D]):
    """What one rate holds, by destination; `turn` is their order.  Seconds."""

    every: float
    next_at: float
    waiting: dict[D, deque[str]] = field(default_factory=dict)
    turn: deque[D] = field(default_factory=deque)
    begun: dict[D, list[str]] = field(default_factory=dict)
    count: int = 0

    def add(self, destination: D, id: str) -> None:
        """One more message."""
        queue = self.waiting.get(destination)
        if queue is None:
            queue = self.waiting[destination] = deque()
            self.turn.append(destination)
        queue.append(id)


class Paces(Generic[D]):
    """Every message that was kicked with a rate and has not had its turn.

    Kicks with one rate share it.  `place` tells where a message goes (None: it is not
    waiting any more), `is_open` whether that destination may be tried, `is_due` whether a
    message that had its turn is still not begun.
    """

    def __init__(
        self,
        place: Callable[[str], D | None],
        is_open: Callable[[D, float], bool],
        is_due: Callable[[str, float], bool],
    ) -> None:
        self._place = place
        self._is_open = is_open
        self._is_due = is_due
        self._of: dict[str, _Pace[D]] = {}
        self._paces: dict[float, _Pace[D]] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._of

    def __len__(self) -> int:
        return len(self._of)

    def begin(self, ids: Iterable[tuple[str, D]], every: float, now: float) -> None:
        """Give these a turn every `every` seconds, the first one now.

        They leave the rate that they had before.
        """
        pace = self._paces.get(every)
        if pace is None:
            pace = self._paces[every] = _Pace(every, now)
        for id, destination in ids:
            if self._of.get(id) is pace:
                continue
            self.leave(id)
            self._of[id] = pace
            pace.count += 1
            pace.add(destination, id)

    def leave(self, id: str) -> None:
        """This one waits for no turn any more."""
        pace = self._of.pop(id, None)
        if pace is not None:
            pace.count -= 1

    def ahead(self, every: float) -> int:
        """How many wait for a turn of this rate."""
        pace = self._paces.get(every)
        return pace.count if pace is not None else 0

    def release(self, now: float) -> list[str]:
        """Those whose turn it is."""
        released: list[str] = []
        for every, pace in list(self._paces.items()):
            pace.next_at = max(pace.next_at, now - SLACK)
            while pace.count and pace.next_at <= now:
                id, blocked = self._next(pace, now)
                if id is None:
                    pace.next_at = now + blocked
                    break
                pace.next_at += every
                released.append(id)
            if not pace.count:
                del self._paces[every]
        return released

    def wakes_at(self) -> float | None:
        """When the next turn is; None when nobody waits for one."""
        return min((pace.next_at for pace in self._paces.values()), default=None)

    def shift(self, seconds: float) -> None:
        """The clock was set back: turns move with it."""
        for pace in self._paces.values():
            pace.next_at -= seconds

    def _next(self, pace: _Pace[D], now: float) -> tuple[str | None, float]:
        """The next message; else None and how long nothing can be begun."""
        blocked = LATER
        most = max(1, int(SLACK / pace.every))
        for _ in range(len(pace.turn)):
            destination = pace.turn.popleft()
            id = self._head(pace, destination)
            if id is None:
                del pace.waiting[destination]
                pace.begun.pop(destination, None)
                continue
            pace.turn.append(destination)
            if not self._is_open(destination, now):
                continue
            begun = [one for one in pace.begun.get(destination, ()) if self._is_due(one, now)]
            if len(begun) >= most:
                pace.begun[destination] = begun
                blocked = SOON
                continue
            pace.waiting[destination].popleft()
            self.leave(id)
            pace.begun[destination] = [*begun, id]
            return id, 0.0
        return None, blocked

    def _head(self, pace: _Pace[D], destination: D) -> str | None:
        """The first message that still waits for a turn there, what is out of date dropped."""
        queue = pace.waiting[destination]
        while queue:
            id = queue[0]
            if self._of.get(id) is not pace:
                queue.popleft()
                continue
            place = self._place(id)
            if place == destination:
                return id
            queue.popleft()
            if place is None:
                self.leave(id)
            else:
                pace.add(place, id)
        return None
