"""Lanes: one slot at one destination, taking message after message over a connection.

A lane is a task.  It takes the message that the schedule gave it, under its lock, opens
a connection, sends, has the result written, and goes on with the next message of the same
destination as long as there is one.  It decides nothing: the schedule says what is next,
the life cycle what becomes of a message.

For mail by MX the connection comes first and the message is taken after it: its other
parts, for other domains, must not wait while the hosts of one are looked for in vain.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from relay.delivery.connection import Connection, Content, Failure
from relay.delivery.pool import NO_HOST, Pool
from relay.delivery.resolve import Address
from relay.dequeue.attempt import Job, Unfit
from relay.dequeue.destination import SMTP_PORT, Destination
from relay.dequeue.ways import Hosts
from relay.queue.offer import Offer
from relay.smtp.envelope import Mail
from relay.smtp.orders import Done
from relay.smtp.outcome import Kind, Outcome, barred, broken
from relay.smtp.reply import Reply

if TYPE_CHECKING:
    from relay.dequeue.contents import Contents

AT_ONCE = 1.0
"""Seconds after which a dropped attempt is due again."""

LATER = 60.0
"""The same after an error that nobody foresaw."""


Way = Connection | Failure | Outcome | None
"""How mail may go: over this connection; or why not, for now, for good, or as a person says."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt gave: an outcome a pending recipient, and the host that gave it.

    `tls` is version and cipher by host, where the connection was encrypted.  `host_failed`
    tells that no mail was offered at all: the failure is the destination's.  `reached` is
    false where nobody was asked, because the content cannot be judged now.
    `unfit` is set where the message itself cannot be sent.
    """

    outcomes: tuple[Outcome, ...]
    host: str
    host_failed: bool = False
    reached: bool = True
    tls: Mapping[str, str] = field(default_factory=dict)
    unfit: Unfit | None = None


class Work(Protocol):
    """What a lane asks of the desk."""

    @property
    def contents(self) -> Contents:
        """What is sent of a message, once it is judged and made to fit the host."""
        ...

    def free(self, number: str) -> bool:
        """Whether no other part of the message is in hand; if not, this one is called later."""
        ...

    def take(self, destination: Destination, number: str) -> Job | None:
        """Lock and check a message; None when there is nothing to send now."""
        ...

    def mail(self, job: Job) -> tuple[Mail, Content]:
        """What is to be sent.  Raises Unfit."""
        ...

    def barred(self, job: Job, mail: Mail, address: str) -> Collection[str]:
        """The recipients whom no rule lets it go to over this address, where that is asked."""
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

    async def hosts(self, destination: Destination) -> Hosts | Failure | Outcome:
        """The hosts to try, without those that are suspended; or why there are none."""
        ...

    def given_up(self, number: str, seconds: float, job: Job | None = None) -> None:
        """The attempt was dropped: the message is as it was, and due again in so long.

        Its `job`, where it was taken up already, is let go.
        """
        ...


class Lane:
    """One lane.  `job` is what it works on, `connection` over which; None when neither.

    `number` is what the schedule calls the message, or the part of it, that it has in mind,
    `seeking` that it looks for a host first.  `ends` set: it takes no further message, since
    its host was suspended.
    """

    def __init__(self, work: Work, pool: Pool, destination: Destination, mails: int) -> None:
        self.destination = destination
        self.number: str | None = None
        self.job: Job | None = None
        self.connection: Connection | None = None
        self.task: asyncio.Task[None] | None = None
        self.ends = False
        self.seeking = False
        self._work = work
        self._pool = pool
        self._mails = mails

    @property
    def may_drop(self) -> bool:
        """Whether there is an attempt to give up: its result is not being written already."""
        return self.seeking or self.job is not None

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
                number = None if self.ends else self._work.next_for(self.destination)
        except asyncio.CancelledError:
            raise
        except BaseException:
            again = LATER
            raise
        finally:
            job, self.job = self.job, None
            if self.number is not None:
                self._work.given_up(self.number, again, job)
            self._end()

    async def _one(self, number: str) -> None:
        way: Way = None
        began = time.time()
        if self.destination.mx:
            if not self._work.free(number):
                return
            self.seeking = True
            try:
                way = await self._way()
            finally:
                self.seeking = False
            if way is None:
                self._work.given_up(number, LATER)
                return
        self.job = self._work.take(self.destination, number)
        if self.job is None:
            return
        self.job.began = min(began, self.job.began)
        await self._work.room()
        result = await self._attempt(self.job, way)
        job, self.job = self.job, None
        if result is None:
            self._work.given_up(number, AT_ONCE, job)
        else:
            await self._work.settle(job, result)

    async def _way(self) -> Way:
        """The connection at hand or a new one, else why there is none."""
        if (connection := await self._connected()) is not None:
            return connection
        hosts = await self._work.hosts(self.destination)
        if isinstance(hosts, Failure | Outcome):
            return hosts
        if not hosts:
            return None
        connection, failure = await self._pool.connect(hosts, SMTP_PORT)
        self.connection = connection
        return connection or failure

    async def _attempt(self, job: Job, way: Way) -> Result | None:
        """Try one message; None when its peer has too many connections already."""
        if self._work.contents.put_off(job):
            return Result((), "", reached=False)
        try:
            mail, content = self._work.mail(job)
        except Unfit as unfit:
            return Result((), "", unfit=unfit)
        # What was found before the message was taken may be over by now: then anew.
        if way is None or (isinstance(way, Connection) and not way.idle):
            way = await self._way()
        if way is None:
            return None
        if isinstance(way, Outcome):
            return Result((way,) * len(mail.recipients), "")
        if isinstance(way, Failure):
            return Result((_outcome(way),) * len(mail.recipients), _host(way), True)
        connection = way
        offer, tls = Offer(mail), dict[str, str]()
        try:
            last = await self._offer(job, offer, content, connection, tls)
        except asyncio.CancelledError:
            if not offer.decided or self.task is None:
                raise
            # Let go while another host was asked for the rest: what one has taken stands.
            self.task.uncancel()
            last = connection
        if last is None:
            return None
        if last.broken_content and job.ruling is not None and not offer.decided:
            self._work.contents.differs(job, last.broken_content)
        if job.verdict is not None and not offer.decided:
            return Result((), "", tls=tls)
        if last.broken_content and not offer.delivered:
            why = Unfit("bare", last.broken_content, job.locked, job.envelope)
            return Result((), "", unfit=why)
        return Result(offer.outcomes, _peer(last.address), tls=tls)

    async def _offer(
        self,
        job: Job,
        offer: Offer,
        content: Content,
        connection: Connection,
        tls: dict[str, str],
    ) -> Connection | None:
        """Offer a mail to one host after another; the last one asked, None when none was.

        `tls` is told how each of them was spoken to.
        """
        asked: set[Address] = set()
        last = None
        while self._work.attached(job.part, connection.address):
            last = connection
            host, used = _peer(connection.address), connection.mails > 0
            if connection.cipher is not None:
                tls[host] = str(connection.cipher)
            if kept := self._work.barred(job, offer.mail, connection.address[0]):
                offer.bar(kept, barred(host), host)
            mail, body = offer.mail, content
            if not mail.recipients:
                offer.answered((), host)
            else:
                lacks = mail.eightbit and connection.lacks_eightbit
                done: Done | None
                if job.ruling is None:
                    if lacks:
                        mail, body = self._work.contents.fitted(job, mail, content, host)
                    done = await connection.deliver(mail, body)
                else:
                    done = await self._judged(job, mail, connection, convert=lacks)
                if done is None:
                    break
                offer.answered(done.outcomes, host, gap=bool(done.gap))
            if not offer.open or last.broken_content:
                break
            # A connection kept from an earlier mail may have been over before this one.
            again = used and connection.broke_off
            if not again:
                asked.add(connection.address)
                if connection.broke_off:
                    self._pool.pass_over(connection.peer)
            hosts = await self._work.hosts(self.destination)
            if isinstance(hosts, Failure | Outcome):
                hosts = ()  # it was reached a moment ago: what it answered counts
            other, failure = await self._pool.connect(hosts, SMTP_PORT, without=asked, fresh=again)
            if other is None:
                offer.no_other(None if failure is NO_HOST else _outcome(failure))
                break
            self._end()
            self.connection = connection = other
        return last

    async def _judged(
        self, job: Job, mail: Mail, connection: Connection, *, convert: bool
    ) -> Done | None:
        """Offer a mail whose content is judged once the host takes it; None: it is not sent."""
        host, lack = _peer(connection.address), list[Outcome]()
        convert = convert and self._work.contents.converts
        if convert:  # else the host would be said to lack what it does not need
            mail = replace(mail, eightbit=False)

        async def judge() -> Content | None:
            found = await self._work.contents.judged(job, mail, host, convert=convert)
            if isinstance(found, Outcome):
                lack.append(found)
                return None
            return found

        done = await connection.deliver_judged(mail, judge)
        if done is None and lack:
            return Done((lack[0],) * len(mail.recipients), gap="8BITMIME")
        return done

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


def _peer(address: Address) -> str:
    """Who answered, for results and logs: the usual port is left out."""
    host, port = address
    return host if port == SMTP_PORT else _host_port(host, port)


def _host(failure: Failure) -> str:
    return "" if failure.address is None else _host_port(*failure.address)


def _outcome(failure: Failure) -> Outcome:
    """What it means for a recipient that a host took no mail at all."""
    if failure.code < 400:
        return broken(failure.reason, failure.text)
    reply = Reply(failure.code, failure.status, failure.text)
    status = failure.status or f"{failure.code // 100}.0.0"
    return Outcome(Kind.TEMPORARY, failure.reason, reply, failure.text, "4" + status[1:])
