"""One connection to a next hop: the socket around the pure SMTP client.

It moves bytes between the transport and `relay.smtp.client`, and turns the client's
orders into the end of one awaited `deliver`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

from relay.delivery.resolve import Address
from relay.policy.hops import Hop, Step
from relay.smtp.client import Client, State
from relay.smtp.envelope import Mail
from relay.smtp.orders import (
    ClientOrder,
    Close,
    Decide,
    Done,
    HostFailed,
    Ready,
    Send,
    SendContent,
    StartTls,
)
from relay.smtp.outcome import TIMEOUT, TLS
from relay.smtp.wire import BareLineEndError, Encoder
from relay.tls.handshake import Cipher, HandshakeFailed, offer_tls

EightBit = Literal["send", "convert", "bounce"]
"""What becomes of 8-bit content where the host lacks 8BITMIME."""

Peer = tuple[Address, Hop]
"""What makes connections alike: who is there, and what is asked of him."""

HIGH_WATER = 512 * 1024
"""Octets that may wait in the transport before the content stops being read."""

AFTER_DOT = 600.0
"""Least seconds that the answer to the final dot is waited for (RFC 5321 4.5.3.2.6)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a host took no mail: reason code of the spool, text, reply code and status."""

    reason: str
    text: str
    address: Address | None = None
    code: int = 0
    status: str = ""


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a handshake is made: name asked for, context, seconds that it may take."""

    name: str
    context: ssl.SSLContext
    seconds: float


class Content:
    """What a delivery sends: its wire form at hand, or chunks read when the socket takes them.

    `wire` is ready to send, final dot included.  `chunks` begins the content anew for each
    host that it is offered to; its line ends are CRLF throughout where `crlf` says so.
    """

    __slots__ = ("chunks", "crlf", "wire")

    def __init__(
        self,
        wire: bytes = b"",
        chunks: Callable[[], Iterator[bytes]] | None = None,
        *,
        crlf: bool = False,
    ) -> None:
        self.wire = wire
        self.chunks = chunks
        self.crlf = crlf


Judge = Callable[[], Awaitable[Content | None]]
"""Gives the content of a mail that is to be judged first; None where it must not be sent."""


class Connection(asyncio.Protocol):
    """An SMTP connection.  `opened` resolves to None (ready) or a Failure.

    It is open when what `hop` asks of the host is fulfilled: TLS comes before `opened`.
    After `deliver` has returned, `settled()` says whether another mail may follow.
    `cipher` is that of TLS, `stale` that the configuration has changed since, `touched`
    the loop time of the last progress, `past_dot` that the outcome of a loss would be
    unknown, `broken_content` why the content could not be sent to its end.
    """

    def __init__(
        self,
        helo: str,
        address: Address,
        *,
        hop: Hop,
        encryption: Encryption | None,
        eightbit: EightBit,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.address = address
        self.hop = hop
        self.client = Client(helo, soft_bounce=hop.soft_bounce, eightbit=eightbit)
        self.cipher: Cipher | None = None
        self.stale = False
        self.opened: asyncio.Future[Failure | None] = loop.create_future()
        self.touched = loop.time()
        self.mails = 0
        self.past_dot = False
        self.closed = False
        self.broken_content = ""
        self._loop = loop
        self._encryption = encryption
        self._handshake: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[Done] | None = None
        self._taken: asyncio.Future[None] | None = None
        self._deciding = False
        self._ready: asyncio.Future[bool] | None = None
        self._is_ready = False
        self._content: Content | None = None
        self._chunks: Iterator[bytes] | None = None
        self._encoder: Encoder | None = None
        self._paused = False
        self._waiting = 0

    @property
    def lacks_eightbit(self) -> bool:
        """Whether the host has not said that it takes 8-bit content."""
        return "8BITMIME" not in self.client.extensions

    @property
    def broke_off(self) -> bool:
        """Whether it is over otherwise than by us: lost, silent for too long, 421, no SMTP."""
        return self.closed or self.client.state is State.CLOSED

    @property
    def peer(self) -> Peer:
        """What it has in common with connections that may take its place."""
        return self.address, self.hop

    @property
    def idle(self) -> bool:
        """Whether it is ready for another mail now."""
        return self._is_ready and not self.closed

    # facts from the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: the greeting may come."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self.touched = self._loop.time()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.touched = self._loop.time()
        self._obey(self.client.receive(data))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self.closed = True
        self._obey(self.client.lost())
        if not self.opened.done():
            self.opened.set_result(Failure(TIMEOUT, "connection closed by the host", self.address))
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(False)

    def pause_writing(self) -> None:
        """The transport holds enough."""
        self._paused = True

    def resume_writing(self) -> None:
        """The transport takes more."""
        self._paused = False
        self.touched = self._loop.time()
        if self._encoder is not None:
            self._pump()

    # what a lane calls

    async def deliver(self, mail: Mail, content: Content) -> Done:
        """Send one mail; its outcomes.  Only on a connection that is ready."""
        self.mails += 1
        self._is_ready = False
        self._content = content
        self.touched = self._loop.time()
        done: asyncio.Future[Done] = self._loop.create_future()
        self._done = done
        self._obey(self.client.deliver(mail))
        try:
            return await done
        finally:
            self._done = self._content = self._chunks = self._encoder = None
            self.past_dot = False

    async def deliver_judged(self, mail: Mail, judge: Judge) -> Done | None:
        """Send one mail whose content `judge` gives once the peer takes mail for somebody.

        None where it gives none: then nothing was sent, and no recipient has an outcome.
        A peer that does not wait that long has ended the mail in the usual way; what was
        judged is judged to its end all the same.
        """
        self.mails += 1
        self._is_ready = False
        self.touched = self._loop.time()
        done: asyncio.Future[Done] = self._loop.create_future()
        taken: asyncio.Future[None] = self._loop.create_future()
        self._done, self._taken = done, taken
        self._obey(self.client.deliver(mail, held=True))
        try:
            await asyncio.wait((done, taken), return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                self._deciding = True
                content = await judge()
                self._deciding = False
                self.touched = self._loop.time()
                if content is None:
                    self._obey(self.client.call_off())
                    return None
                self._content = content
                self._obey(self.client.go_on())
            return await done
        finally:
            self._done = self._taken = None
            self._content = self._chunks = self._encoder = None
            self._deciding = self.past_dot = False

    async def settled(self) -> bool:
        """Wait until another mail may follow (True) or the connection is over (False)."""
        if self.closed:
            return False
        if self._is_ready:
            return True
        self._ready = self._loop.create_future()
        return await self._ready

    def expire(self, now: float, timeout: float) -> bool:
        """End the connection when it has made no progress for too long.

        Bytes that leave are progress; while some wait here, so does the final dot.
        """
        waiting = self._transport.get_write_buffer_size() if self._transport is not None else 0
        if waiting != self._waiting:
            self._waiting = waiting
            self.touched = now
        limit = max(timeout, AFTER_DOT) if self.past_dot and not waiting else timeout
        if self.closed or not self._awaited() or now - self.touched < limit:
            return False
        self._obey(self.client.timed_out(unsent=waiting > 0))
        if not self.opened.done():
            failure = Failure(TIMEOUT, f"no answer in {limit:.0f} s", self.address)
            self.opened.set_result(failure)
        self.abort()
        return True

    def _awaited(self) -> bool:
        """Whether somebody waits for this connection: to open, to deliver, to be ready again.

        A handshake has a limit of its own, which silence is not the measure of; while content
        is judged the peer waits for us.
        """
        if self._handshake is not None or self._deciding:
            return False
        if self._done is not None or not self.opened.done():
            return True
        return self._ready is not None and not self._ready.done()

    def quit(self) -> None:
        """Say goodbye and close."""
        if self.closed:
            return
        if self.client.between_mails:
            self._obey(self.client.quit())
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection at once, unsent bytes included."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    # orders of the client

    def _obey(self, orders: list[ClientOrder]) -> None:
        for order in orders:
            kind = type(order)
            if kind is Send:
                if self._transport is not None and not self.closed:
                    self._transport.write(cast(Send, order).data)
            elif kind is SendContent:
                self._send_content()
            elif kind is Decide:
                if self._taken is not None and not self._taken.done():
                    self._taken.set_result(None)
            elif kind is Done:
                if self._done is not None and not self._done.done():
                    self._done.set_result(cast(Done, order))
            elif kind is Ready:
                if not self.opened.done() and not self._fulfilled():
                    continue
                self._is_ready = True
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(True)
            elif kind is HostFailed:
                failed = cast(HostFailed, order)
                reply = failed.reply
                refused = "STARTTLS refused: " if reply and failed.reason == TLS else ""
                if not self.opened.done():
                    self.opened.set_result(
                        Failure(
                            failed.reason,
                            refused + failed.text,
                            self.address,
                            reply.code if reply else 0,
                            reply.enhanced if reply else "",
                        )
                    )
            elif kind is StartTls:
                self._start_tls()
            elif kind is Close and self._transport is not None:
                self._transport.close()

    # encryption

    def _fulfilled(self) -> bool:
        """Ready for the first time: open, or first TLS, or of no use."""
        offered = "STARTTLS" in self.client.extensions and self._encryption is not None
        step = self.hop.after_ehlo(offered=offered, secure=self.client.secure)
        if step is Step.PROCEED:
            self.opened.set_result(None)
            return True
        if step is Step.STARTTLS:
            self._obey(self.client.starttls())
        else:
            text = "the host does not offer STARTTLS"
            self.opened.set_result(Failure(TLS, text, self.address))
        return False

    def _start_tls(self) -> None:
        """Nothing is read in clear from here on: what comes is the handshake's."""
        transport, encryption = self._transport, self._encryption
        if transport is None or encryption is None or transport.is_closing():
            return  # `connection_lost` tells
        transport.pause_reading()
        self._handshake = self._loop.create_task(self._shake_hands(transport, encryption))

    async def _shake_hands(self, transport: asyncio.Transport, encryption: Encryption) -> None:
        try:
            secured = await offer_tls(
                transport, self, encryption.context, encryption.seconds, encryption.name
            )
        except HandshakeFailed as failed:
            if not self.opened.done():
                self.opened.set_result(Failure(TLS, str(failed), self.address))
            transport.abort()
            self.connection_lost(None)
            return
        finally:
            self._handshake = None
        self._transport = secured.transport
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._paused = False  # what was true of the other transport
        self.cipher = secured.cipher
        if self.closed:
            secured.transport.abort()
            return
        self.touched = self._loop.time()
        self._obey(self.client.secured())
        if secured.early:
            self.data_received(secured.early)

    # content

    def _send_content(self) -> None:
        content = self._content
        if content is None or self._transport is None or self.closed:
            return
        if content.chunks is None:
            self._transport.write(content.wire)
            self._sent()
            return
        self._encoder = Encoder(crlf=content.crlf)
        self._chunks = content.chunks()
        self._pump()

    def _pump(self) -> None:
        """Write chunks while the socket takes them."""
        chunks, encoder, transport = self._chunks, self._encoder, self._transport
        if chunks is None or encoder is None or transport is None:
            return
        try:
            while not self._paused and not self.closed:
                chunk = next(chunks, None)
                if chunk is None:
                    transport.write(encoder.end())
                    self._encoder = None
                    self._sent()
                    return
                transport.write(encoder.encode(chunk))
        except (BareLineEndError, OSError) as error:
            # What was sent cannot be taken back: without the dot it is no message.
            self.broken_content = str(error)
            self._encoder = None
            self.abort()

    def _sent(self) -> None:
        self.past_dot = True
        self.touched = self._loop.time()
        self._obey(self.client.content_sent())
