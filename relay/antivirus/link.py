"""One connection to a scanner, whose silence has a limit.

Plain non-blocking sockets rather than a transport: a scanner that has heard enough answers
and closes while we still send.  The send fails then, and the answer must still be read.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable
from typing import Self, TypeVar

from relay.antivirus.scanner import Scanner
from spooltool.spool.hosts import HostPort

PIECE = 32 * 1024
"""Octets sent at a time: the grain in which progress is seen."""

_READ = 64 * 1024
_T = TypeVar("_T")


class LinkLost(Exception):
    """The connection cannot be made or is over; the text tells a person."""


class Silence:
    """Ends what is awaited within it when nothing has moved for `seconds`.

    Raises TimeoutError then.  Used as an asynchronous context manager.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._limit = asyncio.timeout(seconds)

    def moved(self) -> None:
        """Something moved: the time begins anew."""
        if not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + self._seconds)

    @property
    def ended(self) -> bool:
        """Whether it was this limit that ended it."""
        return self._limit.expired()

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._limit.__aexit__(*error)  # type: ignore[arg-type]  # handed on as they are


class Link:
    """A connected socket.

    `silence` is that of the scan which uses it now; `proved` tells that who is there has
    shown on this connection that it finds something.
    """

    def __init__(self, sock: socket.socket, silence: Silence) -> None:
        self.silence = silence
        self.proved = False
        self._sock = sock
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Send all of it.  Raises LinkLost."""
        view = memoryview(data)
        for at in range(0, len(view), PIECE):
            await _told(self._loop.sock_sendall(self._sock, view[at : at + PIECE]))
            self.silence.moved()

    async def receive(self) -> bytes:
        """What came; b"" once the other side has closed.  Raises LinkLost."""
        data = await _told(self._loop.sock_recv(self._sock, _READ))
        self.silence.moved()
        return data

    def end(self) -> None:
        """Let whoever waits here see the end."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is over already

    def close(self) -> None:
        """Drop the connection."""
        self._sock.close()


async def connect(scanner: Scanner, silence: Silence) -> Link:
    """A new connection to a scanner; each address of its name is tried.  Raises LinkLost."""
    if scanner.socket:
        return Link(await _connected(socket.AF_UNIX, scanner.socket), silence)
    problem = LinkLost("its name has no address")
    for family, address in await _addresses(scanner.address):
        try:
            return Link(await _connected(family, address), silence)
        except LinkLost as lost:
            problem = lost
        silence.moved()
    raise problem


async def _addresses(place: HostPort) -> list[tuple[int, object]]:
    loop = asyncio.get_running_loop()
    found = await _told(loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM))
    return [(family, address) for family, _, _, _, address in found]


async def _connected(family: int, address: object) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop = asyncio.get_running_loop()
        await _told(loop.sock_connect(sock, address))  # type: ignore[arg-type]  # of its family
    except BaseException:
        sock.close()
        raise
    return sock


async def _told(doing: Awaitable[_T]) -> _T:
    """What is awaited; the one place where errors of the network get their words."""
    try:
        return await doing
    except TimeoutError as error:
        raise LinkLost("no connection: timed out") from error
    except socket.gaierror as error:
        raise LinkLost(error.strerror or "its name cannot be resolved") from error
    except OSError as error:
        raise LinkLost(os.strerror(error.errno) if error.errno else str(error)) from error
    except UnicodeError as error:
        raise LinkLost("its name is none") from error
