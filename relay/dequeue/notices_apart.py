"""Notices that get a file of their own: what is told while the message itself goes on.

Such an E file is durable before the result that it stands for is written: a crash in between
may tell twice, never not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from relay.dequeue.attempt import Job
from relay.dequeue.finish import FAILURE, notice_file
from relay.dequeue.records import Records
from relay.dequeue.telling import Telling
from relay.queue.lifecycle import Decision
from spooltool.errors import CannotWrite, SpooltoolError
from spooltool.spool.notice_kind import Notice, NoticeKind
from spooltool.spool.recipient import Recipient
from spooltool.store.counter import Counter
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.root import Spool


class NoticesApart:
    """Writes E files for some recipients of a message.  `due` is called after each."""

    def __init__(
        self,
        spool: Spool,
        syncer: Syncer,
        records: Records,
        telling: Telling,
        due: Callable[[], None],
    ) -> None:
        self._counter = Counter(spool, block=100)
        self._syncer = syncer
        self._records = records
        self._telling = telling
        self._due = due

    async def write(
        self, job: Job, recipients: Sequence[Recipient], now: float, notice: Notice = FAILURE
    ) -> None:
        """One durable E file for these recipients.  Raises CannotWrite, Refused."""
        incoming = notice_file(job, recipients, self._counter.take(), now, notice)
        (error,) = await asyncio.get_running_loop().run_in_executor(None, self._commit, incoming)
        if error is not None:
            raise CannotWrite(f"notice file: {error.strerror}")
        incoming.release()
        self._telling.notice_apart(job, recipients, incoming.name.number, notice)
        self._due()

    async def relayed(self, job: Job, decision: Decision, now: float) -> None:
        """The notice of who was handed on.

        Where it cannot be written that is told, and nothing else: nobody gets mail twice for
        want of a notice of success.
        """
        if not decision.relayed:
            return
        try:
            await self.write(job, decision.relayed, now, Notice(NoticeKind.RELAYED))
        except (SpooltoolError, OSError) as error:
            self._records.alert(f"notice of success not written: {error}", job.id)

    async def delayed(self, job: Job, decision: Decision, now: float, until: float) -> None:
        """The notice of who waits; `until` is when they are given up.  Raises CannotWrite."""
        if not decision.delayed:
            return
        waiting = [_waits(one) for one in decision.delayed]
        await self.write(job, waiting, now, Notice(NoticeKind.DELAY, str(int(until))))

    def _commit(self, incoming: Incoming) -> list[OSError | None]:
        place = incoming.spool.directories[0] if incoming.spool.flat else "D_resend"
        return commit(incoming.spool, [incoming], self._syncer, place, "E")


def _waits(recipient: Recipient) -> Recipient:
    """A recipient as the file of its delay notice holds it.

    Marked as owed that notice, never as pending: the file holds no message, and whoever moves
    it by hand must not have it delivered.
    """
    return Recipient(
        recipient.path,
        "F",
        recipient.code,
        recipient.enhanced,
        recipient.attempts,
        recipient.last_try,
        0,
        recipient.host,
        recipient.text,
    )
