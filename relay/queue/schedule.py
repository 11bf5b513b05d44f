"""Which message is tried next: slots over destinations, as a value that is told the time.

A slow or dead destination delays its own mail only:

- slots go round robin over the destinations that have due mail;
- a destination without a recent success, or with an attempt under way for long, has one
  probing slot, doubled on each success up to `max_conns_per_site`;
- such unproven destinations together never hold more than half of `max_conns`;
- a destination that is down is probed once a `resend_period`, and that one probe speaks
  for all its mail;
- within a destination new mail and retries alternate.

Nothing here reads a clock: `now` is unix seconds and comes with each call.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Peer = tuple[str, int]
D = TypeVar("D", bound=Hashable)

RECENT = 300.0
"""Seconds that a success counts for."""

SLOW = 10.0
"""Seconds after which an attempt makes its destination unproven."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The chapter's limits: connections, connections a site, messages taken; seconds."""

    max_conns: int = 100
    max_conns_per_site: int = 20
    max_load: int = 1000
    resend_period: float = 600.0


@dataclass(slots=True)
class View(Generic[D]):
    """One destination as the status shows it.  Times are unix seconds, 0 for never."""

    destination: D
    due: int
    waiting: int
    active: int
    down: bool
    since: float
    next_probe: float
    last_success: float
    error: str
    probes: int


@dataclass(slots=True)
class _Site:
    """What is known of one destination."""

    fresh: deque[str] = field(default_factory=deque)
    retry: list[tuple[float, int, str]] = field(default_factory=list)
    due: dict[str, float] = field(default_factory=dict)
    active: dict[str, float] = field(default_factory=dict)
    peers: dict[str, Peer] = field(default_factory=dict)
    slots: int = 1
    last_success: float = 0.0
    down_since: float = 0.0
    next_probe: float = 0.0
    probes: int = 0
    error: str = ""
    retry_first: bool = False
    queued: bool = False

    @property
    def down(self) -> bool:
        return self.down_since > 0

    def idle_until(self, now: float) -> float | None:
        """None while something is due; else when something will be, 0 for nothing left."""
        if self.down and now < self.next_probe:
            return self.next_probe
        if self.fresh or (self.retry and self.retry[0][0] <= now):
            return None
        return self.retry[0][0] if self.retry else 0.0

    def proven(self, now: float) -> bool:
        if self.down or now - self.last_success > RECENT:
            return False
        return not any(now - began > SLOW for began in self.active.values())


class Schedule(Generic[D]):
    """Every message that is to be tried, by destination.

    A message is *waiting* (added, not started), *active* (given out by `start` or
    `next_for`), or *withheld* (a person is changing it).  Report the end of each attempt by
    `finished`.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.limit_hit = False
        self._sites: dict[D, _Site] = {}
        self._of: dict[str, D] = {}
        self._ready: deque[D] = deque()
        self._wakes: list[tuple[float, int, D]] = []
        self._withheld: dict[str, tuple[float, float]] = {}
        self._sequence = 0
        self._active = 0
        self._busy: dict[D, _Site] = {}
        self._at_peer: dict[Peer, int] = {}

    # what is to be tried

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, id: str) -> bool:
        return id in self._of

    @property
    def active(self) -> int:
        """Messages taken and unfinished."""
        return self._active

    def add(self, id: str, destination: D, due: float, *, fresh: bool) -> None:
        """A message may be tried from `due` on.  One that is known is moved, unless active."""
        if id in self._of:
            if self.is_active(id):
                return
            self.remove(id)
        site = self._site(destination)
        self._of[id] = destination
        site.due[id] = due
        if id in self._withheld:
            self._withheld[id] = (self._withheld[id][0], due)
            return
        self._queue(id, destination, site, due, fresh)

    def remove(self, id: str) -> None:
        """The message has left.  An active one ends with `finished`."""
        destination = self._of.get(id)
        if destination is None or self.is_active(id):
            return
        del self._of[id]
        self._sites[destination].due.pop(id, None)

    def is_active(self, id: str) -> bool:
        """Whether an attempt is under way."""
        destination = self._of.get(id)
        return destination is not None and id in self._sites[destination].active

    # what is tried now

    def start(self, now: float) -> list[tuple[D, str]]:
        """The attempts to begin now, as far as the limits allow; each is active from now on.

        Sets `limit_hit` when due mail of a healthy destination finds no connection; the
        caller clears it once a scan.
        """
        self._wake(now)
        started: list[tuple[D, str]] = []
        passed = 0
        while passed < len(self._ready):
            if self._active >= min(self.limits.max_conns, self.limits.max_load):
                if any(self._sites[d].proven(now) for d in self._ready):
                    self.limit_hit = True
                break
            destination = self._ready.popleft()
            site = self._sites[destination]
            later = site.idle_until(now)
            if later is not None:
                site.queued = False
                if later > 0:
                    self._note(later, destination)
                continue
            self._ready.append(destination)
            id = self._take(destination, site, now)
            if id is None:
                passed += 1
            else:
                passed = 0
                started.append((destination, id))
        return started

    def next_for(self, destination: D, now: float) -> str | None:
        """A slot of this destination got free: its next message, or None to end the slot."""
        site = self._sites.get(destination)
        if site is None or self._active >= self.limits.max_load:
            return None
        if len(self._ready) > 1 and self._active + 1 >= self.limits.max_conns:
            return None  # others wait for a slot: round robin decides
        return self._take(destination, site, now)

    def attach(self, id: str, peer: Peer) -> bool:
        """An attempt has a connection to `peer`; False when that peer has enough already.

        Counted by address and port, so that two names of one host share the limit.
        """
        site = self._sites[self._of[id]]
        if self._at_peer.get(peer, 0) >= self.limits.max_conns_per_site:
            return False
        site.peers[id] = peer
        self._at_peer[peer] = self._at_peer.get(peer, 0) + 1
        return True

    def finished(
        self, id: str, now: float, *, delivered: bool = False, due: float | None = None
    ) -> None:
        """An attempt ended with an answer of a living host, or was given up by us.

        `due` is when the message may be tried again, None when it has left.
        """
        destination, site = self._end(id)
        if delivered:
            if not site.proven(now):
                site.slots = 1
            site.slots = min(site.slots * 2, self.limits.max_conns_per_site)
            site.last_success = now
            if site.down:
                self._up(destination, site, now)
        self._again(id, destination, site, due)

    def alive(self, destination: D, now: float) -> None:
        """The host answered, if only with a refusal: it is not down."""
        site = self._sites.get(destination)
        if site is not None and site.down:
            self._up(destination, site, now)

    def failed(self, id: str, now: float, error: str, *, due: float | None = None) -> bool:
        """An attempt found the destination down; True when it was not known to be.

        Until the next probe nothing is started there.
        """
        destination, site = self._end(id)
        first = not site.down
        if first:
            site.down_since = now
            site.probes = 0
        site.probes += 1
        site.slots = 1
        site.error = error
        site.next_probe = now + self.limits.resend_period
        self._again(id, destination, site, due)
        self._note(site.next_probe, destination)
        return first

    # what a person asks for

    def kick(self, ids: Iterable[str], now: float) -> int:
        """Try these now; how many of them are known and not under way."""
        count = 0
        for id in list(ids):
            destination = self._of.get(id)
            if destination is None or id in self._withheld or self.is_active(id):
                continue
            site = self._sites[destination]
            site.next_probe = 0.0
            site.due[id] = now
            self._queue(id, destination, site, now, fresh=False)
            count += 1
        return count

    def withhold(self, ids: Iterable[str], until: float) -> None:
        """Do not start these before `until`: a person is changing them."""
        for id in ids:
            destination = self._of.get(id)
            due = self._sites[destination].due.get(id, 0.0) if destination is not None else 0.0
            self._withheld[id] = (until, due)

    def give_back(self, ids: Iterable[str]) -> None:
        """The change is done: these may be started again."""
        for id in ids:
            kept = self._withheld.pop(id, None)
            destination = self._of.get(id)
            if kept is None or destination is None or self.is_active(id):
                continue
            site = self._sites[destination]
            site.due[id] = kept[1]
            self._queue(id, destination, site, kept[1], fresh=False)

    # what there is to know

    def wakes_at(self) -> float | None:
        """When `start` may have something new by time alone; None when never."""
        times = [until for until, _ in self._withheld.values()]
        if self._wakes:
            times.append(self._wakes[0][0])
        return min(times, default=None)

    def view(self, now: float) -> list[View[D]]:
        """Every destination that has mail or is known to be down."""
        views = []
        for destination, site in self._sites.items():
            if not site.due and not site.active and not site.down:
                continue
            due = sum(1 for at in site.due.values() if at <= now)
            views.append(
                View(
                    destination,
                    due,
                    len(site.due) - due,
                    len(site.active),
                    site.down,
                    site.down_since,
                    site.next_probe if site.down else 0.0,
                    site.last_success,
                    site.error,
                    site.probes,
                )
            )
        return views

    def members(self, destination: D) -> list[str]:
        """The messages waiting for a destination."""
        site = self._sites.get(destination)
        return list(site.due) if site is not None else []

    # inside

    def _site(self, destination: D) -> _Site:
        site = self._sites.get(destination)
        if site is None:
            site = self._sites[destination] = _Site()
        return site

    def _tick(self) -> int:
        self._sequence += 1
        return self._sequence

    def _note(self, at: float, destination: D) -> None:
        heapq.heappush(self._wakes, (at, self._tick(), destination))

    def _queue(self, id: str, destination: D, site: _Site, due: float, fresh: bool) -> None:
        if fresh:
            site.fresh.append(id)
        else:
            heapq.heappush(site.retry, (due, self._tick(), id))
        if not site.queued:
            self._note(max(due, site.next_probe if site.down else 0.0), destination)

    def _wake(self, now: float) -> None:
        while self._wakes and self._wakes[0][0] <= now:
            _, _, destination = heapq.heappop(self._wakes)
            site = self._sites.get(destination)
            if site is not None and not site.queued:
                site.queued = True
                self._ready.append(destination)
        if self._withheld:
            self.give_back([i for i, (until, _) in self._withheld.items() if until <= now])

    def _take(self, destination: D, site: _Site, now: float) -> str | None:
        """Make the site's next due message active, if site and limits allow one more."""
        if site.down and now < site.next_probe:
            return None
        if site.proven(now):
            if len(site.active) >= min(site.slots, self.limits.max_conns_per_site):
                return None
        elif site.active or self._unproven(now) >= max(1, self.limits.max_conns // 2):
            return None
        id = self._pop(site, now)
        if id is None:
            return None
        del site.due[id]
        site.active[id] = now
        self._busy[destination] = site
        self._active += 1
        if site.down:
            site.next_probe = now + self.limits.resend_period
        return id

    def _unproven(self, now: float) -> int:
        """Attempts under way at destinations that have not shown that they work."""
        return sum(len(site.active) for site in self._busy.values() if not site.proven(now))

    def _pop(self, site: _Site, now: float) -> str | None:
        """The next due message, new mail and retries in turn."""
        for _ in range(2):
            site.retry_first = not site.retry_first
            if site.retry_first:
                while site.retry and site.retry[0][0] <= now:
                    due, _, id = heapq.heappop(site.retry)
                    if site.due.get(id) == due and id not in self._withheld:
                        return id
            else:
                while site.fresh:
                    id = site.fresh.popleft()
                    at = site.due.get(id)
                    if at is None or id in self._withheld:
                        continue
                    if at <= now:
                        return id
                    heapq.heappush(site.retry, (at, self._tick(), id))
        return None

    def _end(self, id: str) -> tuple[D, _Site]:
        destination = self._of[id]
        site = self._sites[destination]
        del site.active[id]
        self._active -= 1
        if not site.active:
            del self._busy[destination]
        peer = site.peers.pop(id, None)
        if peer is not None:
            left = self._at_peer[peer] - 1
            if left:
                self._at_peer[peer] = left
            else:
                del self._at_peer[peer]
        return destination, site

    def _again(self, id: str, destination: D, site: _Site, due: float | None) -> None:
        if due is None:
            del self._of[id]
        else:
            site.due[id] = due
            if id in self._withheld:
                self._withheld[id] = (self._withheld[id][0], due)
            else:
                self._queue(id, destination, site, due, fresh=False)
        if (site.fresh or site.retry) and not site.queued:
            self._note(0.0, destination)

    def _up(self, destination: D, site: _Site, now: float) -> None:
        """The destination answers again: what waited for it is due now."""
        site.down_since = site.next_probe = 0.0
        site.error = ""
        for id in site.due:
            if id not in self._withheld:
                site.due[id] = min(site.due[id], now)
                heapq.heappush(site.retry, (site.due[id], self._tick(), id))
        self._note(0.0, destination)
