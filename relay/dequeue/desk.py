"""The desk: where a message is taken up under its lock and its result written down.

It is what lanes ask; between them and the files stand `relay.queue.lifecycle`, which
decides, and `finish`, which writes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from relay.delivery.connection import Content
from relay.dequeue.attempt import (
    EDITED,
    NO_ENVELOPE,
    Job,
    Unfit,
    mail_of,
    take,
)
from relay.dequeue.destination import Destination, of_envelope
from relay.dequeue.finish import (
    edited_state,
    mark_delivered,
    notice_file,
    place,
    write_results,
)
from relay.dequeue.lanes import Result
from relay.dequeue.notices import notice_mail
from relay.dequeue.records import Records
from relay.dequeue.roster import Known, Roster
from relay.dequeue.settings import Settings
from relay.dequeue.settle import Settler
from relay.dequeue.telling import Telling
from relay.queue.lifecycle import Decision, End, Terms, decide, decide_notice
from relay.queue.schedule import Schedule
from relay.smtp.envelope import Mail
from relay.smtp.outcome import TOO_MANY, Kind, Outcome
from spooltool.errors import Busy, CannotWrite, Gone, SpooltoolError
from spooltool.spool.names import HOLD
from spooltool.spool.state import fresh_state, set_aside
from spooltool.store.counter import Counter
from spooltool.store.edit import write_state
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.lock import lock
from spooltool.store.move import move
from spooltool.store.root import Spool

BUSY_SECONDS = 1.0
"""How soon a message that somebody else holds is looked at again."""


class Desk:
    """Takes messages up and writes them off; tells schedule, roster, sync and logs."""

    def __init__(
        self,
        spool: Spool,
        settings: Settings,
        records: Records,
        schedule: Schedule[Destination],
        roster: Roster,
        wake: Callable[[], None],
    ) -> None:
        self.spool = spool
        self.settings = settings
        self.records = records
        self.schedule = schedule
        self.roster = roster
        self.clock_ok = True
        self.telling = Telling(records)
        self.syncer = Syncer(spool.path)
        self.settler = Settler(spool, self.syncer, self._sync_failed)
        self._counter = Counter(spool, block=100)
        self._wake = wake
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._down: dict[Destination, Result] = {}
        self._never_again: set[tuple[str, int]] = set()

    def stop(self) -> None:
        """Give out nothing more."""
        self._stopping = True

    async def close(self) -> None:
        """Wait for what is being written and synced, and let go."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.settler.flush()
        self.syncer.close()

    def refuses(self, number: str, inode: int) -> bool:
        """Whether this process has given this very file up."""
        return (number, inode) in self._never_again

    def schedule_known(self, known: Known) -> None:
        """Have a message tried that was found in the spool.

        New mail for a destination that is down has failed with it: one probe speaks for
        all mail there, and `ls` tells from the file alone.
        """
        number = known.name.number
        self.schedule.add(
            number,
            known.destination,
            known.due,
            fresh=not known.tried,
            term=known.term + self.settings.abandon_time,
        )
        failure = self._down.get(known.destination)
        if failure is not None and not known.tried:
            self._fail_with(known, number, failure)

    # what lanes ask

    def take(self, destination: Destination, number: str) -> Job | None:
        """Lock a message and check it; None when there is nothing to send now.

        In that case the schedule has been told what to do with it.
        """
        now = time.time()
        known = self.roster.known.get(number)
        if known is None:
            self.schedule.finished(number, now)
            return None
        try:
            job = take(
                self.spool,
                known.name,
                now,
                sealed=known.sealed,
                accept_hand_edits=self.settings.accept_hand_edits,
            )
        except Busy:
            self.schedule.finished(number, now, due=now + BUSY_SECONDS)
        except Gone:
            self._left(number, now)
        except Unfit as unfit:
            self._unfit(unfit, number, now)
        except SpooltoolError as error:
            self.records.alert(f"cannot work on it: {error}", number)
            self._never(number, known.inode, now)
        else:
            known.inode = known.sealed = job.locked.inode
            return self._checked(job, known, destination, now)
        return None

    def mail(self, job: Job) -> tuple[Mail, Content]:
        """What is to be sent: the message, or the notice that an E file owes."""
        return notice_mail(job, self.settings) if job.name.letter == "E" else mail_of(job)

    async def room(self) -> None:
        """Wait while as many deliveries are unsynced as may be."""
        await self.settler.room()

    def next_for(self, destination: Destination) -> str | None:
        """The next message for a lane of this destination."""
        return None if self._stopping else self.schedule.next_for(destination, time.time())

    def attached(self, number: str, peer: tuple[str, int]) -> bool:
        """Count a connection to a peer; False when that peer has enough."""
        return self.schedule.attach(number, peer)

    def given_up(self, number: str, seconds: float) -> None:
        """An attempt ended without a result: the message is as it was."""
        if self.schedule.is_active(number):
            now = time.time()
            self.schedule.finished(number, now, due=now + seconds)

    async def settle(self, job: Job, result: Result) -> None:
        """Write what became of an attempt, tell everybody, drop the lock."""
        now = time.time()
        unmarked = any(outcome.kind is Kind.DELIVERED for outcome in result.outcomes)
        try:
            if result.unfit is not None:
                self._unfit(result.unfit, job.id, now)
                return
            decision = self._decide(job, result.outcomes, result.host, now)
            if decision.split:
                # What was delivered is marked first: a crash in between must not send it again.
                unmarked = not mark_delivered(job, decision)
                await asyncio.shield(self._notify_apart(job, decision, now))
            write_results(job, decision)
            place(job, decision.end)
        except Gone:
            self._left(job.id, now)
        except (SpooltoolError, OSError) as error:
            # What was delivered must not be sent again because its file cannot be written.
            if unmarked:
                self.records.alert(f"delivered, but its file cannot be changed: {error}", job.id)
                self._never(job.id, job.locked.inode, now)
            else:
                self.records.alert(f"result not written: {error}", job.id)
                self.schedule.finished(job.id, now, due=now + self.settings.resend_period)
        else:
            self._told(job, result, decision, now)
        finally:
            job.close()

    # deciding and writing

    def _checked(self, job: Job, known: Known, destination: Destination, now: float) -> Job | None:
        number = job.id
        if why := _nowhere(job):
            self._unfit(Unfit(NO_ENVELOPE, why, job.locked, job.envelope), number, now)
            return None
        if job.name.letter == "R" and not job.pending:
            # A crash came between the marks and the move: finish what was begun.
            decision = self._decide(job, (), "", now)
            try:
                write_results(job, decision)
                place(job, decision.end)
            except SpooltoolError as error:
                self.records.alert(f"cannot finish it: {error}", number)
                self._never(number, job.locked.inode, now)
            else:
                self._told(job, Result((), ""), decision, now)
            job.close()
            return None
        if job.destination != destination:
            job.close()
            known.destination = job.destination
            known.due = now
            self.schedule.finished(number, now)
            self.schedule_known(known)
            self._wake()
            return None
        return job

    def _decide(self, job: Job, outcomes: tuple[Outcome, ...], host: str, now: float) -> Decision:
        envelope = job.envelope
        state = envelope.state or fresh_state(int(envelope.arrived or now), 0)
        terms = Terms(self.settings.resend_period, self.settings.abandon_time, not self.clock_ok)
        if job.name.letter == "E":
            return decide_notice(
                state, outcomes[0], now, terms, host, recipients=envelope.recipients
            )
        if envelope.sender is None:
            raise ValueError("a job without a sender")
        return decide(
            envelope.sender,
            envelope.recipients,
            outcomes,
            state,
            now,
            terms,
            host=host,
            errmail=envelope.get("ERRMAIL") != "0",
        )

    async def _notify_apart(self, job: Job, decision: Decision, now: float) -> None:
        """An E file for those that failed for good, durable before their marks change."""
        incoming = notice_file(job, decision.split, self._counter.take(), now)
        (error,) = await asyncio.get_running_loop().run_in_executor(None, self._commit, incoming)
        if error is not None:
            raise CannotWrite(f"notice file: {error.strerror}")
        incoming.release()
        self.records.event(job.id, "notice-due", notice=incoming.name.number)
        self._wake()

    def _commit(self, incoming: Incoming) -> list[OSError | None]:
        place = incoming.spool.directories[0] if incoming.spool.flat else "D_resend"
        return commit(incoming.spool, [incoming], self.syncer, place, "E")

    def _told(self, job: Job, result: Result, decision: Decision, now: float) -> None:
        """The change is written: logs, sync, roster and schedule hear of it."""
        number = job.id
        gone = decision.end in (End.REMOVE, End.TRASH)
        self.settler.changed(None if gone else job.locked.fd)
        self.telling.attempt(job, result, decision)
        # What became an E file has another destination: the next scan finds it.
        leaves = gone or decision.end is End.EXPIRE
        due = None if leaves else float(decision.state.next_try)
        known = self.roster.known.get(number)
        if leaves:
            self.roster.forget(number)
            if not gone:
                self._wake()
        elif known is not None:
            known.name, known.inode, known.tried = job.locked.name, job.locked.inode, True
        if result.host_failed:
            self._host_failed(job.destination, number, result, now, due)
            return
        if any(outcome.kind is not Kind.UNKNOWN for outcome in result.outcomes):
            self._down.pop(job.destination, None)
            self.schedule.alive(job.destination, now)
        delivered = any(outcome.kind is Kind.DELIVERED for outcome in result.outcomes)
        if any(outcome.reason == TOO_MANY for outcome in result.outcomes) and due is not None:
            due = now
        self.schedule.finished(number, now, delivered=delivered, due=due)

    def _host_failed(
        self, destination: Destination, number: str, result: Result, now: float, due: float | None
    ) -> None:
        """The destination took nothing: until its next probe that holds for all its mail."""
        error = result.outcomes[0].text
        first = self.schedule.failed(number, now, error, due=due)
        self._down[destination] = result
        if first:
            self.records.event("", "down", host=destination.name, text=error)
            numbers = self.schedule.members(destination)
        else:
            numbers = self.schedule.past_term(destination, now)
        if numbers:
            task = asyncio.get_running_loop().create_task(
                self._speak_for(destination, numbers, result)
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _speak_for(
        self, destination: Destination, numbers: Sequence[str], result: Result
    ) -> None:
        """One probe speaks for all mail of a destination that is down.

        What never failed is marked as failed now, once; what is past its term is given
        up.  Other probes write nothing; the control socket tells the rest.
        """
        now = time.time()
        for count, number in enumerate(numbers, 1):
            known = self.roster.known.get(number)
            if known is None or self.schedule.is_active(number):
                continue
            over = known.term + self.settings.abandon_time <= now
            if known.destination == destination and (over or not known.tried):
                self._fail_with(known, number, result)
            if count % 50 == 0:
                await asyncio.sleep(0)

    def _fail_with(self, known: Known, number: str, result: Result) -> None:
        """Write the failure of a probe into another message of the same destination."""
        now = time.time()
        try:
            locked = lock(self.spool, known.name)
        except Busy:
            # The intake holds what it has not acknowledged yet, an editor what it changes.
            asyncio.get_running_loop().call_later(
                BUSY_SECONDS, self._fail_again, known, number, result
            )
            return
        except SpooltoolError:
            return  # gone, or its own attempt will tell
        with locked:
            envelope = locked.envelope()
            pending = tuple(r for r in envelope.recipients if r.pending)
            notice = known.name.letter == "E"
            wrong = of_envelope(known.name.letter, envelope) != known.destination
            if envelope.sender is None or not (pending or notice) or envelope.torn or wrong:
                return
            job = Job(locked, envelope, known.destination, pending, b"", now)
            outcomes = (result.outcomes[0],) * (1 if notice else len(pending))
            try:
                decision = self._decide(job, outcomes, result.host, now)
                write_results(job, decision)
                place(job, decision.end)
            except SpooltoolError as error:
                self.records.alert(f"result not written: {error}", number)
                return
            self.telling.attempt(job, Result(outcomes, result.host), decision)
            gone = decision.end in (End.REMOVE, End.TRASH)
            self.settler.changed(None if gone else job.locked.fd)
            self.schedule.remove(number)
            self.roster.forget(number)
            if decision.end is End.WAIT:
                known.name, known.inode, known.tried = job.locked.name, job.locked.inode, True
                known.due = float(decision.state.next_try)
                self.roster.known[number] = known
                self.schedule_known(known)

    def _fail_again(self, known: Known, number: str, result: Result) -> None:
        """What was busy when the probe of its destination failed, looked at once more."""
        same = self.roster.known.get(number) is known and not known.tried
        down = known.destination in self._down
        if same and down and not self._stopping and not self.schedule.is_active(number):
            self._fail_with(known, number, result)

    # messages that cannot be sent

    def _unfit(self, unfit: Unfit, number: str, now: float) -> None:
        """A message that cannot be sent as it stands: set aside, or left for a person."""
        locked, envelope = unfit.locked, unfit.envelope
        try:
            if unfit.kind == EDITED:
                write_state(locked, envelope, edited_state(envelope.state, now))
            elif unfit.kind != NO_ENVELOPE:
                if envelope.state is not None:
                    write_state(locked, envelope, set_aside(envelope.state, now))
                move(locked, locked.name.at(HOLD))
        except SpooltoolError as error:
            self.records.alert(f"cannot set it aside: {error}", number)
        finally:
            inode = locked.inode
            locked.close()
        self.records.alert(f"not sent, {unfit.kind}: {unfit}", number)
        self._never(number, inode, now)

    def _never(self, number: str, inode: int, now: float) -> None:
        """This file is not tried again by this process; a changed file is another inode."""
        self._never_again.add((number, inode))
        if self.schedule.is_active(number):
            self.schedule.finished(number, now)

    def _left(self, number: str, now: float) -> None:
        self.roster.forget(number)
        if self.schedule.is_active(number):
            self.schedule.finished(number, now)
        self._wake()  # it may stand elsewhere now

    def forget_refusals(self, number: str) -> None:
        """A kick asks for this message: what was given up is looked at again."""
        self._never_again = {pair for pair in self._never_again if pair[0] != number}

    def _sync_failed(self, error: OSError) -> None:
        self.records.alert(f"sync failed, the disk may be failing: {error.strerror}")


def _nowhere(job: Job) -> str:
    """Why a message has no host to go to; "" when it has one."""
    if job.name.letter == "E":
        return "" if job.destination.hosts else "ERR_SERVER names no host"
    if job.envelope.get("ROUTE") == "mx":
        return "ROUTE is mx, and this relay does not deliver by MX: retarget it"
    return "" if job.destination.hosts else "DST names no host"
