"""Lanes: one slot at one destination, taking message after message over a connection.

A lane is a task.  It takes the message that the schedule gave it, under its lock, opens
a connection, sends, has the result written, and goes on with the next message of the same
destination as long as there is one.  It decides nothing: the schedule says what is next,
the life cycle what becomes of a message.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from relay.delivery.connection import Connection, Content, Failure
from relay.delivery.pool import Pool
from relay.dequeue.attempt import Job, Unfit
from relay.dequeue.destination import Destination
from relay.smtp.envelope import Mail
from relay.smtp.outcome import Kind, Outcome, broken
from relay.smtp.reply import Reply

AT_ONCE = 1.0
"""Seconds after which a dropped attempt is due again."""

LATER = 60.0
"""The same after an error that nobody foresaw."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt gave: an outcome a pending recipient, and the host that gave it.

    `tls` is version and cipher where the connection was encrypted.  `host_failed` tells
    that no mail was offered at all: the failure is the destination's.
    `unfit` is set where the message itself cannot be sent.
    """

    outcomes: tuple[Outcome, ...]
    host: str
    host_failed: bool = False
    tls: str = ""
    unfit: Unfit | None = None


class Work(Protocol):
    """What a lane asks of the desk."""

    def take(self, destination: Destination, number: str) -> Job | None:
        """Lock and check a message; None when there is nothing to send now."""
        ...

    def mail(self, job: Job) -> tuple[Mail, Content]:
        """What is to be sent.  Raises Unfit."""
        ...

    async def settle(self, job: Job, result: Result) -> None:
        """Write what became of it and drop the lock."""
        ...

    async def room(self) -> None:
        """Wait until another delivery may become due for its sync."""
        ...

    def next_for(self, destination: Destination) -> str | None:
        """The next message that this lane may take; None ends the lane."""
        ...

    def attached(self, number: str, peer: tuple[str, int]) -> bool:
        """Count a connection to this peer; False when it has too many already."""
        ...

    def given_up(self, number: str, seconds: float) -> None:
        """The attempt was dropped: the message is as it was, and due again in so long."""
        ...


class Lane:
    """One lane.  `job` is what it works on, `connection` over which; None when neither."""

    def __init__(self, work: Work, pool: Pool, destination: Destination, mails: int) -> None:
        self.destination = destination
        self.number: str | None = None
        self.job: Job | None = None
        self.connection: Connection | None = None
        self.task: asyncio.Task[None] | None = None
        self._work = work
        self._pool = pool
        self._mails = mails

    @property
    def past_dot(self) -> bool:
        """Whether the final dot was sent: from then on the attempt cannot be taken back."""
        return self.connection is not None and self.connection.past_dot

    def drop(self) -> bool:
        """Give up what is in hand, unless the final dot was sent; whether it is given up.

        The connection is cut now, not when the task hears of it: a 354 that comes in
        between would send the content of an attempt that nobody waits for any more.
        """
        if self.task is None or self.past_dot:
            return False
        if self.connection is not None:
            self._pool.drop(self.connection)
        self.task.cancel()
        return True

    async def run(self, number: str | None) -> None:
        """Work until the schedule has nothing more for this lane.

        Whatever ends it, the message in hand is given back as it was; after an error
        nobody foresaw it is put off, since the next attempt may meet it again.
        """
        again = AT_ONCE
        try:
            while number is not None:
                self.number = number
                await self._one(number)
                self.number = None
                number = self._work.next_for(self.destination)
        except asyncio.CancelledError:
            raise
        except BaseException:
            again = LATER
            raise
        finally:
            job, self.job = self.job, None
            if job is not None:
                job.close()
            if self.number is not None:
                self._work.given_up(self.number, again)
            self._end()

    async def _one(self, number: str) -> None:
        self.job = self._work.take(self.destination, number)
        if self.job is None:
            return
        await self._work.room()
        result = await self._attempt(self.job)
        job, self.job = self.job, None
        if result is None:
            job.close()
            self._work.given_up(number, AT_ONCE)
        else:
            await self._work.settle(job, result)

    async def _attempt(self, job: Job) -> Result | None:
        """Try one message; None when its peer has too many connections already."""
        try:
            mail, content = self._work.mail(job)
        except Unfit as unfit:
            return Result((), "", unfit=unfit)
        connection = await self._connected()
        if connection is None:
            connection, failure = await self._pool.connect(self.destination.hosts, 25)
            if connection is None:
                return _host_failure(failure, len(mail.recipients))
            self.connection = connection
        lacking: set[tuple[str, int]] = set()
        while True:
            if not self._work.attached(job.id, connection.address):
                return None
            done = await connection.deliver(mail, content)
            if not done.gap:
                break
            # This host lacks an extension that the mail needs: another may have it.
            lacking.add(connection.address)
            other, _ = await self._pool.connect(self.destination.hosts, 25, without=lacking)
            if other is None:
                break
            self._end()
            self.connection = connection = other
        if connection.broken_content:
            why = Unfit("bare", connection.broken_content, job.locked, job.envelope)
            return Result((), "", unfit=why)
        host, port = connection.address
        tls = str(connection.cipher or "")
        return Result(done.outcomes, host if port == 25 else _host_port(host, port), tls=tls)

    async def _connected(self) -> Connection | None:
        """The connection at hand, if it takes another mail."""
        connection = self.connection
        if connection is None:
            return None
        if connection.mails < self._mails and not connection.stale and await connection.settled():
            return connection
        self._end()
        return None

    def _end(self) -> None:
        """Give the connection back, or let it go."""
        connection, self.connection = self.connection, None
        if connection is None:
            return
        if connection.idle and connection.mails < self._mails:
            self._pool.give_back(connection)
        else:
            self._pool.leave(connection)


def _host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _host_failure(failure: Failure, recipients: int) -> Result:
    host = "" if failure.address is None else _host_port(*failure.address)
    if failure.code >= 400:
        reply = Reply(failure.code, failure.status, failure.text)
        status = failure.status or f"{failure.code // 100}.0.0"
        outcome = Outcome(Kind.TEMPORARY, failure.reason, reply, failure.text, "4" + status[1:])
    else:
        outcome = broken(failure.reason, failure.text)
    return Result((outcome,) * recipients, host, host_failed=True)
