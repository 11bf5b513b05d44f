"""One question to the name servers: each in turn, with a deadline for all of them.

UDP with EDNS (RFC 6891) and room for 1,232 octets; a truncated response is asked for
again over TCP, a server that does not know EDNS is asked without it.  What is no response
to the question is not listened to, so that nobody else can answer in time for a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from relay.delivery.dns.answers import Answer, Said, read, trouble
from spooltool.spool.hosts import HostPort

PORT = 53
ROOM = 1232
"""Octets of a UDP response that pass every network unfragmented."""
ROUNDS = 2
"""How often each server is asked."""


class Servers:
    """The name servers to ask, in order; without any those of the system (resolv.conf)."""

    def __init__(self, servers: Sequence[HostPort] = (), timeout: float = 10.0) -> None:
        """`timeout` is for one question, whoever answers it, in seconds."""
        self.timeout = timeout
        self._servers = tuple(servers) or system_servers()

    async def ask(self, name: str, kind: str) -> Answer:
        """The answer of the first server that gives one: MX, A or AAAA of a name."""
        try:
            question = dns.name.from_text(name)
        except dns.exception.DNSException:
            return Answer(Said.NO_NAME)
        if not self._servers:
            return trouble("no name server is known")
        patience = self.timeout / (ROUNDS * len(self._servers))
        said = trouble("")
        for _ in range(ROUNDS):
            for server in self._servers:
                said = await self._ask_one(server, question, kind, patience)
                if said.said is not Said.TROUBLE:
                    return said
        return said

    async def _ask_one(
        self, server: HostPort, name: dns.name.Name, kind: str, patience: float
    ) -> Answer:
        try:
            async with asyncio.timeout(patience):
                response = await _exchange(server, name, kind, edns=True)
                if response.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP):
                    response = await _exchange(server, name, kind, edns=False)
        except TimeoutError:
            return trouble(f"no answer from {server.host}")
        except dns.exception.DNSException as error:
            return trouble(f"{server.host}: {type(error).__name__}")
        except (OSError, EOFError) as error:
            return trouble(f"{server.host}: {getattr(error, 'strerror', None) or error}")
        answer = read(response)
        if answer.said is Said.TROUBLE:
            return trouble(f"{server.host}: {answer.text}")
        return answer


async def _exchange(
    server: HostPort, name: dns.name.Name, kind: str, *, edns: bool
) -> dns.message.Message:
    query = dns.message.make_query(
        name, kind, use_edns=0 if edns else False, payload=ROOM, flags=dns.flags.RD
    )
    response, _ = await dns.asyncquery.udp_with_fallback(
        query, server.host, port=server.port or PORT, ignore_unexpected=True, ignore_errors=True
    )
    return response


def system_servers() -> tuple[HostPort, ...]:
    """The servers of /etc/resolv.conf; none where it cannot be read."""
    try:
        found = dns.resolver.Resolver(configure=True)
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(HostPort(str(one)) for one in found.nameservers)
