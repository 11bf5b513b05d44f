"""One message on its way from `Begin` to its finished spool file.

The T file is made at `Begin`, so that D_state shows who is sending.  The envelope is
written when the header block is complete, since the modified headers stand in front of
the body.  Writing is done in the loop: while a file is written nothing is read, and so
no message is ever held in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from relay.intake.failures import UNSPOOLABLE, reply_to
from relay.intake.settings import Settings
from relay.message.headers import HeaderCollector
from relay.message.received import Arrival, loop_problem, received_line
from relay.policy.acceptance import Acceptance
from relay.policy.rewriting import Change, Rewriter
from relay.policy.sent_envelope import envelope_of
from relay.smtp.reply import Reply
from relay.smtp.transaction import Transaction
from relay.tls.handshake import Cipher
from spooltool.errors import CannotWrite
from spooltool.spool.compose import NewMessage
from spooltool.store.incoming import Incoming


class Client:
    """Who sends: what the envelope and the Received line say of a connection.

    `proxy` is the HOST:PORT of the proxy that speaks for it, "" without one; `cipher` is
    that of a connection under TLS.
    """

    __slots__ = ("address", "cipher", "helo", "port", "protocol", "proxy")

    def __init__(self, address: str, port: int, proxy: str = "") -> None:
        self.address = address
        self.port = port
        self.proxy = proxy
        self.helo = ""
        self.protocol = "SMTP"
        self.cipher: Cipher | None = None

    @property
    def proto(self) -> str:
        """The value of PROTO: protocol, and version and cipher of TLS."""
        cipher = self.cipher
        return f"{self.protocol} {cipher.version} {cipher.name}" if cipher else self.protocol

    @property
    def using(self) -> str:
        """What the Received line says of TLS, as Postfix words it; "" in clear."""
        cipher = self.cipher
        if cipher is None:
            return ""
        return f"{cipher.version} with cipher {cipher.name} ({cipher.bits} bits)"


class Reception:
    """Takes the content of one message; each step returns None or the reply that refuses it.

    After a refusal, and when the connection is lost, call `abort`.  After `finish` the
    file in `incoming` is complete and waits for its commit.  `sender` and `recipients` are
    as the file has them; `changes` is what the resource made of addresses and headers,
    `dkim_broken` whether a signature does not verify any more.
    """

    __slots__ = (
        "_client", "_clock", "_headers", "_rewriter", "_settings", "_transaction", "acceptance",
        "changes", "dkim_broken", "incoming", "recipients", "sender", "size",
    )  # fmt: skip

    def __init__(
        self,
        incoming: Incoming,
        client: Client,
        transaction: Transaction,
        acceptance: Acceptance,
        settings: Settings,
        rewriter: Rewriter | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.incoming = incoming
        self.size = 0
        self._client = client
        self._transaction = transaction
        self.acceptance = acceptance
        self.changes: tuple[Change, ...] = ()
        self.dkim_broken = False
        self._rewriter = rewriter
        self.sender, self.recipients = envelope_of(transaction, rewriter)
        self._settings = settings
        self._clock = clock
        self._headers = HeaderCollector(settings.headers)

    @property
    def transaction(self) -> Transaction:
        """Sender and recipients."""
        return self._transaction

    def take(self, chunk: bytes) -> Reply | None:
        """Take the next content (LF line ends)."""
        self.size += len(chunk)
        headers = self._headers
        if headers.done:
            return self._append(chunk)
        return self._head_complete() if headers.feed(chunk) else None

    def finish(self) -> Reply | None:
        """The content is complete: write what is left."""
        if not self._headers.done:
            self._headers.end()
            refusal = self._head_complete()
            if refusal is not None:
                return refusal
        try:
            self.incoming.finish()
        except CannotWrite as error:
            return reply_to(error)
        return None

    def abort(self) -> None:
        """Remove the file."""
        self.incoming.abort()

    def _head_complete(self) -> Reply | None:
        headers, settings = self._headers, self._settings
        problem = headers.problem or loop_problem(headers.block, settings.hostname, settings.hops)
        if problem is not None:
            return problem
        client, recipients, now = self._client, self.recipients, self._clock()
        message = NewMessage(
            self.acceptance.chapter(client.address, client.port),
            now,
            self.sender,
            recipients,
            client.helo,
            client.proto,
            self.acceptance.resource,
            route=self.acceptance.route,
            err_route=self.acceptance.err_route,
            judged=self.acceptance.judged,
        )
        received = received_line(
            Arrival(
                client.helo,
                client.address,
                "",
                settings.hostname,
                client.protocol,
                self.incoming.name.number,
                recipients[0].address if len(recipients) == 1 else "",
                now,
                client.using,
            )
        )
        try:
            self.incoming.begin(message, headers.block, received + self._modified(headers.block))
        except ValueError:
            return UNSPOOLABLE
        rest, headers.rest = headers.rest, b""
        return self._append(rest) if rest else None

    def _modified(self, block: bytes) -> bytes:
        """The headers as they will be sent, but for our own Received line."""
        if self._rewriter is None:
            return block
        found = self._rewriter.headers(block, self._settings.hostname)
        sender = self._transaction.sender.text
        to = tuple(one.mailbox.text for one in self._transaction.recipients)
        self.changes = (*self._rewriter.envelope_changes(sender, to), *found.changes)
        self.dkim_broken = found.broken_dkim
        return found.block

    def _append(self, chunk: bytes) -> Reply | None:
        try:
            self.incoming.append(chunk)
        except CannotWrite as error:
            return reply_to(error)
        return None
