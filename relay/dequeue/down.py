"""Destinations that are down: one failed probe speaks for all mail there.

Each message is marked once, at its first failure; later probes write nothing but what is
past its term then.  What is known of the others is told by the control socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from relay.dequeue.attempt import Job
from relay.dequeue.destination import Destination, legs
from relay.dequeue.finish import place, write_results
from relay.dequeue.lanes import Result
from relay.dequeue.notices import owed_to
from relay.dequeue.roster import Known, Part
from relay.queue.lifecycle import Decision, End
from relay.queue.parts import number_of
from relay.smtp.outcome import Outcome
from spooltool.errors import Busy, SpooltoolError
from spooltool.store.lock import Locked, lock

if TYPE_CHECKING:
    from relay.dequeue.desk import Desk

MOST_REMEMBERED = 1000
"""Failures after which those of destinations that are down no longer are let go."""

BUSY_SECONDS = 1.0
"""How soon a message that somebody else holds is looked at again."""


class Down:
    """The last failed probe of each destination, written into the mail that it speaks for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._failed: dict[Destination, tuple[Result, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._warning = asyncio.Lock()

    def up(self, destination: Destination) -> None:
        """It answered."""
        self._failed.pop(destination, None)

    def arrived(self, known: Known, destination: Destination) -> None:
        """Mail that was never tried: where its destination is down it has failed with it."""
        failure = self._failed.get(destination)
        if failure is not None and self._desk.schedule.down(destination):
            self._fail_with(known, destination, *failure)

    async def settled(self) -> None:
        """Wait for what is being written."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def probed(self, job: Job, result: Result, now: float, due: float | None) -> None:
        """The destination took nothing: until its next probe that holds for all its mail."""
        desk = self._desk
        destination = job.destination
        error = result.outcomes[0].text
        first = desk.schedule.failed(job.part, now, error, due=due)
        if len(self._failed) >= MOST_REMEMBERED:
            self._failed = {
                place: kept for place, kept in self._failed.items() if desk.schedule.down(place)
            }
        self._failed[destination] = result, job.began
        if first:
            desk.records.event("", "down", host=destination.name, text=error)
            parts = desk.schedule.members(destination)
        else:
            parts = self._not_spoken_for(destination, now)
        if parts:
            self._begin(self._speak_for(destination, parts, result, job.began))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _speak_for(
        self, destination: Destination, parts: Sequence[str], result: Result, began: float
    ) -> None:
        """One probe speaks for all mail of a destination that is down.

        What never failed is marked as failed now, once; what is past its term is given
        up, and of what has become late its sender is told, once.  Other probes write nothing;
        the control socket tells the rest.
        """
        desk = self._desk
        now = time.time()
        for count, id in enumerate(parts, 1):
            known = desk.roster.known.get(number_of(id))
            if known is None or desk.schedule.is_active(id):
                continue
            if desk.schedule.suspended(id):
                return  # from now on there are no attempts, so nothing ends by one
            over = known.term + desk.settings.abandon_time <= now and known.seen <= began
            part = known.part(destination)
            if part is None:
                continue
            if over or not part.tried or self._late(known, part, now):
                await self._fail_or_warn(known, destination, result, began)
            if count % 50 == 0:
                await asyncio.sleep(0)

    def _not_spoken_for(self, destination: Destination, now: float) -> list[str]:
        """The mail of a destination that a later probe changes something for."""
        desk = self._desk
        found = desk.schedule.past_term(destination, now)
        if desk.settings.delay_warning:
            for id in desk.schedule.members(destination):
                known = desk.roster.known.get(number_of(id))
                part = known.part(destination) if known is not None else None
                if known is not None and part is not None and self._late(known, part, now):
                    found.append(id)
        return list(dict.fromkeys(found))

    def _late(self, known: Known, part: Part, now: float) -> bool:
        """Whether its sender is perhaps to be told that it is late: the file decides."""
        age = self._desk.settings.delay_warning
        return bool(age) and part.last_try < known.term + age <= now

    async def _fail_or_warn(
        self, known: Known, destination: Destination, result: Result, began: float
    ) -> None:
        """Fail with a probe, and wait until a warning that is due with that is on disk."""
        warns = self._failed_with(known, destination, result, began)
        if warns and not self._desk.stopping:
            async with self._warning:  # each holds a file and its lock: one at a time
                await self._warn(known, destination, result, began)

    def _fail_with(
        self, known: Known, destination: Destination, result: Result, began: float
    ) -> None:
        """The same where nobody can wait: the warning comes by itself."""
        if self._failed_with(known, destination, result, began):
            self._begin(self._fail_or_warn(known, destination, result, began))

    async def _warn(
        self, known: Known, destination: Destination, result: Result, began: float
    ) -> None:
        """Tell the sender that a message waits, and only then write that it failed."""
        desk, number = self._desk, known.name.number
        if desk.schedule.is_active(destination.part(number)):
            return  # its own attempt will warn
        try:
            locked = lock(desk.spool, known.name)
        except SpooltoolError:
            return  # in other hands: its own attempt, or the next probe, will warn
        with locked:
            made = self._decided(locked, known, destination, result, began)
            if made is None:
                return
            job, outcomes, decision = made
            try:
                await desk.notify_apart(job, decision, time.time())
            except (SpooltoolError, OSError) as error:
                desk.records.alert(f"warning not written: {error}", number)
                return
            self._write(known, job, outcomes, decision, result)

    def _failed_with(
        self, known: Known, destination: Destination, result: Result, began: float
    ) -> bool:
        """Write the failure of a probe into another message of the same destination.

        A message that came, or was changed, after the probe `began` does not expire by it.
        Where a warning must be written first nothing is, and True is returned.
        """
        desk = self._desk
        try:
            locked = lock(desk.spool, known.name)
        except Busy:
            # The intake holds what it has not acknowledged yet, an editor what it changes.
            asyncio.get_running_loop().call_later(
                BUSY_SECONDS, self._fail_again, known, destination, result, began
            )
            return False
        except SpooltoolError:
            return False  # gone, or its own attempt will tell
        with locked:
            made = self._decided(locked, known, destination, result, began)
            if made is None:
                return False
            job, outcomes, decision = made
            if decision.apart:
                return True
            self._write(known, job, outcomes, decision, result)
        return False

    def _decided(
        self,
        locked: Locked,
        known: Known,
        destination: Destination,
        result: Result,
        began: float,
    ) -> tuple[Job, tuple[Outcome, ...], Decision] | None:
        """What becomes of a message by a probe of its destination; None: nothing."""
        desk, envelope = self._desk, locked.envelope()
        now = time.time()
        pending = legs(known.name.letter, envelope).get(destination)
        if pending is None or locked.inode != known.inode:
            return None  # changed: the next scan reads it
        notice = known.name.letter == "E"
        told = owed_to(envelope, desk.settings, destination) if notice else {}
        if envelope.sender is None or not (pending or told) or envelope.torn:
            return None
        job = Job(locked, envelope, destination, pending, b"", now, told=told)
        outcomes = (result.outcomes[0],) * (len(told) if notice else len(pending))
        expires = known.seen <= began
        decision = desk.decide(job, outcomes, result.host, now, expires=expires)
        if envelope.state is not None:  # it was not tried itself: no mark of it ends
            kept = replace(decision.state, started=envelope.state.started)
            decision = replace(decision, state=kept)
        return job, outcomes, decision

    def _write(
        self,
        known: Known,
        job: Job,
        outcomes: tuple[Outcome, ...],
        decision: Decision,
        result: Result,
    ) -> None:
        """Write a decision that a probe brought about, and tell everybody.

        An attempt that has been planned meanwhile finds what is written here.
        """
        desk, number, destination = self._desk, job.id, job.destination
        now = time.time()
        try:
            write_results(job, decision)
            place(job, decision.end)
        except SpooltoolError as error:
            desk.records.alert(f"result not written: {error}", number)
            return
        desk.telling.attempt(job, Result(outcomes, result.host, True), decision, now)
        gone = decision.end in (End.REMOVE, End.TRASH)
        desk.settler.changed(None if gone else job.locked.fd)
        active = desk.schedule.is_active(job.part)
        if decision.end is not End.WAIT:
            if not active:
                desk.schedule.remove(number)
            desk.roster.forget(number)
            return
        desk.written(known, job, decision)
        if active:
            return
        desk.schedule.remove(job.part)
        if (part := known.part(destination)) is not None and decision.due is not None:
            desk.schedule_part(known, part)

    def _fail_again(
        self, known: Known, destination: Destination, result: Result, began: float
    ) -> None:
        """What was busy when the probe of its destination failed, looked at once more."""
        desk, number = self._desk, known.name.number
        part = known.part(destination)
        same = desk.roster.known.get(number) is known and part is not None and not part.tried
        down = destination in self._failed and desk.schedule.down(destination)
        active = desk.schedule.is_active(destination.part(number))
        if same and down and not desk.stopping and not active:
            self._fail_with(known, destination, result, began)
