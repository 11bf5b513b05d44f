"""A plain connection becomes an encrypted one.

What was said in clear must never act afterwards (RFC 3207 6), and what comes first under
TLS must not be lost.  So the encrypted side is given to another protocol object than the
plain side: octets reach it by decryption or not at all, and are kept until the owner has
taken note that the handshake is done.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass

GOODBYE = 5.0
"""Seconds that a peer may take to answer the end of TLS (RFC 8446 6.1)."""


class HandshakeFailed(Exception):
    """TLS did not come about; the text says why in a few words.  The connection is over."""


@dataclass(frozen=True, slots=True)
class Cipher:
    """What was agreed on: `TLSv1.3`, `TLS_AES_256_GCM_SHA384`, 256 bits."""

    version: str
    name: str
    bits: int

    def __str__(self) -> str:
        return f"{self.version}:{self.name}"


@dataclass(frozen=True, slots=True)
class Secured:
    """A connection under TLS; `early` are decrypted octets that came already."""

    transport: asyncio.Transport
    cipher: Cipher
    early: bytes


async def accept_tls(
    transport: asyncio.Transport,
    protocol: asyncio.Protocol,
    context: ssl.SSLContext,
    seconds: float,
) -> Secured:
    """TLS as the server, within so many seconds.  Raises HandshakeFailed.

    From the return on `protocol` hears of the encrypted side; until then of nothing.  The
    plain side must not be read from (`pause_reading`) since the last octet that counted.
    """
    return await _secure(transport, protocol, context, seconds, None)


async def connect_tls(
    protocol: asyncio.Protocol, sock: socket.socket, context: ssl.SSLContext, seconds: float
) -> None:
    """TLS as the server on an accepted socket, before anything else.  Raises HandshakeFailed.

    `protocol` hears of the connection when it is secured, and of nothing before.
    """
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: protocol,
            sock,
            ssl=context,
            ssl_handshake_timeout=seconds,
            ssl_shutdown_timeout=GOODBYE,
        )
    except OSError as error:
        raise HandshakeFailed(_told(error, seconds)) from None


async def offer_tls(
    transport: asyncio.Transport,
    protocol: asyncio.Protocol,
    context: ssl.SSLContext,
    seconds: float,
    name: str,
) -> Secured:
    """TLS as the client, asking for `name`, otherwise as `accept_tls`."""
    try:
        name.encode("idna")
    except UnicodeError:
        transport.abort()
        raise HandshakeFailed(f"no certificate can bear the name {name!r}") from None
    return await _secure(transport, protocol, context, seconds, name)


async def _secure(
    transport: asyncio.Transport,
    protocol: asyncio.Protocol,
    context: ssl.SSLContext,
    seconds: float,
    name: str | None,
) -> Secured:
    inner = _Inner()
    try:
        secured = await asyncio.get_running_loop().start_tls(
            transport,
            inner,
            context,
            server_side=name is None,
            server_hostname=name,
            ssl_handshake_timeout=seconds,
            ssl_shutdown_timeout=GOODBYE,
        )
    except OSError as error:
        raise HandshakeFailed(_told(error, seconds)) from None
    cipher = cipher_of(secured) if secured is not None else None
    if secured is None or cipher is None or inner.lost:
        # A connection that we closed meanwhile ends here without an error.
        raise HandshakeFailed("connection lost in the TLS handshake")
    early = inner.hand_over(protocol)
    secured.set_protocol(protocol)
    return Secured(secured, cipher, early)


def cipher_of(transport: asyncio.BaseTransport) -> Cipher | None:
    """What was agreed on with the peer of a transport; None in clear."""
    found = transport.get_extra_info("cipher")
    tls = transport.get_extra_info("ssl_object")
    return Cipher(tls.version(), found[0], found[2]) if found and tls is not None else None


def _told(error: OSError, seconds: float) -> str:
    """An error of a handshake in a few words; `ssl.SSLError` is an OSError."""
    if isinstance(error, ConnectionAbortedError):
        return f"no TLS handshake within {seconds:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS: {error.reason.replace('_', ' ').lower()}"
    return "connection lost in the TLS handshake"


class _Inner(asyncio.Protocol):
    """Hears the encrypted side until its owner takes over, and forwards late calls."""

    def __init__(self) -> None:
        self.lost = False
        self._early = b""
        self._owner: asyncio.Protocol | None = None

    def hand_over(self, owner: asyncio.Protocol) -> bytes:
        """The octets that came so far; the owner hears what is still under way to here."""
        self._owner = owner
        early, self._early = self._early, b""
        return early

    def data_received(self, data: bytes) -> None:
        """Decrypted octets."""
        if self._owner is None:
            self._early += data
        else:
            self._owner.data_received(data)

    def eof_received(self) -> None:
        """The peer ended TLS: the transport closes by itself, `connection_lost` follows."""

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self.lost = True
        if self._owner is not None:
            self._owner.connection_lost(error)
