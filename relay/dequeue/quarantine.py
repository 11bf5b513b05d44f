"""The end that content policy gives a message: D_quarantine, with its notices told first.

In this order: the E file that tells of it is durable, STATE says why, the message moves, both
directories synced.  A crash in between leaves the message in the queue: it is judged again,
and told of twice at worst.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

from relay.dequeue.attempt import Job
from relay.dequeue.finish import state_splices
from relay.dequeue.judging import exception_track
from relay.dequeue.notices_apart import NoticesApart
from relay.dequeue.ruling import LIMIT, PutOff, Stopped
from relay.dequeue.settings import Settings
from relay.dequeue.telling import Telling
from relay.policy.asked import Asked
from relay.queue.notice_owed import addressees, may_notify, refused_by_us
from spooltool.spool.checks import Check
from spooltool.spool.names import QUARANTINE
from spooltool.spool.notice_kind import Notice, NoticeKind
from spooltool.spool.recipient import Path
from spooltool.spool.state import State, fresh_state, set_aside
from spooltool.store.edit import rewrite, write_state
from spooltool.store.move import move
from spooltool.store.root import Spool


class Quarantine:
    """Sets blocked messages aside, as far as there is room for them."""

    def __init__(
        self, spool: Spool, settings: Settings, apart: NoticesApart, telling: Telling
    ) -> None:
        self.settings = settings
        self._spool = spool
        self._apart = apart
        self._telling = telling

    async def take(self, job: Job, stopped: Stopped, now: float) -> PutOff | None:
        """Set a message aside; PutOff where there is no room.

        Raises SpooltoolError and OSError; then it stands where it was.
        """
        limit = self.settings.quarantine_limit
        if limit:
            held = await asyncio.get_running_loop().run_in_executor(None, octets, self._spool)
            if held + job.locked.size > limit:
                why = f"quarantine_limit ({limit >> 20} MB) is reached: {stopped.text}"
                return PutOff(LIMIT, why, alert=True)
        await asyncio.shield(self._notify(job, stopped, now))
        self._write(job, _aside(job.envelope.state, stopped, now))
        move(job.locked, job.locked.name.at(QUARANTINE))
        asked = job.ruling if isinstance(job.ruling, Asked) else None
        track = exception_track(job, asked)
        self._telling.exception(job, track, "quarantined", stopped.text)
        return None

    async def _notify(self, job: Job, stopped: Stopped, now: float) -> None:
        """An E file of its own, where somebody is to be told."""
        envelope, kind = job.envelope, kind_of(stopped)
        sender = envelope.sender or Path("")
        terms = self.settings.notice_terms(errmail=envelope.get("ERRMAIL") != "0")
        told = addressees(kind, sender.orig or sender.address, terms)
        pending = [one for one in envelope.recipients if one.pending]
        if kind is not NoticeKind.INFECTED:
            pending = [one for one in pending if may_notify(sender, one, errmail=terms.errmail)]
        if told and pending:
            refused = refused_by_us(pending, stopped.text, now)
            await self._apart.write(job, refused, now, Notice(kind, stopped.text))

    def _write(self, job: Job, state: State) -> None:
        if not write_state(job.locked, job.envelope, state):
            job.locked = rewrite(job.locked, state_splices(job, state))


def kind_of(stopped: Stopped) -> NoticeKind:
    """Which notice tells of it."""
    if stopped.check is Check.RULE_BASE:
        return NoticeKind.NOT_ALLOWED
    return NoticeKind.INFECTED if stopped.names else NoticeKind.BLOCKED


def octets(spool: Spool) -> int:
    """What D_quarantine holds.  Raises OSError."""
    try:
        with spool.listing(QUARANTINE) as place, os.scandir(place) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    except FileNotFoundError:
        return 0


def _aside(state: State | None, stopped: Stopped, now: float) -> State:
    """What STATE says of a message that is set aside: what the peer said last is over."""
    known = set_aside(state or fresh_state(int(now), 0), now)
    why, text = stopped.check.reason, stopped.text
    return replace(known, reason=why, text=text, started=0, code=0, enhanced="", host="")
