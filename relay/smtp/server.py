"""The server side of SMTP as a state machine: facts in, orders out, no I/O and no clock.

Make a `Session` when a connection has been accepted and carry out what `connected()`
orders.  From then on report each fact by the method named for it (`receive`, `stored`,
`refused`, `secured`, `eof`, `timed_out`, `closing`) and carry out the orders it returns,
in their order.  After `Close` nothing more is ordered.

What a message goes through::

    Send(… 354 …)   Begin(transaction)   Content … Content   End  --stored(id)-->  Send(250 …)
                                                             Abort                 Send(5xx)

Each `Begin` is followed by one `End` or one `Abort`.  The 250 to the final dot is made
in `stored` and nowhere else: acknowledged mail is stored mail.
"""

from __future__ import annotations

from relay.smtp import replies
from relay.smtp.content import Decoder
from relay.smtp.dialogue import Dialogue, Phase, Policy
from relay.smtp.limits import Limits
from relay.smtp.lines import LineReader
from relay.smtp.orders import Abort, Begin, Close, Content, End, Send, ServerOrder, StartTls
from relay.smtp.reply import Reply
from relay.smtp.transaction import Transaction

__all__ = ["Phase", "Policy", "Session"]


class Session:
    """One incoming connection.

    `peer` is whatever names the client; it is only kept.  `starttls` offers STARTTLS,
    `tls_required` takes no mail without it.  For TLS from the start (RFC 8314 3) report
    `secured` before `connected`.  ValueError for facts that cannot be, as `stored` without
    an `End`.
    """

    __slots__ = (
        "_aborted",
        "_backlog_full",
        "_buffer",
        "_closing",
        "_decoder",
        "_dialogue",
        "_eof",
        "_limits",
        "_lines",
        "_orders",
        "_phase",
        "_refusal",
        "peer",
    )

    def __init__(
        self,
        limits: Limits,
        policy: Policy,
        hostname: str,
        *,
        peer: str = "",
        starttls: bool = False,
        tls_required: bool = False,
    ) -> None:
        self.peer = peer
        self._limits = limits
        self._dialogue = Dialogue(
            limits, policy, hostname, starttls=starttls, tls_required=tls_required
        )
        self._lines = LineReader(limits.line, limits.discard)
        self._decoder = Decoder()
        self._phase = Phase.NEW
        self._buffer = b""
        self._aborted = True
        self._refusal: Reply | None = None
        self._eof = False
        self._closing: Reply | None = None
        self._backlog_full = False
        self._orders: list[ServerOrder] = []

    # What the shell may ask.

    @property
    def waiting(self) -> bool:
        """Whether input is only kept until a fact arrives: stop reading meanwhile."""
        return self._phase is Phase.STORING or self._phase is Phase.HANDSHAKE

    @property
    def closed(self) -> bool:
        """Whether `Close` has been ordered."""
        return self._phase is Phase.CLOSED

    @property
    def helo(self) -> str:
        """The name the client gave in EHLO or HELO, "" before."""
        return self._dialogue.helo

    @property
    def esmtp(self) -> bool:
        """Whether the client greeted with EHLO."""
        return self._dialogue.esmtp

    @property
    def secure(self) -> bool:
        """Whether TLS is on."""
        return self._dialogue.secure

    @property
    def transaction(self) -> Transaction | None:
        """The open transaction; None outside of one."""
        return self._dialogue.transaction

    @property
    def protocol(self) -> str:
        """The "with" keyword of a Received line (RFC 3848, RFC 6531 4.3)."""
        dialogue = self._dialogue
        if not dialogue.esmtp:
            return "SMTP"
        utf8 = dialogue.transaction is not None and dialogue.transaction.utf8
        return ("UTF8SMTP" if utf8 else "ESMTP") + ("S" if dialogue.secure else "")

    # Facts.

    def connected(self) -> list[ServerOrder]:
        """The connection stands: greet, or refuse with the policy's reply."""
        self._want(Phase.NEW)
        self._phase = Phase.COMMAND
        self._go(self._dialogue.greet())
        return self._flush()

    def receive(self, data: bytes) -> list[ServerOrder]:
        """Octets came in.  While a message is stored they are kept, `Limits.backlog` of them.

        Octets in clear after STARTTLS end the connection: they are no client's that waits
        for our answer.
        """
        phase = self._phase
        if phase is Phase.NEW:
            raise ValueError("not connected")
        if phase is Phase.CLOSED:
            return []
        if phase is Phase.HANDSHAKE:
            return self._end(None)
        if phase is Phase.STORING and len(self._buffer) + len(data) > self._limits.backlog:
            self._backlog_full = True
            return []
        self._buffer = self._buffer + data if self._buffer else data
        return self._advance()

    def stored(self, number: str) -> list[ServerOrder]:
        """The message of the last `End` is durable under this id: acknowledge it."""
        self._want(Phase.STORING)
        if not (number.isascii() and number.isalnum()):
            raise ValueError(f"no id: {number!r}")
        self._phase = self._dialogue.stored(number.encode())
        return self._resume()

    def refused(self, reply: Reply) -> list[ServerOrder]:
        """The message of the last `End` was not stored, for the reason in `reply`."""
        self._want(Phase.STORING)
        _check_refusal(reply)
        self._phase = Phase.COMMAND
        self._go(self._dialogue.refused(reply))
        return self._resume()

    def refuse_content(self, reply: Reply) -> list[ServerOrder]:
        """Refuse the message that is coming in: read its rest, then give this reply.

        To be called while a `Begin` or `Content` is carried out: the rest of that list of
        orders, an `End` included, is void, and the list returned takes its place.
        """
        _check_refusal(reply)
        if self._phase is Phase.STORING:
            self._orders.append(Abort())
            return self.refused(reply)
        self._want(Phase.CONTENT)
        self._refusal = reply
        self._abort()
        return self._flush()

    def secured(self) -> list[ServerOrder]:
        """The TLS handshake succeeded: nothing said before counts (RFC 3207 4.2)."""
        if self._phase is not Phase.NEW:
            self._want(Phase.HANDSHAKE)
            self._phase = Phase.COMMAND
        self._dialogue.secured()
        return []

    def eof(self) -> list[ServerOrder]:
        """The client will send no more.  A message being stored is still acknowledged."""
        if self._phase is Phase.STORING:
            self._eof = True
            return []
        return self._end(None)

    def timed_out(self) -> list[ServerOrder]:
        """The client was silent for too long; while its message is stored it may be."""
        if self._phase is Phase.STORING:
            return []
        return self._end(replies.IDLE)

    def closing(self, reply: Reply = replies.SHUTTING_DOWN) -> list[ServerOrder]:
        """The service ends; a message being stored is acknowledged first."""
        if self._phase is Phase.STORING:
            self._closing = reply
            return []
        return self._end(reply)

    # Turning input into commands and content.

    def _advance(self) -> list[ServerOrder]:
        while True:
            if self._phase is Phase.COMMAND:
                self._read_commands()
            if self._phase is not Phase.CONTENT or not self._buffer:
                return self._flush()
            self._read_content()

    def _read_commands(self) -> None:
        buffer = self._buffer
        start = 0
        while True:
            end = buffer.find(b"\n", start)
            if end < 0:
                break
            line = self._lines.take(buffer[start:end])
            start = end + 1
            dialogue = self._dialogue
            if line is replies.TOO_MUCH_INPUT:
                phase = dialogue.reply(line)  # as for one whose end has not come
            else:
                phase = dialogue.fault(line) if isinstance(line, Reply) else dialogue.command(line)
            if phase is not Phase.COMMAND:
                self._buffer = buffer[start:]
                self._go(phase)
                return
        rest = self._lines.trim(buffer[start:])
        if isinstance(rest, Reply):
            self._go(self._dialogue.reply(rest))
        else:
            self._buffer = rest

    def _read_content(self) -> None:
        decoder = self._decoder
        chunk, self._buffer = decoder.feed(self._buffer)
        size = self._limits.size
        if (
            decoder.bare
            or decoder.long_line
            or decoder.header_nul
            or (size and decoder.size > size)
        ):
            self._abort()
        elif chunk and not self._aborted:
            self._orders.append(Content(chunk))
        if size and decoder.size > size + self._limits.discard:
            self._dialogue.reply(replies.TOO_BIG)
            self._go(Phase.CLOSED)
        elif decoder.done:
            self._dot()

    def _dot(self) -> None:
        if not self._aborted:
            self._orders.append(End())
            self._phase = Phase.STORING
            return
        self._phase = Phase.COMMAND
        dialogue = self._dialogue
        if self._refusal is not None:
            self._go(dialogue.refused(self._refusal))
        else:
            dialogue.transaction = None
            self._go(dialogue.fault(self._defect()))

    def _defect(self) -> Reply:
        """The reply to defective content, the same however it was cut into segments."""
        if self._decoder.bare:
            return replies.BARE_LINE_END
        if self._limits.size and self._decoder.size > self._limits.size:
            return replies.TOO_BIG
        if self._decoder.long_line:
            return replies.CONTENT_LINE_TOO_LONG
        return replies.NUL_IN_HEADER

    # Phases.

    def _go(self, phase: Phase) -> None:
        """Enter a phase, with the orders that mark it."""
        if phase is Phase.CONTENT:
            self._decoder = Decoder(
                self._limits.content_line, normalise=self._limits.bare == "normalise"
            )
            self._refusal = None
            self._aborted = False
            self._flush_replies()
            transaction = self._dialogue.transaction
            assert transaction is not None
            self._orders.append(Begin(transaction))
        elif phase is Phase.HANDSHAKE:
            if self._buffer:
                # RFC 3207 6: what came in clear behind STARTTLS must never act after it.
                # Whoever sent it does not wait for us, or is not the client: no TLS then.
                self._dialogue.replies[-1] = replies.BEHIND_STARTTLS.wire()
                self._go(Phase.CLOSED)
                return
            self._flush_replies()
            self._orders.append(StartTls())
        elif phase is Phase.CLOSED:
            if self._phase is Phase.CONTENT:
                self._abort()
            self._flush_replies()
            self._orders.append(Close())
            self._buffer = b""
            self._dialogue.transaction = None
        self._phase = phase

    def _end(self, reply: Reply | None) -> list[ServerOrder]:
        """Come to an end from any phase but `STORING`."""
        if self._phase is Phase.CLOSED:
            return []
        if reply is not None and self._phase not in (Phase.NEW, Phase.HANDSHAKE):
            self._dialogue.reply(reply)
        self._go(Phase.CLOSED)
        return self._flush()

    def _resume(self) -> list[ServerOrder]:
        """Go on with what came in, or was asked for, while waiting."""
        if self._phase is Phase.CLOSED:
            return self._flush()
        if self._closing is not None:
            return self._end(self._closing)
        if self._backlog_full:
            return self._end(replies.TOO_MUCH_INPUT)
        orders = self._advance()
        if self._eof and not self.waiting:
            orders += self._end(None)
        return orders

    def _abort(self) -> None:
        if not self._aborted:
            self._aborted = True
            self._orders.append(Abort())

    def _flush_replies(self) -> None:
        pending = self._dialogue.replies
        if pending:
            self._orders.append(Send(b"".join(pending)))
            pending.clear()

    def _flush(self) -> list[ServerOrder]:
        self._flush_replies()
        orders, self._orders = self._orders, []
        return orders

    def _want(self, phase: Phase) -> None:
        if self._phase is not phase:
            raise ValueError(f"{phase.name} expected, the session is in {self._phase.name}")


def _check_refusal(reply: Reply) -> None:
    if reply.code < 400:
        raise ValueError(f"no refusal: {reply}")
