"""The hosts that mail for a destination is offered to now: as it names them, or by the DNS.

Of both only those that no order keeps shut.  What nobody will ever take is an outcome, and
what cannot be found out now a failure of the destination, as a host that is silent is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from relay.delivery.connection import Failure
from relay.delivery.pool import UNRESOLVED
from relay.delivery.resolve import Located
from relay.dequeue.destination import Destination
from relay.dequeue.settings import Settings
from relay.policy.mx import NoMail, NoWay, Route, no_domain
from relay.smtp.outcome import Outcome, lacking
from spooltool.spool.hosts import HostPort

if TYPE_CHECKING:
    from relay.delivery.dns.exchange import Exchanges
    from relay.delivery.dns.memory import Memory

Hosts = Sequence[HostPort | Located]
"""Hosts to ask in order; none: all that there are are suspended."""


class Ways:
    """Finds the hosts of destinations.  `open_hosts` are those of a list that may be tried."""

    def __init__(
        self, settings: Settings, open_hosts: Callable[[Sequence[HostPort]], Sequence[HostPort]]
    ) -> None:
        self._settings = settings
        self._open = open_hosts
        self._exchanges: Exchanges | None = None
        self._memory: Memory | None = None

    def obey(self, settings: Settings) -> None:
        """These settings count from now on.  What is known of the DNS is asked for anew."""
        self._settings = settings
        self._exchanges = self._memory = None

    def forget_troubles(self) -> None:
        """A person asks for an attempt now: name servers that failed are asked again."""
        if self._memory is not None:
            self._memory.forget_troubles()

    async def to(self, destination: Destination) -> Hosts | Failure | Outcome:
        """The hosts to ask; a Failure where that is not known now, an Outcome where nobody is."""
        if not destination.mx:
            return self._open(destination.hosts)
        domain = destination.domain
        if not domain:
            return self._never(no_domain("postmaster"), domain)
        if is_address(domain):
            stops = [Located(domain, ((domain, self._settings.mx_port),))]
        else:
            found = await self._find(domain)
            if isinstance(found, NoMail):
                return self._never(found, domain)
            if isinstance(found, NoWay):
                return Failure(UNRESOLVED, found.text)
            stops = self._stops(found)
        return [left for stop in stops if (left := self._unsuspended(stop)) is not None]

    async def _find(self, domain: str) -> Route | NoMail | NoWay:
        return await self.exchanges().of(domain)

    def _stops(self, found: Route) -> list[Located]:
        port = self._settings.mx_port
        return [
            Located(stop.host, tuple((address, port) for address in stop.addresses))
            for stop in found.stops
        ]

    def _unsuspended(self, stop: Located) -> Located | None:
        """What may be tried of a host: an order may name it, or an address of it."""
        if not self._open([HostPort(stop.host, self._settings.mx_port)]):
            return None
        left = tuple(one for one in stop.addresses if self._open([HostPort(*one)]))
        return Located(stop.host, left) if left else None

    def _never(self, why: NoMail, domain: str) -> Outcome:
        hop = self._settings.hops().of(domain, self._settings.mx_port)
        return lacking(why.status, why.text, soft=hop.soft_bounce)

    def exchanges(self) -> Exchanges:
        """What asks the DNS; made when mail by MX is first met."""
        if self._exchanges is None:
            # Most gateways never deliver by MX, and the library is large.
            from relay.delivery.dns.exchange import Exchanges, Ours
            from relay.delivery.dns.lookup import Lookup
            from relay.delivery.dns.memory import Memory
            from relay.delivery.dns.servers import Servers

            known = self._settings
            self._memory = Memory()
            self._exchanges = Exchanges(
                Lookup(Servers(known.dns_servers, known.dns_timeout), self._memory),
                ours=Ours(known.hostname, known.listeners),
                limits=known.mx_limits,
                port=known.mx_port,
            )
        return self._exchanges


def is_address(domain: str) -> bool:
    """Whether a mail domain is what stood in an address literal."""
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return False
    return True
