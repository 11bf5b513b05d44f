"""Destinations that are down: one failed probe speaks for all mail there.

Each message is marked once, at its first failure; later probes write nothing but what is
past its term then.  What is known of the others is told by the control socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from relay.dequeue.attempt import Job
from relay.dequeue.destination import Destination, legs
from relay.dequeue.finish import place, write_results
from relay.dequeue.lanes import Result
from relay.dequeue.roster import Known
from relay.queue.lifecycle import End
from relay.queue.parts import number_of
from spooltool.errors import Busy, SpooltoolError
from spooltool.store.lock import lock

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
            parts = desk.schedule.past_term(destination, now)
        if parts:
            task = asyncio.get_running_loop().create_task(
                self._speak_for(destination, parts, result, job.began)
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _speak_for(
        self, destination: Destination, parts: Sequence[str], result: Result, began: float
    ) -> None:
        """One probe speaks for all mail of a destination that is down.

        What never failed is marked as failed now, once; what is past its term is given
        up.  Other probes write nothing; the control socket tells the rest.
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
            if part is not None and (over or not part.tried):
                self._fail_with(known, destination, result, began)
            if count % 50 == 0:
                await asyncio.sleep(0)

    def _fail_with(
        self, known: Known, destination: Destination, result: Result, began: float
    ) -> None:
        """Write the failure of a probe into another message of the same destination.

        A message that came, or was changed, after the probe `began` does not expire by it.
        """
        desk, number = self._desk, known.name.number
        now = time.time()
        try:
            locked = lock(desk.spool, known.name)
        except Busy:
            # The intake holds what it has not acknowledged yet, an editor what it changes.
            asyncio.get_running_loop().call_later(
                BUSY_SECONDS, self._fail_again, known, destination, result, began
            )
            return
        except SpooltoolError:
            return  # gone, or its own attempt will tell
        with locked:
            envelope = locked.envelope()
            notice = known.name.letter == "E"
            pending = legs(known.name.letter, envelope).get(destination)
            if pending is None or locked.inode != known.inode:
                return  # changed: the next scan reads it
            if envelope.sender is None or not (pending or notice) or envelope.torn:
                return
            job = Job(locked, envelope, destination, pending, b"", now)
            outcomes = (result.outcomes[0],) * (1 if notice else len(pending))
            try:
                expires = known.seen <= began
                decision = desk.decide(job, outcomes, result.host, now, expires=expires)
                if envelope.state is not None:  # it was not tried itself: no mark of it ends
                    kept = replace(decision.state, started=envelope.state.started)
                    decision = replace(decision, state=kept)
                write_results(job, decision)
                place(job, decision.end)
            except SpooltoolError as error:
                desk.records.alert(f"result not written: {error}", number)
                return
            desk.telling.attempt(job, Result(outcomes, result.host, True), decision, now)
            gone = decision.end in (End.REMOVE, End.TRASH)
            desk.settler.changed(None if gone else job.locked.fd)
            if decision.end is not End.WAIT:
                desk.schedule.remove(number)
                desk.roster.forget(number)
                return
            desk.written(known, job, decision.due)
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
