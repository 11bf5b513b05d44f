"""A message given to the SMTP server's own state machine, as a client would give it.

A client whose recipients belong to several rules is told `450` to the later ones and sends
them apart: so is it here, transaction by transaction, until each recipient has its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from relay.message.headers import HeaderCollector
from relay.message.received import loop_problem
from relay.policy.acceptance import Acceptance
from relay.policy.refusal import Refusal
from relay.policy.rewriting import Rewriter
from relay.policy.rule_policy import UNAVAILABLE
from relay.replay.case import Address, Case
from relay.replay.house import House
from relay.smtp.commands import parse_helo
from relay.smtp.orders import Begin, Content, End, Send, ServerOrder
from relay.smtp.reply import Reply, ReplyReader
from relay.smtp.server import Session
from relay.smtp.transaction import Transaction

_NO_NAME = "unknown.invalid"
_NO_LIMIT = 1 << 30
_TOO_MANY = 452
_SILENT = Reply(421, "4.3.0", "the connection is closed")


@dataclass(frozen=True, slots=True)
class Taken:
    """A transaction that is accepted: by what, and the header block as it came.

    `body` is the offset in the case's content at which the body begins.
    """

    acceptance: Acceptance
    rewriter: Rewriter | None
    transaction: Transaction
    block: bytes
    body: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Recipients to whom a reply refuses the message; `rule` 0: no rule said so."""

    recipients: tuple[str, ...]
    reply: Reply
    rule: int = 0


@dataclass(slots=True)
class Conversation:
    """What came of it."""

    taken: list[Taken] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def converse(house: House, case: Case) -> Conversation:
    """Give the message to the house, until every recipient has its answer."""
    found = Conversation()
    waiting: Sequence[Address] = case.recipients
    while waiting:
        client = _Client(house, case)
        later = client.give(waiting, found)
        if len(later) == len(waiting):
            found.refused.append(Refused(_texts(later), client.last))
            break
        waiting = later
    return found


class _Client:
    """One connection with one transaction."""

    def __init__(self, house: House, case: Case) -> None:
        self._house = house
        self._case = case
        self._rule = 0
        self._policy = house.rule.policy(
            case.source, lambda: None, house.origin(case), self._hear_of
        )
        limits = replace(house.limits, errors=_NO_LIMIT, commands=_NO_LIMIT, mails=0)
        self._session = Session(limits, self._policy, house.hostname)
        self._replies = ReplyReader()
        self._transaction: Transaction | None = None
        self._headers = HeaderCollector(house.headers)
        self._ended = False
        self.last = _SILENT

    def _hear_of(self, refusal: Refusal) -> None:
        self._rule = refusal.rule

    def give(self, recipients: Sequence[Address], found: Conversation) -> list[Address]:
        """One transaction; those that are to be sent apart."""
        helo = self._case.helo if parse_helo(self._case.helo) == self._case.helo else _NO_NAME
        sender = self._case.sender
        for reply in (
            self._hear(self._session.connected()),
            self._say(f"EHLO {helo or _NO_NAME}"),
            self._say(f"MAIL FROM:<{sender.text}> {sender.params}".rstrip()),
        ):
            if not reply.positive:
                found.refused.append(Refused(_texts(recipients), reply, self._rule))
                return []
        later: list[Address] = []
        for number, one in enumerate(recipients):
            if self._session.closed:
                later += recipients[number:]
                break
            self._rule = 0
            reply = self._say(f"RCPT TO:<{one.text}> {one.params}".rstrip())
            if reply == UNAVAILABLE or reply.code == _TOO_MANY:
                later.append(one)
            elif not reply.positive:
                found.refused.append(Refused((one.text,), reply, self._rule))
        transaction = self._session.transaction
        if transaction is not None and transaction.recipients:
            self._content(transaction, found)
        return later

    def _content(self, transaction: Transaction, found: Conversation) -> None:
        reply = self._say("DATA")
        if self._transaction is not None:
            reply = self._dot()
        if self._ended:
            acceptance, headers = self._policy.acceptance, self._headers
            assert acceptance is not None, "it took a recipient"
            body = len(headers.block) + len(headers.separator)
            taken = Taken(acceptance, self._policy.rewriter, transaction, headers.block, body)
            found.taken.append(taken)
        else:
            addresses = tuple(one.mailbox.text for one in transaction.recipients)
            found.refused.append(Refused(addresses, reply))

    def _dot(self) -> Reply:
        """The content with its final dot; the reply, where one refuses it."""
        at_start = True
        for chunk in self._case.content.chunks():
            if self._session.closed:
                return self.last
            self._hear(self._session.receive(_stuffed(chunk, at_start)))
            at_start = chunk.endswith(b"\n") if chunk else at_start
        if not self._session.closed and not self._ended:
            self._hear(self._session.receive(b".\r\n" if at_start else b"\r\n.\r\n"))
        return self.last

    def _say(self, line: str) -> Reply:
        return self._hear(self._session.receive(line.encode("utf-8", "surrogateescape") + b"\r\n"))

    def _hear(self, orders: Sequence[ServerOrder]) -> Reply:
        """Carry out what concerns us; the last reply that came."""
        for order in orders:
            match order:
                case Send(data):
                    for reply in self._replies.feed(data):
                        self.last = reply
                case Begin(transaction):
                    self._transaction = transaction
                case Content(chunk):
                    if problem := self._take(chunk):
                        return self._hear(self._session.refuse_content(problem))
                case End():
                    if problem := self._head_ended():
                        return self._hear(self._session.refuse_content(problem))
                    self._ended = True
                case _:
                    continue
        return self.last

    def _take(self, chunk: bytes) -> Reply | None:
        if not self._headers.done and self._headers.feed(chunk):
            return self._problem()
        return None

    def _head_ended(self) -> Reply | None:
        if self._headers.done:
            return None
        self._headers.end()
        return self._problem()

    def _problem(self) -> Reply | None:
        headers, house = self._headers, self._house
        return headers.problem or loop_problem(headers.block, house.hostname, house.hops)


def _texts(addresses: Sequence[Address]) -> tuple[str, ...]:
    return tuple(one.text for one in addresses)


def _stuffed(chunk: bytes, at_start: bool) -> bytes:
    """Content as a client sends it (RFC 5321 4.5.2), whatever stands in it."""
    wire = chunk.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
    return b"." + wire if at_start and wire.startswith(b".") else wire
