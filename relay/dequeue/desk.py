"""The desk: where a message is taken up under its lock and its result written down.

It is what lanes ask; between them and the files stand `relay.queue.lifecycle`, which
decides, and `finish`, which writes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from relay.delivery.connection import Content, Failure
from relay.dequeue.attempt import (
    EDITED,
    NO_ENVELOPE,
    UNENDED,
    Job,
    Unfit,
    mail_of,
    take,
)
from relay.dequeue.clock_guard import ClockGuard
from relay.dequeue.contents import Contents
from relay.dequeue.destination import Destination, legs
from relay.dequeue.down import BUSY_SECONDS, Down
from relay.dequeue.finish import (
    edited_state,
    held_state,
    mark_delivered,
    place,
    write_results,
)
from relay.dequeue.judging import Judging
from relay.dequeue.lanes import Result
from relay.dequeue.new_destination import barred
from relay.dequeue.notices import everybody, notice_mail, owed_to, why_unknown
from relay.dequeue.notices_apart import NoticesApart
from relay.dequeue.quarantine import Quarantine
from relay.dequeue.records import Records
from relay.dequeue.roster import Known, Part, Roster, parts_of
from relay.dequeue.ruling import PutOff, Stopped
from relay.dequeue.settings import Settings
from relay.dequeue.settle import Settler
from relay.dequeue.started import mark_started, unmark
from relay.dequeue.telling import Telling
from relay.dequeue.ways import Hosts, Ways
from relay.policy.resources import NONE, changed, named, value
from relay.queue.lifecycle import Decision, End, Terms, decide, decide_notice
from relay.queue.parts import number_of
from relay.queue.schedule import Schedule
from relay.queue.suspects import MOST, Suspects
from relay.queue.turns import AGAIN, Turns
from relay.smtp.envelope import Mail
from relay.smtp.outcome import RULE_BASE, Kind, Outcome, held_back
from spooltool.errors import Busy, Gone, NotPermitted, SpooltoolError
from spooltool.spool.checks import Check
from spooltool.spool.hosts import HostPort
from spooltool.spool.names import HOLD, SpoolName
from spooltool.spool.state import fresh_state
from spooltool.store.edit import write_state
from spooltool.store.filesystem import Syncer
from spooltool.store.move import move
from spooltool.store.root import Spool

TURN_SECONDS = 2.0
"""How soon a suspect asks again whether it may be tried, if it is not called before."""


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
        clock: ClockGuard,
        open_hosts: Callable[[Sequence[HostPort]], Sequence[HostPort]],
        nudge: Callable[[], None],
    ) -> None:
        """`wake` has the spool looked at, `nudge` the schedule alone, at once."""
        self.spool = spool
        self.settings = settings
        self.records = records
        self.schedule = schedule
        self.roster = roster
        self.ways = Ways(settings, open_hosts)
        self._clock = clock
        self.telling = Telling(records)
        self.suspects = Suspects()
        self.turns = Turns()
        self.down = Down(self)
        self.syncer = Syncer(spool.path)
        self.settler = Settler(spool, self.syncer, self._sync_failed)
        self.apart = NoticesApart(spool, self.syncer, records, self.telling, wake)
        folder = f"/proc/self/fd/{spool.own_dir()}"
        self.judging = Judging(folder, settings, records, self.telling)
        self.contents = Contents(settings, records, self.judging)
        self.quarantine = Quarantine(spool, settings, self.apart, self.telling)
        self._wake, self._nudge = wake, nudge
        self.stopping = False
        self._never_again: set[tuple[SpoolName, int]] = set()
        self._unjudged: set[tuple[str, str]] = set()
        self._spent: set[tuple[str, int]] = set()
        self._closed: set[tuple[str, int]] = set()

    def obey(self, settings: Settings) -> None:
        """These settings count from now on."""
        self.settings = self.quarantine.settings = self.contents.settings = settings
        self.ways.obey(settings)
        self.judging.obey(settings)

    def stop(self) -> None:
        """Give out nothing more."""
        self.stopping = True

    async def close(self) -> None:
        """Wait for what is being written and synced, and let go."""
        await self.down.settled()
        await self.settler.flush()
        self.judging.close()
        self.syncer.close()

    @property
    def turns_wait(self) -> bool:
        """Whether mail waits for the end of other mail, or of another part of its message."""
        return any(id in self.schedule for id in (*self.suspects.waiting, *self.turns.waiting))

    def refuses(self, name: SpoolName, inode: int) -> bool:
        """Whether this process has given this very file up, where it stands."""
        return (name, inode) in self._never_again or (name.number, inode) in self._spent

    def schedule_known(self, known: Known) -> None:
        """Have a message tried that was found in the spool.

        New mail for a destination that is down has failed with it: one probe speaks for
        all mail there, and `ls` tells from the file alone.
        """
        number = known.name.number
        parts = {one.destination.part(number): one for one in known.parts}
        self.schedule.keep(number, parts)
        for id, one in parts.items():
            self.schedule_part(known, one)
            if not one.tried and not self.schedule.suspended(id):
                self.down.arrived(known, one.destination)

    def schedule_part(self, known: Known, part: Part) -> None:
        """Have what of a message goes to one destination tried when it is due."""
        self.schedule.add(
            part.destination.part(known.name.number),
            part.destination,
            part.due,
            fresh=not part.tried,
            term=known.term + self.settings.abandon_time,
        )

    # what lanes ask

    def free(self, part: str) -> bool:
        """Whether no other part of the message is in hand; else this one is called later."""
        if not self.turns.taken(part):
            return True
        now = time.time()
        self.schedule.finished(part, now, due=now + AGAIN)
        return False

    def take(self, destination: Destination, part: str) -> Job | None:
        """Lock a message and check it; None when there is nothing to send now.

        In that case the schedule has been told what to do with it.
        """
        now = time.time()
        number = number_of(part)
        known = self.roster.known.get(number)
        if known is None:
            self.schedule.finished(part, now)
            return None
        if not self.free(part):
            return None
        try:
            job = take(
                self.spool,
                known.name,
                destination,
                now,
                sealed=known.sealed,
                accept_hand_edits=self.settings.accept_hand_edits,
            )
        except Busy:
            self.schedule.finished(part, now, due=now + BUSY_SECONDS)
        except Gone:
            self._left(part, now)
        except Unfit as unfit:
            self._unfit(unfit, part, now)
        except NotPermitted as error:
            if (number, known.inode) not in self._closed:
                self._closed.add((number, known.inode))
                self.records.alert(f"may not open it: {error}", number)
            self.schedule.finished(part, now, due=now + self.settings.resend_period)
        except SpooltoolError as error:
            self.records.alert(f"cannot work on it: {error}", number)
            self._never(known.name, known.inode, part, now)
        else:
            known.inode = known.sealed = job.locked.inode
            checked = self._checked(job, known, destination, now)
            return None if checked is None else self._begun(checked, known, now)
        return None

    def mail(self, job: Job) -> tuple[Mail, Content]:
        """What is to be sent: the message, or the notice that an E file owes."""
        return notice_mail(job, self.settings) if job.name.letter == "E" else mail_of(job)

    def barred(self, job: Job, mail: Mail, address: str) -> Collection[str]:
        """The recipients whom no rule lets it go to over this address, where that is asked."""
        settings = self.settings
        recipients = [recipient for recipient, _ in mail.recipients]
        return barred(job, recipients, address, settings.rules, settings.resources)

    async def room(self) -> None:
        """Wait while as many deliveries are unsynced as may be."""
        await self.settler.room()

    async def hosts(self, destination: Destination) -> Hosts | Failure | Outcome:
        """The hosts to try, without those that are suspended; or why there are none."""
        return await self.ways.to(destination)

    def next_for(self, destination: Destination) -> str | None:
        """The next message for a lane of this destination."""
        return None if self.stopping else self.schedule.next_for(destination, time.time())

    def attached(self, part: str, peer: tuple[str, int]) -> bool:
        """Count a connection to a peer; False when that peer has enough."""
        return self.schedule.attach(part, peer)

    def given_up(self, part: str, seconds: float, job: Job | None = None) -> None:
        """An attempt ended without a result: the message is as it was, its `job` let go."""
        if job is not None:
            unmark(job)
            job.close()
            self._next_part(job.id)
        if not self.turns.in_hand(part):
            self._turn(number_of(part))
        if self.schedule.is_active(part):
            now = time.time()
            self.schedule.finished(part, now, due=now + seconds)

    async def settle(self, job: Job, result: Result) -> None:
        """Write what became of an attempt, tell everybody, drop the lock."""
        now = time.time()
        unmarked = any(outcome.kind is Kind.DELIVERED for outcome in result.outcomes)
        try:
            if result.unfit is not None:
                self._unfit(result.unfit, job.part, now)
                return
            if (stopped := self._stopped(job, result)) is not None:
                job.verdict = await self.quarantine.take(job, stopped, now)
                if job.verdict is None:
                    self._never(job.locked.name, job.locked.inode, job.part, now)
                    return
            result = self._put_off(job, result)
            decision = self._counted(job, self.decide(job, result.outcomes, result.host, now))
            if decision.apart:
                await asyncio.shield(self.apart.relayed(job, decision, now))
                # What was delivered is marked first: a crash in between must not send it again.
                unmarked = not mark_delivered(job, decision)
                await asyncio.shield(self.notify_apart(job, decision, now))
            write_results(job, decision)
            place(job, decision.end)
        except Gone:
            self._left(job.part, now)
        except (SpooltoolError, OSError) as error:
            # What was delivered must not be sent again because its file cannot be written.
            if unmarked:
                self.records.alert(f"delivered, but its file cannot be changed: {error}", job.id)
                self._spent.add((job.id, job.locked.inode))
                self.schedule.finished(job.part, now)
                self.schedule.remove(job.id)
            else:
                self.records.alert(f"result not written: {error}", job.id)
                self.schedule.finished(job.part, now, due=now + self.settings.resend_period)
        else:
            self._told(job, result, decision, now)
        finally:
            job.close()
            self._next_part(job.id)
            self._turn(job.id)

    # deciding and writing

    def _stopped(self, job: Job, result: Result) -> Stopped | None:
        """Whether content policy, or the rule base for all of them, lets it go to nobody."""
        if isinstance(job.verdict, Stopped):
            return job.verdict
        waiting = sum(one.pending for one in job.envelope.recipients)
        kept = [one for one in result.outcomes if one.reason == RULE_BASE]
        if job.name.letter == "E" or not kept or len(kept) < waiting:
            return None
        return Stopped(Check.RULE_BASE, kept[0].text)

    def _put_off(self, job: Job, result: Result) -> Result:
        """What an attempt gave whose message could not be judged."""
        verdict = job.verdict
        if not isinstance(verdict, PutOff):
            return result
        if verdict.alert and (told := (job.id, verdict.text)) not in self._unjudged:
            self._unjudged.add(told)
            self.records.alert(f"not sent, {verdict.text}", job.id)
        outcome = held_back(verdict.reason, verdict.text)
        return replace(result, outcomes=(outcome,) * len(job.pending))

    def _counted(self, job: Job, decision: Decision) -> Decision:
        """What has ended its worker is counted as what may end the dequeuer."""
        if not (isinstance(job.verdict, PutOff) and job.verdict.killed):
            return decision
        return replace(decision, state=replace(decision.state, started=job.unended + 1))

    def _begun(self, job: Job, known: Known, now: float) -> Job | None:
        """Mark an attempt as begun, unless the message has to wait, or has had its chances."""
        if job.unended >= MOST:
            why = f"started {job.unended} times and never ended: it may be what ends the dequeuer"
            self._unfit(Unfit(UNENDED, why, job.locked, job.envelope), job.part, now)
            self._turn(job.id)
            return None
        if not self.suspects.admit(job.id, job.unended, now):
            job.close()
            self.schedule.finished(job.part, now, due=now + TURN_SECONDS)
            return None
        mark_started(job)
        known.inode = known.sealed = job.locked.inode
        self.turns.begin(job.part)
        return job

    def _next_part(self, number: str) -> None:
        """A message is in hand no longer: another part of it may have its turn."""
        known = self.roster.known.get(number)
        while (waiting := self.turns.end(number)) is not None:
            if known is None or waiting not in self.schedule:
                continue  # it has left meanwhile
            for one in known.parts:
                if one.destination.part(number) == waiting:
                    self.schedule_part(known, replace(one, due=time.time()))
                    self._nudge()
                    return

    def _turn(self, number: str) -> None:
        """An attempt is over: the suspect that waited for its end may begin."""
        if not self.suspects.end(number):
            return
        for following in self.suspects.waiting:
            known = self.roster.known.get(following)
            if known is not None and following in self.schedule:
                now = time.time()
                known.parts = tuple(replace(one, due=now) for one in known.parts)
                self.schedule_known(known)
                return
            self.suspects.end(following)

    def _checked(self, job: Job, known: Known, destination: Destination, now: float) -> Job | None:
        number, part = job.id, destination.part(job.id)
        if why := self._nowhere(job):
            self._unfit(Unfit(NO_ENVELOPE, why, job.locked, job.envelope), part, now)
            return None
        owed = owed_to(job.envelope, self.settings, job.destination)
        if not (job.pending if job.name.letter == "R" else owed):
            # A crash came between the marks and the move: finish what was begun.  Of a notice
            # that may be sent to nobody (any more) it is the end.
            job.destination = destination
            decision = self.decide(job, (), "", now)
            try:
                write_results(job, decision)
                place(job, decision.end)
            except SpooltoolError as error:
                self.records.alert(f"cannot finish it: {error}", number)
                self._never(job.name, job.locked.inode, part, now)
            else:
                self._told(job, Result((), ""), decision, now)
            job.close()
            return None
        if job.name.letter == "R":
            job.ruling = self.judging.asked(job)
        self._tell_changes(job)
        if job.destination != destination:
            job.close()
            found = legs(job.name.letter, job.envelope)
            due_now = Part(destination, now, known.parts[0].tried)
            known.parts = parts_of(job.name.letter, found, now, due_now)
            self.schedule.finished(part, now)
            self.schedule_known(known)
            self._wake()
            return None
        return job

    def decide(
        self,
        job: Job,
        outcomes: tuple[Outcome, ...],
        host: str,
        now: float,
        *,
        expires: bool = True,
    ) -> Decision:
        """What becomes of a message by the life cycle, under the present settings."""
        envelope = job.envelope
        state = envelope.state or fresh_state(int(envelope.arrived or now), 0)
        suspended = not self._clock.ok or not expires
        terms = Terms(
            self.settings.resend_period,
            self.settings.abandon_time,
            suspended,
            self.settings.delay_warning,
        )
        if job.name.letter == "E":
            answers = dict(zip(job.told, outcomes, strict=True))
            known = everybody(envelope, self.settings)
            return decide_notice(
                state, answers, now, terms, host, envelope.recipients, everybody=known
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
            asked=frozenset(job.pending) if job.destination.mx else None,
        )

    async def notify_apart(self, job: Job, decision: Decision, now: float) -> None:
        """E files for who failed for good and for who waits, before that is written down."""
        if decision.split:
            await self.apart.write(job, decision.split, now)
        term = decision.state.term + self.settings.abandon_time
        await self.apart.delayed(job, decision, now, term)

    def _told(self, job: Job, result: Result, decision: Decision, now: float) -> None:
        """The change is written: logs, sync, roster and schedule hear of it."""
        number = job.id
        gone = decision.end in (End.REMOVE, End.TRASH)
        self.settler.changed(None if gone else job.locked.fd)
        self.telling.attempt(job, result, decision, now)
        # What became an E file has another destination: the next scan finds it.
        leaves = gone or decision.end is End.EXPIRE
        due = None if leaves else decision.due
        known = self.roster.known.get(number)
        if leaves:
            self.roster.forget(number)
            self.schedule.remove(number)
            if not gone:
                self._wake()
        elif known is not None:
            self.written(known, job, decision)
        if result.host_failed:
            self.down.probed(job, result, now, due)
            return
        if result.reached and any(one.kind is not Kind.UNKNOWN for one in result.outcomes):
            self.down.up(job.destination)
            self.schedule.alive(job.destination, now)
        delivered = any(outcome.kind is Kind.DELIVERED for outcome in result.outcomes)
        self.schedule.finished(job.part, now, delivered=delivered, due=due)

    def written(self, known: Known, job: Job, decision: Decision) -> None:
        """The file is another, and what went to this destination is due then (None: never)."""
        self.roster.unsee(known.name)  # it may be put back there before a scan finds it gone
        known.name, known.inode = job.locked.name, job.locked.inode
        if decision.due is None:
            known.drop(job.destination)
        else:
            last_try = float(decision.state.last_try)
            known.put(Part(job.destination, decision.due, tried=True, last_try=last_try))

    # messages that cannot be sent

    def _unfit(self, unfit: Unfit, part: str, now: float) -> None:
        """A message that cannot be sent as it stands: set aside, or left for a person."""
        locked, envelope, number = unfit.locked, unfit.envelope, number_of(part)
        try:
            if unfit.kind == EDITED:
                write_state(locked, envelope, edited_state(envelope.state, now))
            elif unfit.kind != NO_ENVELOPE:
                if envelope.state is not None:
                    held = held_state(envelope.state, unfit.kind, unfit.text, now)
                    write_state(locked, envelope, held)
                move(locked, locked.name.at(HOLD))
                self.records.event(number, "set-aside", reason=unfit.text)
        except SpooltoolError as error:
            self.records.alert(f"cannot set it aside: {error}", number)
        finally:
            name, inode = locked.name, locked.inode
            locked.close()
        self.records.alert(f"not sent, {unfit.kind}: {unfit}", number)
        self._never(name, inode, part, now)

    def _never(self, name: SpoolName, inode: int, part: str, now: float) -> None:
        """This file is not tried again by this process.

        A changed file is another inode, and one that a person moved stands elsewhere.
        """
        self._never_again.add((name, inode))
        self._gone(part, now)

    def _left(self, part: str, now: float) -> None:
        self.roster.forget(number_of(part))
        self._gone(part, now)
        self._wake()  # it may stand elsewhere now

    def _gone(self, part: str, now: float) -> None:
        """An attempt has ended for good, and no other part of the message is tried."""
        if self.schedule.is_active(part):
            self.schedule.finished(part, now)
        self.schedule.remove(number_of(part))

    def forget_refusals(self, number: str) -> None:
        """A kick asks for this message: what was given up is looked at again."""
        self._never_again = {one for one in self._never_again if one[0].number != number}

    def _sync_failed(self, error: OSError) -> None:
        self.records.alert(f"sync failed, the disk may be failing: {error.strerror}")

    def unjudged_before(self) -> frozenset[str]:
        """Numbers of the messages that asked for a judgement in vain, each told once."""
        waiting = frozenset(number for number, _ in self._unjudged)
        self._unjudged.clear()
        return waiting

    def _nowhere(self, job: Job) -> str:
        """Why a message may go to no host; "" when it may go to one."""
        known = job.destination.hosts or job.destination.mx
        if job.name.letter == "E":
            if why := why_unknown(job.envelope):
                return why
            return "" if known else "ERR_SERVER names no host"
        return "" if known else "DST names no host"

    def _tell_changes(self, job: Job) -> None:
        """Say that a message goes by another definition of its resource than it came by."""
        text = job.envelope.get("RESOURCE") or NONE
        resource = self.settings.resources.get(named(text))
        if job.name.letter == "R" and resource is not None and changed(text, resource):
            self.records.event(job.id, "resource-changed", was=text, now=value(resource))
