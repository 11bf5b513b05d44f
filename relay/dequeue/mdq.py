"""The dequeuer: scans, starts lanes, answers the control socket.

The loop only asks: `relay.queue.schedule` says what is next, the desk takes messages up
and writes them off, lanes move the bytes.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from relay import __version__
from relay.delivery.pool import Pool
from relay.dequeue.clock_guard import ClockGuard, look_through
from relay.dequeue.desk import Desk
from relay.dequeue.destination import Destination
from relay.dequeue.lanes import Lane
from relay.dequeue.records import Records
from relay.dequeue.roster import Found, Roster
from relay.dequeue.settings import Settings
from relay.dequeue.suspensions import Suspensions
from relay.queue.parts import number_of
from relay.queue.schedule import Schedule
from relay.tls.trust import Trust
from spooltool.control import ClockTaken, Kicked, Resumed, Suspend, Suspended
from spooltool.control.orders import order_object
from spooltool.errors import NotRegular
from spooltool.spool.hosts import HostPort, parse_host
from spooltool.spool.names import FLAT, HOLD, QUARANTINE, RESEND, SENDER
from spooltool.store.edit import clear_replacements
from spooltool.store.lock import holders
from spooltool.store.root import Spool
from spooltool.store.trash import clear_trash

SLICE = 200
"""Heads read in one go while a large directory is taken in."""

TRASH_PERIOD = 3600.0
"""Seconds between two looks at how old the trash is."""

YIELD_WAIT = 5.0
"""Seconds that `yield` waits for attempts that may not be dropped any more."""


class Dequeuer:
    """One dequeuer of one spool.  `run` works until `stop`, or with `once` until done."""

    def __init__(
        self,
        spool: Spool,
        settings: Settings,
        records: Records,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        self.spool = spool
        self._reread = reread
        self.settings = settings
        self.records = records
        self.started = time.time()
        self.scanned = 0.0
        self.schedule: Schedule[Destination] = Schedule(settings.limits)
        self.clock = ClockGuard()
        self._lanes: set[Lane] = set()
        self.suspensions = Suspensions(spool, records, self.schedule, self._lanes, self.wake)
        self.roster = Roster(spool, self.clock.arrived)
        self.desk = Desk(
            spool,
            settings,
            records,
            self.schedule,
            self.roster,
            self.wake,
            self.clock,
            self.suspensions.open_hosts,
            self._nudge,
        )
        self._pool = Pool(
            settings.hostname,
            settings.timeout,
            hops=settings.hops(),
            trust=Trust(settings.tls_minimum),
            eightbit=settings.eightbit,
            mark=settings.mark,
            fell_back=self._fell_back,
        )
        self._event = asyncio.Event()
        self._woken = True
        self._stopping = False
        self._resend_due = 0.0
        self._blind: set[str] = set()
        self._hour: deque[tuple[float, int]] = deque()
        self._trash_due = 0.0
        self._clearing: asyncio.Task[None] | None = None

    async def run(self, *, once: bool = False) -> None:
        """Scan, deliver, wait; with `once` one pass over everything that is there."""
        loop = asyncio.get_running_loop()
        next_scan = next_tick = loop.time()
        self.suspensions.load()
        aside = (HOLD, QUARANTINE)
        await loop.run_in_executor(None, look_through, self.clock, self.spool, aside)
        while not self._stopping:
            self._event.clear()
            if self._woken or loop.time() >= next_scan:
                self._woken = False
                await self._scan()
                next_scan = loop.time() + self.settings.scan_period
            if loop.time() >= next_tick:
                self._tick()
                next_tick = loop.time() + 1.0
            self._start()
            if once and not self._lanes and not self.desk.turns_wait:
                break
            wakes = self.schedule.wakes_at()
            wait = min(next_scan, next_tick) - loop.time()
            if wakes is not None:
                wait = min(wait, wakes - time.time())
            await self._sleep(wait)
        await self._drain()

    def wake(self) -> None:
        """Mail came in, or something was asked for: look at once."""
        self._woken = True
        self._event.set()

    def _nudge(self) -> None:
        """Something is due that the schedule knows of already."""
        self._event.set()

    def stop(self) -> None:
        """End soon: attempts short of the final dot are given up, the others awaited."""
        self._stopping = True
        self.desk.stop()
        self._event.set()

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass

    async def _drain(self) -> None:
        tasks = []
        for lane in list(self._lanes):
            if lane.task is not None:
                lane.drop()
                tasks.append(lane.task)
        if tasks:
            await asyncio.wait(tasks, timeout=max(self.settings.timeout, 10.0))
        self._pool.close()
        if self._clearing is not None:
            await asyncio.wait([self._clearing])
        await self.desk.close()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        for place, number in self.schedule.start(time.time()):
            lane = Lane(self.desk, self._pool, place, self.settings.max_mails_per_conn)
            self._lanes.add(lane)
            lane.task = loop.create_task(lane.run(number))
            lane.task.add_done_callback(partial(self._lane_ended, lane, number))

    def _lane_ended(self, lane: Lane, number: str, task: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.records.alert(f"attempt failed: {error!r}", number)
        self._event.set()

    def _fell_back(self, address: tuple[str, int], text: str) -> None:
        """A host that TLS may be spoken with was given mail in clear."""
        self.records.event("", "tls-failed", host=str(HostPort(*address)), text=text)

    def _tick(self) -> None:
        self._pool.tick()
        now = time.time()
        self._hour.append((now, self.desk.telling.delivered))
        while self._hour and now - self._hour[0][0] > 3600.0:
            self._hour.popleft()
        self.suspensions.tick()
        if now >= self._trash_due and self.clock.ok:
            self._trash_due = now + TRASH_PERIOD
            self._clearing = asyncio.get_running_loop().create_task(self._clear(now))
        if (doubt := self.clock.news()) is not None:
            self.records.alert(f"{doubt}: nothing expires until `relay clock ok`")

    async def _clear(self, now: float) -> None:
        """Let go of what is old: the trash, and what crashes left of changes."""
        loop, keep = asyncio.get_running_loop(), self.settings.trash_keep
        for name in await loop.run_in_executor(None, clear_trash, self.spool, now - keep):
            self.records.event(name.number, "trash-cleared")
        left = now - TRASH_PERIOD
        for path in await loop.run_in_executor(None, clear_replacements, self.spool, left):
            self.records.event("", "left-over-cleared", text=path)

    # scanning

    async def _scan(self) -> None:
        loop = asyncio.get_running_loop()
        await self._take_in(FLAT if self.spool.flat else SENDER)
        if not self.spool.flat and loop.time() >= self._resend_due:
            began = loop.time()
            await self._take_in(RESEND)
            took = loop.time() - began
            self._resend_due = loop.time() + max(self.settings.scan_period, 20.0 * took)
        self.scanned = time.time()
        self.clock.complete()
        if self.schedule.limit_hit:
            self.schedule.limit_hit = False
            self.records.limit()

    async def _take_in(self, directory: str) -> None:
        try:
            news, left = self.roster.news(directory)
        except FileNotFoundError:
            return
        except OSError as error:
            self._cannot_read(directory, error.strerror)
            return
        for number in left:
            if not self.schedule.is_active(number):
                self.schedule.remove(number)
                self.roster.forget(number)
        for index, found in enumerate(news, 1):
            self._look(found)
            if index % SLICE == 0:
                self._start()
                await asyncio.sleep(0)

    def _look(self, found: Found) -> None:
        number = found.name.number
        if self.schedule.is_active(number):
            self.roster.unsee(found.name)  # its attempt may end without telling of this file
            return
        if self.desk.refuses(found.name, found.inode):
            return
        try:
            known = self.roster.look(found, time.time())
        except (OSError, NotRegular) as error:
            why = error.strerror if isinstance(error, OSError) else "not a regular file"
            self._cannot_read(found.name.file, why)
            self.roster.unsee(found.name)
            return
        if known is None:
            return
        if self.desk.refuses(known.name, known.inode):  # a kick came without the inode
            self.roster.forget(number)
            return
        self.desk.schedule_known(known)

    def _cannot_read(self, what: str, why: str | None) -> None:
        """A file that cannot be read is a defect, told once and loudly; never an absence."""
        if what not in self._blind:
            self._blind.add(what)
            self.records.alert(f"cannot read {what or 'the spool'}: {why}")

    # what the control socket asks

    def kick_all(self, rate: float | None = None) -> Kicked:
        """Try everything now, or with `rate` that many messages a second."""
        self._resend_due = 0.0
        return self._kick(list(self.roster.known), rate)

    def kick_ids(self, ids: Iterable[str], rate: float | None = None) -> Kicked:
        """Read these anew and try them now; counted are those here and not under way."""
        wanted = list(ids)
        self._look_again(wanted)
        return self._kick(wanted, rate)

    def _look_again(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            self.desk.forget_refusals(number)
            for name in self.spool.find(number):
                if name.dir in (SENDER, RESEND, FLAT) and name.letter != "T":
                    self._look(Found(name, 0))

    def kick_host(self, text: str, rate: float | None = None) -> Kicked:
        """Try everything for a host (`HOST` or `HOST:PORT`) now."""
        host = parse_host(text)
        if host is None:
            return Kicked(0)
        wanted = self._parts_for(host)
        self._look_again({number_of(part) for part in wanted})
        return self._kick(self._parts_for(host), rate)

    def _parts_for(self, host: HostPort) -> list[str]:
        """What goes to a host, or to a mail domain: messages, and parts of some."""
        return [
            part.destination.part(number)
            for number, known in self.roster.known.items()
            for part in known.parts
            if any(
                one.host == host.host and host.port in (None, one.port)
                for one in part.destination.hosts
            )
        ]

    def _kick(self, numbers: list[str], rate: float | None) -> Kicked:
        every = 1.0 / rate if rate else 0.0
        self._pool.forget_failures()
        self.desk.ways.forget_troubles()
        self.desk.judging.scanners.forget_troubles()
        suspended = sum(map(self.schedule.suspended, numbers))
        count = self.schedule.kick(numbers, time.time(), every=every)
        facts = {"rate": rate} if rate else {}
        self.records.event("", "kick", ids=count, **facts)
        self.wake()
        # The first has its turn at once.
        seconds = max(0, self.schedule.paced(every) - 1) * every
        return Kicked(count, suspended, seconds)

    async def suspend(self, wish: Suspend) -> Suspended:
        """No attempts to a host; those under way are let go, short of the final dot."""
        return await self.suspensions.suspend(wish)

    async def resume(self, hosts: Iterable[str] | None) -> Resumed:
        """End orders, all with None: what waited by them is tried at once."""
        parts = [
            part.destination.part(number)
            for number, known in self.roster.known.items()
            for part in known.parts
        ]
        before = list(filter(self.schedule.suspended, parts))
        ended, absent = await self.suspensions.resume(hosts)
        again = {number_of(part) for part in before if not self.schedule.suspended(part)}
        return Resumed(tuple(ended), tuple(absent), len(again), self._past_term(again))

    def clock_ok(self, *, force: bool) -> ClockTaken:
        """The clock counts as right from now on.  Raises Refused where mail says otherwise."""
        doubt = self.clock.look()
        taken = self.clock.take(self._past_term(self.roster.known), force=force)
        text, seconds = str(doubt or ""), round(taken.departed, 1)
        self.records.event("", "clock-ok", text=text, seconds=seconds)
        return taken

    def _past_term(self, numbers: Iterable[str]) -> int:
        """How many of these are given up when their next attempt fails."""
        began = time.time() - self.settings.abandon_time
        found = map(self.roster.known.get, numbers)
        return sum(known is not None and known.term <= began for known in found)

    async def yield_ids(
        self, ids: Iterable[str], seconds: float
    ) -> tuple[list[str], list[str], list[str]]:
        """Let messages go for a change: (released, busy, absent).

        Attempts that have not sent the final dot are dropped, the others get a moment;
        none of these is taken up again before `done`, or `seconds` have passed.
        """
        wanted = list(ids)
        self.schedule.withhold(wanted, time.time() + seconds)
        here = set(wanted)
        waiting = []
        for lane in list(self._lanes):
            if lane.may_drop and number_of(lane.number or "") in here and lane.task is not None:
                lane.drop()
                waiting.append(lane.task)
        if waiting:
            await asyncio.wait(waiting, timeout=YIELD_WAIT)
        busy = [lane.job.id for lane in self._lanes if lane.job is not None and lane.job.id in here]
        absent = [number for number in wanted if number not in self.roster.known]
        apart = {*busy, *absent}
        return [number for number in wanted if number not in apart], busy, absent

    def done(self, ids: Iterable[str]) -> None:
        """The change is over: look at these anew and take them up again."""
        wanted = list(ids)
        for number in wanted:
            # A file written anew may have got the inode of one that was given up before.
            self.desk.forget_refusals(number)
        self.schedule.give_back(wanted)
        self._resend_due = 0.0
        self.wake()

    def reload(self) -> None:
        """Read the configuration again; what it says counts from now on.

        Raises ConfigError when it is wrong: then the old one stays in force.
        """
        if self._reread is None:
            return
        self.settings = settings = self._reread()
        self.schedule.limits = settings.limits
        self._pool.timeout = settings.timeout
        self._pool.ask(settings.hops(), Trust(settings.tls_minimum))
        self._pool.eightbit = settings.eightbit
        self.desk.obey(settings)
        # What they asked for may be known now.
        self.kick_ids(self.desk.unjudged_before())
        self.records.event("", "reload")

    def status(self) -> dict[str, object]:
        """What the dequeuer is doing, for `status`, `ls` and `why`."""
        now, doubt = time.time(), self.clock.look()
        delivering = [
            [lane.job.id, lane.destination.name, lane.job.began]
            for lane in self._lanes
            if lane.job is not None
        ]
        hour = self.desk.telling.delivered - (self._hour[0][1] if self._hour else 0)
        return {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "version": __version__,
            "intake": self._intake_runs(),
            "started": self.started,
            "scanned": self.scanned,
            "delivering": delivering,
            "conns": self._pool.count,
            "max_conns": self.settings.limits.max_conns,
            "messages": len(self.roster.known),
            "delivered_hour": hour,
            "clock_ok": doubt is None,
            "clock": "" if doubt is None else str(doubt),
            "orders": [order_object(order) for order in self.suspensions.told(now)],
            "destinations": [
                {
                    "hosts": [[host.host, host.port] for host in view.destination.hosts],
                    "name": view.destination.name,
                    "due": view.due,
                    "waiting": view.waiting,
                    "active": view.active,
                    "down": view.down,
                    "since": view.since or None,
                    "next_probe": view.next_probe or None,
                    "probes": view.probes,
                    "last_success": view.last_success or None,
                    "error": view.error,
                }
                for view in self.schedule.view(now)
            ],
        }

    def _intake_runs(self) -> bool:
        """Whether an intake holds its lock on this spool."""
        try:
            facts = os.stat("intake.lock", dir_fd=self.spool.own_dir())
        except OSError:
            return False
        return (facts.st_dev, facts.st_ino) in holders()
