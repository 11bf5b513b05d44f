"""Which message is tried next: slots over destinations, as a value that is told the time.

A slow or dead destination delays its own mail only:

- slots go round robin over the destinations that have due mail;
- a destination without a recent success, or with an attempt under way for long, has one
  probing slot, doubled on each success up to `max_conns_per_site`;
- such unproven destinations together never take more than half of `max_conns`, and a
  second attempt at one of them no more than half of that: what was never tried is not kept
  waiting by tarpits that hold two slots each;
- a destination that is down is probed once a `resend_period`, and that one probe speaks
  for all its mail;
- within a destination new mail and retries alternate;
- a destination that a person suspended is not tried at all;
- what is kicked with a rate waits for its turn (`pace`);
- the parts of a message (`parts`) are due apart, each at its destination.

Nothing here reads a clock: `now` is unix seconds and comes with each call.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Container, Iterable
from typing import Generic

from relay.queue.limits import D, Limits, View
from relay.queue.pace import Paces
from relay.queue.parts import Parts, number_of
from relay.queue.peers import Peers
from relay.queue.site import NEVER, RECENT, SLOW, Peer, Site

__all__ = ["RECENT", "SLOW", "Limits", "Peer", "Schedule", "View"]

SET_BACK = 1.0
"""Seconds that the clock may step back before every known time moves with it."""

FORGET = 600.0
"""Seconds between two looks for destinations that nothing is known of any more."""


class Schedule(Generic[D]):
    """Every message that is to be tried, by destination.

    A message is *waiting* (added, not started), *active* (given out by `start` or
    `next_for`), or *withheld* (a person is changing it).  Report the end of each attempt by
    `finished` or `failed`.  Where an id is asked for, a part is that part alone, and a number
    stands for every part of the message.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.limit_hit = False
        self._sites: dict[D, Site] = {}
        self._of: dict[str, D] = {}
        self._ready: deque[D] = deque()
        self._wakes: list[tuple[float, int, D]] = []
        self._parts = Parts()
        self._withheld: dict[str, float] = {}
        self._sequence = 0
        self._active = 0
        self._busy: dict[D, Site] = {}
        self._peers = Peers()
        self._clock = 0.0
        self._forget_at = 0.0
        self._shut: Callable[[D], bool] = lambda destination: False
        self._paces: Paces[D] = Paces(self._place, self._is_open, self._is_due)

    # what is to be tried

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, id: str) -> bool:
        return any(part in self._of for part in self._parts.of(id))

    @property
    def active(self) -> int:
        """Messages taken and unfinished."""
        return self._active

    def add(
        self, id: str, destination: D, due: float, *, fresh: bool, term: float | None = None
    ) -> None:
        """A message may be tried from `due` on.  One that is known is moved, unless active.

        `term` is when its abandon time is over, for `past_term`.
        """
        if id in self._of:
            if self._is_active(id):
                return
            self._remove(id)
        site = self._site(destination)
        self._of[id] = destination
        self._parts.add(id)
        if id in self._paces:
            due = NEVER
        site.due[id] = due
        if term is not None:
            site.terms[id] = term
        if not self._held(id):
            self._queue(id, destination, site, due, fresh)

    def remove(self, id: str) -> None:
        """The message has left.  What is active of it ends with `finished`."""
        for part in self._parts.of(id):
            if part in self._of and not self._is_active(part):
                self._remove(part)

    def keep(self, number: str, parts: Container[str]) -> None:
        """Of a message only these parts are left to be tried."""
        for part in self._parts.of(number):
            if part in self._of and part not in parts and not self._is_active(part):
                self._remove(part)

    def is_active(self, id: str) -> bool:
        """Whether an attempt is under way."""
        return any(map(self._is_active, self._parts.of(id)))

    # what is tried now

    def start(self, now: float) -> list[tuple[D, str]]:
        """The attempts to begin now, as far as the limits allow; each is active from now on.

        Sets `limit_hit` when due mail of a healthy destination finds no connection; the
        caller clears it once a scan.
        """
        self._tell_time(now)
        self._give_turns(now)
        self._wake(now)
        started: list[tuple[D, str]] = []
        slots, unproven = self.limits.slots, self._unproven(now)
        passed = 0
        while passed < len(self._ready):
            if self._active >= slots:
                self.limit_hit = self.limit_hit or self._short(now)
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
            proven = site.proven(now)
            id = None
            share = self.limits.share(first=not site.active)
            if (proven or unproven < share) and self._room(site, now):
                id = self._take(destination, site, now)
            if id is None:
                passed += 1
                continue
            passed = 0
            unproven += not proven
            started.append((destination, id))
        return started

    def next_for(self, destination: D, now: float) -> str | None:
        """A slot of this destination got free: its next message, or None to end the slot.

        None also where others wait for the slot: `start` gives it out in turn.
        """
        site = self._sites.get(destination)
        slots = self.limits.slots
        if site is None or self._active >= slots:
            return None
        others = len(self._ready) > 1
        if others and self._active + 1 >= slots:
            return None
        if not site.proven(now):
            unproven = self._unproven(now) + others
            if unproven >= self.limits.share(first=not site.active):
                return None
        return self._take(destination, site, now) if self._room(site, now) else None

    def attach(self, id: str, peer: Peer) -> bool:
        """An attempt has a connection to `peer`; False when that peer has enough already.

        Counted by address and port, so that two names of one host share the limit.
        """
        site = self._sites[self._of[id]]
        self._peers.detach(site, id)
        site.peer = peer
        if self._peers.of(peer) >= self.limits.max_conns_per_site:
            return False
        self._peers.attach(site, id, peer)
        return True

    def finished(
        self, id: str, now: float, *, delivered: bool = False, due: float | None = None
    ) -> None:
        """An attempt ended with an answer of a living host, or was given up by us.

        `due` is when the message may be tried again, None when it has left.  Where the
        destination is down still, and `due` is nearer than a failure's, nothing was
        learnt: another message may be the probe.
        """
        destination, site = self._end(id)
        if delivered:
            site.succeeded(now, self.limits.max_conns_per_site)
            if site.down:
                self._up(destination, site, now)
        elif site.down and (due is None or due < now + self.limits.resend_period):
            site.next_probe = min(site.next_probe, now)
        self._again(id, destination, site, due)

    def alive(self, destination: D, now: float) -> None:
        """The host answered, if only with a refusal: it is not down."""
        site = self._sites.get(destination)
        if site is not None and site.down:
            self._up(destination, site, now)

    def down(self, destination: D) -> bool:
        """Whether its last probe found it dead, and that is not forgotten."""
        site = self._sites.get(destination)
        return site is not None and site.down

    def failed(self, id: str, now: float, error: str, *, due: float | None = None) -> bool:
        """An attempt found the destination down; True when it was not known to be.

        Until the next probe nothing is started there.  A failure that began before the
        last success says nothing of the host: it goes on with one slot.
        """
        began = self._sites[self._of[id]].active[id]
        destination, site = self._end(id)
        site.slots = 1
        if site.recent(now) and site.last_success > began:
            self._again(id, destination, site, due)
            return False
        first = not site.down
        if first:
            site.down_since = now
            site.probes = 0
        site.probes += 1
        site.error = error
        site.next_probe = now + self.limits.resend_period
        self._again(id, destination, site, due)
        self._note(site.next_probe, destination)
        return first

    # what a person asks for

    def kick(self, ids: Iterable[str], now: float, *, every: float = 0.0) -> int:
        """Try these now; how many of them are known, not under way and not suspended.

        With `every` they are begun that many seconds apart, whatever else becomes due; a
        kick without it ends that for those that it names.
        """
        kicked: list[tuple[str, D]] = []
        for id in list(self._parts.every(ids)):
            destination = self._of.get(id)
            if destination is None or self._held(id) or self._is_active(id):
                continue
            site = self._sites[destination]
            if site.suspended:
                continue
            site.next_probe = 0.0
            kicked.append((id, destination))
            if every:
                site.due[id] = NEVER
                continue
            self._paces.leave(id)
            site.due[id] = now
            self._queue(id, destination, site, now, fresh=False)
        if every:
            self._paces.begin(kicked, every, now)
        return len({number_of(id) for id, _ in kicked})

    def paced(self, every: float) -> int:
        """How many messages wait for a turn of a kick with this rate."""
        return self._paces.ahead(every)

    def suspend(self, shut: Callable[[D], bool], now: float) -> None:
        """No attempts where `shut` says so, from now on until the next call.

        What opens by that is tried at once: a destination that was down by one probe.
        """
        self._shut = shut
        for destination, site in self._sites.items():
            was, site.suspended = site.suspended, shut(destination)
            if was and not site.suspended:
                site.next_probe = min(site.next_probe, now)
                self._note(0.0, destination)

    def suspended(self, id: str) -> bool:
        """Whether a message is kept back because its destination is suspended."""
        places = [self._of[part] for part in self._parts.of(id) if part in self._of]
        return bool(places) and all(self._sites[place].suspended for place in places)

    def withhold(self, numbers: Iterable[str], until: float) -> None:
        """Do not start these messages before `until`: a person is changing them."""
        for number in numbers:
            self._withheld[number] = until

    def give_back(self, numbers: Iterable[str]) -> None:
        """The change is done: these messages may be started again."""
        for number in numbers:
            if self._withheld.pop(number, None) is None:
                continue
            for id in self._parts.of(number):
                destination = self._of.get(id)
                if destination is None or self._is_active(id):
                    continue
                site = self._sites[destination]
                due = NEVER if id in self._paces else site.due.get(id, 0.0)
                site.due[id] = due
                self._queue(id, destination, site, due, fresh=False)

    # what there is to know

    def wakes_at(self) -> float | None:
        """When `start` may have something new by time alone; None when never."""
        times = list(self._withheld.values())
        if self._wakes:
            times.append(self._wakes[0][0])
        turn = self._paces.wakes_at()
        if turn is not None:
            times.append(turn)
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
                    site.suspended,
                )
            )
        return views

    def members(self, destination: D) -> list[str]:
        """The messages, or parts of some, waiting for a destination."""
        site = self._sites.get(destination)
        return list(site.due) if site is not None else []

    def past_term(self, destination: D, now: float) -> list[str]:
        """The waiting and due messages whose `term` is over.

        After a failed probe these are given up all together: one probe speaks for all.
        """
        site = self._sites.get(destination)
        if site is None:
            return []
        return [
            id
            for id, term in site.terms.items()
            if term <= now and site.due.get(id, now + 1) <= now and not self._held(id)
        ]

    # inside

    def _site(self, destination: D) -> Site:
        site = self._sites.get(destination)
        if site is None:
            site = self._sites[destination] = Site(suspended=self._shut(destination))
        return site

    def _give_turns(self, now: float) -> None:
        """Have those tried whose turn it is, of what was kicked with a rate."""
        for id in self._paces.release(now):
            destination = self._of[id]
            site = self._sites[destination]
            site.due[id] = now
            if not self._held(id):
                self._queue(id, destination, site, now, fresh=False)

    def _held(self, id: str) -> bool:
        return bool(self._withheld) and number_of(id) in self._withheld

    def _is_active(self, part: str) -> bool:
        destination = self._of.get(part)
        return destination is not None and part in self._sites[destination].active

    def _remove(self, part: str) -> None:
        """A waiting part is not to be tried any more."""
        site = self._sites[self._of.pop(part)]
        self._parts.remove(part)
        site.due.pop(part, None)
        site.terms.pop(part, None)

    def _place(self, id: str) -> D | None:
        destination = self._of.get(id)
        return None if destination is None or self._is_active(id) else destination

    def _is_open(self, destination: D, now: float) -> bool:
        site = self._sites[destination]
        return not site.suspended and (not site.down or site.room(now, 1))

    def _is_due(self, id: str, now: float) -> bool:
        destination = self._of.get(id)
        if destination is None or self._held(id):
            return False
        return self._sites[destination].due.get(id, NEVER) <= now

    def _tick(self) -> int:
        self._sequence += 1
        return self._sequence

    def _note(self, at: float, destination: D) -> None:
        """Look at a destination at this time, unless that happens earlier anyway."""
        site = self._sites[destination]
        if at < site.noted:
            site.noted = at
            heapq.heappush(self._wakes, (at, self._tick(), destination))

    def _queue(self, id: str, destination: D, site: Site, due: float, fresh: bool) -> None:
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
            if site is None:
                continue
            site.noted = NEVER
            if not site.queued:
                site.queued = True
                self._ready.append(destination)
        if self._withheld:
            self.give_back([number for number, until in self._withheld.items() if until <= now])

    def _tell_time(self, now: float) -> None:
        """Follow a clock that was set back; forget destinations that have gone quiet."""
        back = self._clock - now
        self._clock = now
        if back > SET_BACK:
            for site in self._sites.values():
                site.shift(back)
            self._wakes = [(at - back, tick, place) for at, tick, place in self._wakes]
            self._paces.shift(back)
            self._withheld = {number: until - back for number, until in self._withheld.items()}
            self._forget_at = now
        if now >= self._forget_at:
            self._forget_at = now + FORGET
            for destination in [d for d, site in self._sites.items() if site.idle(now)]:
                del self._sites[destination]

    def _room(self, site: Site, now: float) -> bool:
        """Whether the destination, and the host behind it, allow one more attempt."""
        per_site = self.limits.max_conns_per_site
        if site.peer is not None and self._peers.of(site.peer) >= per_site:
            return False
        return site.room(now, per_site)

    def _take(self, destination: D, site: Site, now: float) -> str | None:
        """Make the site's next due message active; None where nothing is due after all."""
        id = site.pop(now, self._tick(), self._held)
        if id is None:
            return None
        site.active[id] = now
        self._busy[destination] = site
        self._active += 1
        if site.peer is not None:
            self._peers.attach(site, id, site.peer)  # where it will go, as far as is known
        if site.down:
            site.next_probe = now + self.limits.resend_period
        return id

    def _unproven(self, now: float) -> int:
        """Attempts under way at destinations that have not shown that they work."""
        return sum(len(site.active) for site in self._busy.values() if not site.proven(now))

    def _short(self, now: float) -> bool:
        """Whether a healthy destination has due mail."""
        return any(
            site.proven(now) and site.idle_until(now) is None
            for site in map(self._sites.__getitem__, self._ready)
        )

    def _end(self, id: str) -> tuple[D, Site]:
        destination = self._of[id]
        site = self._sites[destination]
        del site.active[id]
        self._active -= 1
        if not site.active:
            del self._busy[destination]
        self._peers.detach(site, id)
        return destination, site

    def _again(self, id: str, destination: D, site: Site, due: float | None) -> None:
        if due is None:
            del self._of[id]
            self._parts.remove(id)
            site.terms.pop(id, None)
        else:
            site.due[id] = due
            if not self._held(id):
                self._queue(id, destination, site, due, fresh=False)
        if (site.fresh or site.retry) and not site.queued:
            self._note(0.0, destination)

    def _up(self, destination: D, site: Site, now: float) -> None:
        """The destination answers again: what waited for it is due now.

        What waits longer than a failed host asks for (an unknown outcome) goes on waiting.
        """
        site.down_since = site.next_probe = 0.0
        site.error = ""
        soon = now + self.limits.resend_period
        for id, at in site.due.items():
            if now < at <= soon and not self._held(id):
                site.due[id] = now
                heapq.heappush(site.retry, (now, self._tick(), id))
        self._note(0.0, destination)
