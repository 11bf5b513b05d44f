"""Connections to next hops: opened host by host, kept a while, counted and timed.

A host that failed is passed over for a minute while another of the list may do.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Collection, Sequence

from relay.delivery.connection import Connection, EightBit, Encryption, Failure, Peer
from relay.delivery.mark import marked_socket
from relay.delivery.resolve import Address, Located, Resolver, Unresolved
from relay.policy.hops import Hop, Hops, Tls
from relay.smtp.outcome import REFUSED, TIMEOUT, TLS
from relay.tls.trust import NoAuthorities, Trust
from spooltool.spool.hosts import HostPort

PASS_OVER = 60.0
"""Seconds that a failed address is tried after the others of its list."""

KEEP_IDLE = 5.0
"""Seconds that an idle connection is kept for the next mail."""

UNRESOLVED = "unresolved"

NO_HOST = Failure(UNRESOLVED, "no host")
"""There is nobody to ask, or nobody else."""
FellBack = Callable[[Address, str], None]


class Pool:
    """Every connection of a dequeuer; their sockets carry `mark` where it is not 0.

    `fell_back` is told of a handshake that failed where a connection in clear followed.
    """

    def __init__(
        self,
        helo: str,
        timeout: float,
        *,
        hops: Hops,
        trust: Trust,
        eightbit: EightBit,
        mark: int = 0,
        fell_back: FellBack = lambda address, text: None,
    ) -> None:
        self.helo = helo
        self.timeout = timeout
        self._hops = hops
        self._trust = trust
        self.eightbit = eightbit
        self._mark = mark
        self._fell_back = fell_back
        self._resolver = Resolver()
        self._failed: dict[Peer, float] = {}
        self._idle: dict[Peer, list[tuple[float, Connection]]] = {}
        self._open: set[Connection] = set()

    def ask(self, hops: Hops, trust: Trust) -> None:
        """Ask this of hosts from now on; connections that stand take no further mail."""
        self._hops, self._trust = hops, trust
        for connection in self._open:
            connection.stale = True

    @property
    def count(self) -> int:
        """Connections that are open or being opened."""
        return len(self._open)

    async def connect(
        self,
        hosts: Sequence[HostPort | Located],
        default_port: int,
        *,
        without: Collection[Address] = (),
        fresh: bool = False,
    ) -> tuple[Connection | None, Failure]:
        """A ready connection to the first host that takes one, else the last failure.

        Addresses in `without` were asked already; where no other is left the failure is
        `NO_HOST`.  A `fresh` connection has carried no mail before.
        """
        loop = asyncio.get_running_loop()
        failure = NO_HOST
        later: list[tuple[Peer, str]] = []
        for host in hosts:
            try:
                addresses = await self._resolver.addresses(host, default_port)
            except Unresolved as error:
                failure = Failure(UNRESOLVED, str(error))
                continue
            for address in addresses:
                if address in without:
                    continue
                peer = (address, self._hops.of(host.host, address[1]))
                if self._failed.get(peer, 0.0) > loop.time():
                    later.append((peer, host.host))
                    continue
                connection, failure = await self._try(peer, host.host, fresh)
                if connection is not None:
                    return connection, failure
        for peer, name in later:
            connection, failure = await self._try(peer, name, fresh)
            if connection is not None:
                return connection, failure
        return None, failure

    def give_back(self, connection: Connection) -> None:
        """Keep a ready connection for the next mail to the same address on the same terms."""
        if connection.stale:
            self.leave(connection)
            return
        until = asyncio.get_running_loop().time() + KEEP_IDLE
        self._idle.setdefault(connection.peer, []).append((until, connection))

    def tick(self) -> None:
        """Once a second: end silent connections, let idle ones go."""
        now = asyncio.get_running_loop().time()
        for connection in [c for c in self._open if c.closed or c.expire(now, self.timeout)]:
            self._open.discard(connection)
        for peer, idle in list(self._idle.items()):
            keep = []
            for until, connection in idle:
                if connection.closed:
                    continue
                if until <= now or connection.stale:
                    connection.quit()
                    self._open.discard(connection)
                else:
                    keep.append((until, connection))
            if keep:
                self._idle[peer] = keep
            else:
                del self._idle[peer]
        for peer in [one for one, until in self._failed.items() if until <= now]:
            del self._failed[peer]

    def forget_failures(self) -> None:
        """A kick means now: every address counts as untried."""
        self._failed.clear()

    def pass_over(self, peer: Peer) -> None:
        """It failed, broke off or said 421: for a while the others of its list come first."""
        self._failed[peer] = asyncio.get_running_loop().time() + PASS_OVER

    def close(self) -> None:
        """End every connection; busy ones are dropped."""
        for connection in list(self._open):
            connection.quit()
        self._open.clear()
        self._idle.clear()

    def leave(self, connection: Connection) -> None:
        """End one connection: with QUIT where no mail is under way, else at once."""
        if connection.client.between_mails:
            connection.quit()
            self._open.discard(connection)
        else:
            self.drop(connection)

    def drop(self, connection: Connection) -> None:
        """End one connection that may be in the middle of something."""
        connection.abort()
        self._open.discard(connection)

    async def _try(self, peer: Peer, name: str, fresh: bool) -> tuple[Connection | None, Failure]:
        idle = None if fresh else self._idle.get(peer)
        while idle:
            _, connection = idle.pop()
            if not connection.closed and not connection.stale:
                return connection, Failure("", "")
        address, hop = peer
        try:
            encryption = self._encryption(hop, name)
        except NoAuthorities as no:
            self.pass_over(peer)
            return None, Failure(TLS, str(no), address)
        opened, failed = await self._open_one(peer, encryption)
        if opened is None and failed.reason == TLS and hop.in_clear_if_it_fails:
            self._fell_back(address, failed.text)
            opened, failed = await self._open_one(peer, None)
        if opened is None:
            self.pass_over(peer)
            return None, failed
        self._failed.pop(peer, None)
        return opened, failed

    def _encryption(self, hop: Hop, name: str) -> Encryption | None:
        """What a handshake with this host is made of.  Raises NoAuthorities."""
        if hop.tls is Tls.OFF:
            return None
        verified = hop.tls is Tls.VERIFY
        context = self._trust.verified(hop.ca) if verified else self._trust.anyone()
        return Encryption(hop.name or name.rstrip("."), context, self.timeout)

    async def _open_one(
        self, peer: Peer, encryption: Encryption | None
    ) -> tuple[Connection | None, Failure]:
        address, hop = peer
        connection = Connection(
            self.helo, address, hop=hop, encryption=encryption, eightbit=self.eightbit
        )
        self._open.add(connection)
        try:
            async with asyncio.timeout(self.timeout):
                await self._dial(connection, address)
            failed = await connection.opened
        except TimeoutError:
            failed = Failure(
                TIMEOUT, f"{_connect(address)}: no answer in {self.timeout:.0f} s", address
            )
        except OSError as error:
            failed = Failure(_reason(error), _connect_text(error, address), address)
        except asyncio.CancelledError:
            self.drop(connection)
            raise
        if failed is None:
            return connection, Failure("", "", address)
        self.leave(connection)
        return None, failed

    async def _dial(self, connection: Connection, address: Address) -> None:
        """Connect.  Raises OSError."""
        loop = asyncio.get_running_loop()
        if not self._mark:
            await loop.create_connection(lambda: connection, address[0], address[1])
            return
        sock = marked_socket(address[0], self._mark)
        try:
            await loop.sock_connect(sock, address)
            await loop.create_connection(lambda: connection, sock=sock)
        except BaseException:
            sock.close()
            raise


def _reason(error: OSError) -> str:
    if error.errno in (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH):
        return TIMEOUT
    return REFUSED


def _connect(address: Address) -> str:
    return f"connect {HostPort(*address)}"


def _connect_text(error: OSError, address: Address) -> str:
    what = {
        errno.ECONNREFUSED: "Connection refused",
        errno.ETIMEDOUT: "Connection timed out",
        errno.EHOSTUNREACH: "No route to host",
        errno.ENETUNREACH: "Network is unreachable",
    }.get(error.errno or 0, error.strerror or str(error))
    return f"{_connect(address)}: {what}"
