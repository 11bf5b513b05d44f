"""One destination as the schedule knows it: its mail, its attempts, its health."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Peer = tuple[str, int]
"""Address and port."""

RECENT = 300.0
"""Seconds that a success counts for."""

SLOW = 10.0
"""Seconds after which an attempt makes its destination unproven."""

NEVER = float("inf")


@dataclass(slots=True)
class Site:
    """What is known of one destination.  Times are unix seconds, 0 for never.

    `due` holds the waiting messages, `active` those under way by when they began, oldest
    first.  `fresh` and `retry` order the waiting ones; an entry that `due` contradicts is
    out of date and passed over.  `slots` is what successes have earned.  `queued` tells
    that it takes part in the round, `noted` when it will next be looked at else.
    `suspended`: a person wants no attempts there.
    """

    fresh: deque[str] = field(default_factory=deque)
    retry: list[tuple[float, int, str]] = field(default_factory=list)
    due: dict[str, float] = field(default_factory=dict)
    terms: dict[str, float] = field(default_factory=dict)
    active: dict[str, float] = field(default_factory=dict)
    peers: dict[str, Peer] = field(default_factory=dict)
    peer: Peer | None = None
    slots: int = 1
    last_success: float = 0.0
    slow_since: float = 0.0
    down_since: float = 0.0
    next_probe: float = 0.0
    probes: int = 0
    error: str = ""
    retry_first: bool = False
    queued: bool = False
    noted: float = NEVER
    suspended: bool = False

    @property
    def down(self) -> bool:
        """Whether the last probe found it dead."""
        return self.down_since > 0

    def recent(self, now: float) -> bool:
        """Whether something got through not long ago."""
        return not self.down and now - self.last_success <= RECENT

    def slow(self, now: float) -> bool:
        """Whether an attempt has lasted for long; a newly slow one costs the earned slots."""
        if not self.active or now - next(iter(self.active.values())) <= SLOW:
            return False
        for began in self.active.values():
            if now - began <= SLOW:
                break
            if began > self.slow_since:
                self.slow_since = began
                self.slots = 1
        return True

    def proven(self, now: float) -> bool:
        """Whether it has shown lately that it takes mail, and takes it quickly."""
        return self.recent(now) and not self.slow(now)

    def room(self, now: float, per_site: int) -> bool:
        """Whether one more attempt may begin.

        A slow attempt does not hold the probing slot: else one long message would keep
        back all mail of a healthy host.
        """
        if self.suspended:
            return False
        if self.down:
            return not self.active and now >= self.next_probe
        count = len(self.active)
        if not count:
            return True
        slow = self.slow(now)
        slots = self.slots if self.recent(now) else 1
        return count < min(slots + slow, per_site)

    def idle_until(self, now: float) -> float | None:
        """None while something is due; else when something will be, 0 for nothing left."""
        if self.suspended:
            return 0.0
        if self.down and now < self.next_probe:
            return self.next_probe
        if self.fresh or (self.retry and self.retry[0][0] <= now):
            return None
        return self.retry[0][0] if self.retry else 0.0

    def idle(self, now: float) -> bool:
        """Whether there is nothing to do and nothing worth remembering.

        That a destination was down is none when its next probe is due and no mail asks for
        it: mail by MX meets more dead domains than could be kept for ever.
        """
        down = self.down and now < self.next_probe
        return not (self.due or self.active or down or self.queued or self.recent(now))

    def pop(self, now: float, sequence: int, held: Callable[[str], bool]) -> str | None:
        """The next due message, new mail and retries in turn; it waits no longer."""
        for _ in range(2):
            self.retry_first = not self.retry_first
            if self.retry_first:
                while self.retry and self.retry[0][0] <= now:
                    at, _, id = heapq.heappop(self.retry)
                    if self.due.get(id) == at and not held(id):
                        del self.due[id]
                        return id
            else:
                while self.fresh:
                    id = self.fresh.popleft()
                    due = self.due.get(id)
                    if due is None or held(id):
                        continue
                    if due <= now:
                        del self.due[id]
                        return id
                    heapq.heappush(self.retry, (due, sequence, id))
        return None

    def succeeded(self, now: float, per_site: int) -> None:
        """A message got through: twice the slots, from one where none was recent."""
        if not self.recent(now):
            self.slots = 1
        self.slots = min(self.slots * 2, per_site)
        self.last_success = now

    def shift(self, seconds: float) -> None:
        """The clock was set back: every time known here moves with it."""
        for times in (self.due, self.active, self.terms):
            for id, at in times.items():
                times[id] = at - seconds
        self.retry = [(at - seconds, sequence, id) for at, sequence, id in self.retry]
        self.last_success -= seconds
        self.slow_since -= seconds
        self.next_probe -= seconds
        self.noted -= seconds
        if self.down:
            self.down_since = max(1.0, self.down_since - seconds)
