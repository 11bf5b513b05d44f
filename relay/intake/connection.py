"""One client: octets from the socket to the session, the session's orders to the world.

The session decides; here are the socket, the file of the message that is coming in, and
the deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from relay.intake.failures import reply_to
from relay.intake.intake import Intake
from relay.intake.reception import Client, Reception
from relay.intake.settings import Settings
from relay.policy.origin import DIRECT, OWN_DELIVERY, Origin, own_delivery
from relay.policy.refusal import Refusal
from relay.smtp.orders import Abort, Begin, Close, Content, End, Send, ServerOrder, StartTls
from relay.smtp.reply import Reply, ReplyReader
from relay.smtp.server import Session
from relay.smtp.transaction import Transaction
from relay.tls.handshake import HandshakeFailed, accept_tls, cipher_of
from spooltool.errors import SpooltoolError

LEAST_RATE = 500.0
"""Octets a second of content that keep a client from its deadline: one that sends a byte
now and then must not hold a connection for ever."""

HANDSHAKE = 60.0
"""Most seconds that a TLS handshake may take as a whole, trickled or not."""

_MARGIN = 5.0


def handshake_seconds(settings: Settings) -> float:
    """Seconds that a TLS handshake may take as a whole."""
    return min(settings.idle, HANDSHAKE)


class Connection(asyncio.Protocol):
    """The protocol of one accepted connection; `intake` is what all of them share.

    `deadline` is in seconds of the loop's clock.  With `tls_first` the connection is made
    when it is under TLS (RFC 8314 3).
    """

    def __init__(
        self,
        intake: Intake,
        address: str,
        port: int,
        origin: Origin = DIRECT,
        *,
        tls_first: bool = False,
    ) -> None:
        settings = intake.settings
        self.deadline = intake.now() + settings.idle + (_MARGIN if tls_first else 0.0)
        self.client = Client(address, port, str(origin.proxy or ""))
        self._origin = origin
        self._intake = intake
        self._settings = settings
        self._policy = settings.rule.policy(
            address, intake.space.refusal, origin, self._turned_down
        )
        self._session = Session(
            settings.limits,
            self._policy,
            settings.hostname,
            peer=address,
            starttls=settings.tls is not None,
            tls_required=settings.tls_required,
        )
        self._tls_first = tls_first
        self._handshake: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._reception: Reception | None = None
        self._dropped: Reception | None = None
        self._paused = False
        self._choked = False
        self._ahead = False
        self._draining = False

    # Facts from the socket.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client, or refuse it."""
        self._transport = cast(asyncio.Transport, transport)
        if self._session.closed:  # the service ended meanwhile
            self._transport.close()
            return
        if self._tls_first:
            self.client.cipher = cipher_of(transport)
            self._session.secured()
        self._carry_out(self._session.connected())

    def data_received(self, data: bytes) -> None:
        """Octets from the client."""
        session = self._session
        if session.waiting:
            self._ahead = True
            self._steer()
        orders = session.receive(data)
        if self._reception is not None and not session.waiting:
            # What comes in buys time at the least rate, up to the usual amount.
            latest = self._intake.now() + self._settings.data_idle
            self.deadline = min(self.deadline + len(data) / LEAST_RATE, latest)
        elif orders:
            self.deadline = self._intake.now() + self._settings.idle
        self._carry_out(orders)

    def eof_received(self) -> bool:
        """The client sends no more; the reply to a message being stored still goes out."""
        self._carry_out(self._session.eof())
        # The end of TLS ends both directions: there is nothing to keep open.
        return self.client.cipher is None and not self._session.closed

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone; a message that was not complete goes with it."""
        self._transport = None
        self._intake.closed(self)
        self._carry_out(self._session.eof())

    def pause_writing(self) -> None:
        """The client reads no replies: take nothing more from it."""
        self._choked = True
        self._steer()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._choked = False
        self._steer()

    # Facts from the process.

    def timed_out(self) -> None:
        """The deadline is over."""
        self._carry_out(self._session.timed_out())
        if not self._session.closed:
            self.deadline = self._intake.now() + self._settings.idle
            self._intake.wheel.add(self)

    def drain(self) -> None:
        """The service ends: finish the message that is coming in, then say good-bye."""
        if self._reception is None:
            self._carry_out(self._session.closing())
        else:
            self._draining = True

    def shut(self) -> None:
        """The service ends now; a message being stored is still acknowledged."""
        self._carry_out(self._session.closing())

    # Orders.

    def _carry_out(self, orders: list[ServerOrder]) -> None:
        for order in orders:
            refusal: Reply | None = None
            match order:
                case Send(data):
                    self._send(data)
                case Content(chunk):
                    if self._reception is not None:
                        refusal = self._reception.take(chunk)
                case Begin(transaction):
                    refusal = self._begin(transaction)
                case End():
                    refusal = self._end()
                case Abort():
                    self._abort()
                case Close():
                    self._close()
                case StartTls():
                    self._start_tls()
            if refusal is not None:
                # The rest of these orders is void: the session says how it goes on.
                self._refused(refusal)
                self._carry_out(self._session.refuse_content(refusal))
                return

    def _send(self, data: bytes) -> None:
        dropped, self._dropped = self._dropped, None
        if dropped is not None:
            # The session refused the content by itself; this is what it says of it.
            for reply in ReplyReader().feed(data)[:1]:
                self._intake.records.refused_content(self.client, reply, dropped)
        if self._transport is not None:
            self._transport.write(data)

    def _begin(self, transaction: Transaction) -> Reply | None:
        acceptance = self._policy.acceptance
        assert acceptance is not None, "a client that is refused begins no message"
        if own_delivery(self._origin, self._session.helo, self._settings.hostname):
            return OWN_DELIVERY
        self.client.helo = self._session.helo
        self.client.protocol = self._session.protocol
        try:
            incoming = self._intake.new_file()
        except (SpooltoolError, OSError) as error:
            return reply_to(error)
        self.deadline = self._intake.now() + self._settings.data_idle
        self._intake.wheel.sooner(self)
        self._reception = Reception(
            incoming, self.client, transaction, acceptance, self._settings, self._policy.rewriter
        )
        return None

    def _end(self) -> Reply | None:
        reception = self._reception
        if reception is None:
            return None
        refusal = reception.finish()
        if refusal is None:
            self._intake.committer.submit(reception.incoming, self._committed)
        return refusal

    def _committed(self, error: BaseException | None) -> None:
        """The one place where a message becomes acknowledged."""
        reception, self._reception = self._reception, None
        assert reception is not None, "only a message that was handed over is committed"
        self.deadline = self._intake.now() + self._settings.idle
        if error is None:
            self._intake.stored(self.client, reception)
            orders = self._session.stored(reception.incoming.name.base)
        else:
            refusal = reply_to(error)
            self._intake.records.not_stored(self.client, reception, refusal, error)
            orders = self._session.refused(refusal)
        self._carry_out(orders)
        if self._draining and self._reception is None:
            self._carry_out(self._session.closing())
        if self._ahead:
            self._ahead = self._session.waiting
            self._steer()

    def _refused(self, refusal: Reply) -> None:
        self._abort()
        dropped, self._dropped = self._dropped, None
        self._intake.records.refused_content(self.client, refusal, dropped)

    def _turned_down(self, refusal: Refusal) -> None:
        """The policy has refused the client or a recipient."""
        self.client.helo = self._session.helo
        self._intake.records.turned_down(self.client, refusal)

    def _abort(self) -> None:
        if self._reception is not None:
            self._reception.abort()
            self._dropped, self._reception = self._reception, None

    def _start_tls(self) -> None:
        """Nothing is read in clear from here on: what comes is the handshake's."""
        transport, context = self._transport, self._settings.tls
        if transport is None or transport.is_closing():
            return
        if context is None or self._choked:
            # Replies that the client did not read: it does not wait for us to be ready.
            transport.abort()
            return
        transport.pause_reading()
        seconds = handshake_seconds(self._settings)
        self.deadline = self._intake.now() + seconds + _MARGIN
        self._handshake = asyncio.get_running_loop().create_task(
            self._shake_hands(transport, context, seconds)
        )

    async def _shake_hands(
        self, transport: asyncio.Transport, context: ssl.SSLContext, seconds: float
    ) -> None:
        try:
            secured = await accept_tls(transport, self, context, seconds)
        except HandshakeFailed as failed:
            if not self._session.closed:
                self._intake.records.tls_failed(self.client, str(failed))
            transport.abort()
            self.connection_lost(None)
            return
        finally:
            self._handshake = None
        self._transport = secured.transport
        self._paused = self._ahead = False  # what was true of the other transport
        self.client.cipher = secured.cipher
        if self._session.closed:
            secured.transport.close()
            return
        self.deadline = self._intake.now() + self._settings.idle
        self._carry_out(self._session.secured())
        if secured.early:
            self.data_received(secured.early)

    def _close(self) -> None:
        dropped, self._dropped = self._dropped, None
        if dropped is not None:
            self._intake.records.aborted(self.client, dropped)
        if self._transport is not None:
            self._transport.close()

    def _steer(self) -> None:
        """Read from the socket only while the client neither lags behind nor runs ahead."""
        wanted = self._choked or self._ahead
        transport = self._transport
        if wanted is self._paused or transport is None or transport.is_closing():
            return
        self._paused = wanted
        if wanted:
            transport.pause_reading()
        else:
            transport.resume_reading()
