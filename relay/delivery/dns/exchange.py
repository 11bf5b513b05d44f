"""A domain to the hosts that take its mail: questions here, the choice in `relay.policy.mx`."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relay.delivery.dns.answers import Answer, Said
from relay.delivery.dns.lookup import Lookup
from relay.policy.mx import (
    Addresses,
    Candidates,
    Exchange,
    Limits,
    NoMail,
    NoWay,
    Route,
    candidates,
    no_such,
    route,
)
from spooltool.spool.hosts import HostPort


@dataclass(frozen=True, slots=True)
class Ours:
    """What is this relay: its name, and where it listens, if at the port that is asked."""

    hostname: str = ""
    listeners: tuple[HostPort, ...] = ()

    def at(self, address: str, port: int) -> bool:
        """Whether this relay listens at an address and port."""
        for listener in self.listeners:
            if listener.port != port:
                continue
            if listener.host == address or (listener.host == "localhost" and _loopback(address)):
                return True
            if listener.host in ("0.0.0.0", "::") and _of_this_machine(address):
                return True
        return False


class Exchanges:
    """Finds the hosts of domains.  `draw` gives a number from 0 to 1 for each record."""

    def __init__(
        self,
        lookup: Lookup,
        *,
        ours: Ours,
        limits: Limits,
        port: int,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.lookup = lookup
        self.ours = ours
        self.limits = limits
        self.port = port
        self._draw = draw

    async def of(self, domain: str) -> Route | NoMail | NoWay:
        """The hosts that take mail for a domain in A-label form, in order."""
        answer = await self.lookup.find(domain, "MX")
        if answer.said is Said.TROUBLE:
            return NoWay(f"{domain}: MX: {answer.text}")
        if answer.said is Said.NO_NAME:
            return no_such(domain)
        found = [one for one in answer.records if isinstance(one, Exchange)]
        chosen = candidates(domain, found, [self._draw() for _ in found])
        if isinstance(chosen, NoMail):
            return chosen
        return await self._route(chosen)

    async def _route(self, chosen: Candidates) -> Route | NoMail | NoWay:
        name = self.ours.hostname.rstrip(".").lower()
        hosts = [one.host for one in chosen.exchanges]
        found = await asyncio.gather(*(self._addresses(host) for host in hosts))
        known = dict(zip(hosts, found, strict=True))
        own = {
            address
            for one in found
            for address in one.found
            if self.ours.at(address, self.port)
        }  # fmt: skip
        return route(
            chosen, known, self.limits, own_names={name} if name else (), own_addresses=own
        )

    async def _addresses(self, host: str) -> Addresses:
        answers = await asyncio.gather(*(self.lookup.find(host, kind) for kind in ("AAAA", "A")))
        found = [one for answer in answers for one in answer.records if isinstance(one, str)]
        usable = tuple(address for address in found if _usable(address))
        return Addresses(usable, _trouble(answers))


def _trouble(answers: Sequence[Answer]) -> str:
    return next((one.text for one in answers if one.said is Said.TROUBLE), "")


def _usable(address: str) -> bool:
    """Whether a connection to it can mean one host elsewhere."""
    known = ipaddress.ip_address(address)
    mapped = known.version == 6 and known.ipv4_mapped is not None
    return not (known.is_unspecified or known.is_multicast or mapped)


def _loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _of_this_machine(address: str) -> bool:
    """Whether a socket of ours can have this address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
