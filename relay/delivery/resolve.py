"""Host names to addresses, asynchronously, with a deadline and a short memory."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

from spooltool.spool.hosts import HostPort

Address = tuple[str, int]
"""An address and a port."""

REMEMBER = 60.0
"""Seconds that an answer is kept."""

DEADLINE = 10.0
"""Seconds that a look-up may take."""

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Located:
    """A host whose addresses are known already: its MX record led to it."""

    host: str
    addresses: tuple[Address, ...]


class Unresolved(Exception):
    """The name has no address now; a configured host never fails for good by that."""


class Resolver:
    """Looks names up through the system's resolver (hosts file and DNS).

    At most eight look-ups run at once, so that a dead name server cannot take the
    threads of everything else.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, list[str]]] = {}
        self._limit = asyncio.Semaphore(_AT_ONCE)

    async def addresses(self, host: HostPort | Located, default_port: int) -> list[Address]:
        """Every address of a host, in the resolver's order.  Raises Unresolved."""
        if isinstance(host, Located):
            return list(host.addresses)
        port = host.port if host.port is not None else default_port
        try:
            return [(str(ipaddress.ip_address(host.host)), port)]
        except ValueError:
            pass
        return [(address, port) for address in await self._look_up(host.host)]

    async def _look_up(self, name: str) -> list[str]:
        loop = asyncio.get_running_loop()
        known = self._known.get(name)
        if known is not None and known[0] > loop.time():
            return known[1]
        try:
            async with self._limit, asyncio.timeout(DEADLINE):
                found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise Unresolved(f"{name}: no answer from the resolver in {DEADLINE:.0f} s") from error
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise Unresolved(f"{name}: {why or error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        self._known[name] = (loop.time() + REMEMBER, addresses)
        return addresses
