"""The entrance: who a new client is, and to which server it was going.

Between accepting and the session.  What the kernel knows of a redirected connection is
asked at once; the header of a proxy is waited for, with a deadline.  Of the socket not one
octet behind the header is taken, so the session, and TLS, find their own beginning.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections.abc import Callable, Sequence

from relay.intake.intake import Intake
from relay.intake.listener import plain_address
from relay.intake.route import is_local
from relay.policy.acceptance import DEFAULT_PORT
from relay.policy.origin import Origin, Way, comes_back, server
from relay.smtp.proxy_header import LONGEST, Malformed, ProxyHeader, read_proxy_header
from relay.smtp.reply import Reply
from spooltool.spool.hosts import HostPort

HEADER_DEADLINE = 10.0
"""Seconds that a proxy may take for its header; it has it before the client says a word."""

UNKNOWN_ORIGIN = Reply(421, "4.3.0", "the destination of this connection cannot be told")
TOO_MANY_CLIENTS = Reply(421, "4.7.0", "too many connections, try again later")

_SO_ORIGINAL_DST = 80  # also IP6T_SO_ORIGINAL_DST; the header is linux/netfilter_ipv4.h
_NOT_REDIRECTED = frozenset((errno.ENOENT, errno.ENOPROTOOPT))
_SOCKADDR_IN = struct.Struct("!2xH4s8x")
_SOCKADDR_IN6 = struct.Struct("!2xH4x16s4x")

Peer = tuple[str, int]
Admit = Callable[[socket.socket, Peer, Origin], None]


class Entrance:
    """Takes accepted connections and hands them on to `admit`, each with its client and origin.

    `header_deadline` is in seconds.  Call `close` when no more are to be handed on.
    """

    def __init__(
        self,
        intake: Intake,
        sockets: Sequence[socket.socket],
        admit: Admit,
        *,
        header_deadline: float = HEADER_DEADLINE,
    ) -> None:
        self._intake = intake
        self._admit = admit
        self._deadline = header_deadline
        self._listening = tuple(one for sock in sockets for one in _addresses_of(sock))
        self._waiting: set[asyncio.Task[ProxyHeader | Malformed]] = set()

    def arrived(self, sock: socket.socket, peer: Peer) -> None:
        """A connection was accepted."""
        if peer[0] not in self._intake.settings.proxies:
            self._learn(sock, peer)
        elif self._intake.room_for_proxy():
            self._intake.waiting += 1
            task = asyncio.get_running_loop().create_task(self._header(sock))
            self._waiting.add(task)
            task.add_done_callback(lambda done: self._introduced(sock, peer, done))
        else:
            turn_away(sock, TOO_MANY_CLIENTS)
            self._intake.turned_away(*peer, TOO_MANY_CLIENTS)

    def close(self) -> None:
        """Drop what still waits for a header."""
        for task in self._waiting:
            task.cancel()

    async def _header(self, sock: socket.socket) -> ProxyHeader | Malformed:
        try:
            async with asyncio.timeout(self._deadline):
                return await read_header(sock)
        except TimeoutError:
            return Malformed(f"no PROXY header within {self._deadline:g} s")
        except OSError as error:
            return Malformed(error.strerror or str(error))

    def _introduced(
        self, sock: socket.socket, peer: Peer, task: asyncio.Task[ProxyHeader | Malformed]
    ) -> None:
        """A proxy has said for whom it speaks, or will not any more."""
        self._waiting.discard(task)
        self._intake.waiting -= 1
        if task.cancelled():
            sock.close()
            return
        header = task.result()
        if isinstance(header, Malformed):
            sock.close()
            self._intake.records.no_header(*peer, header.why)
            return
        found = HostPort(*header.destination) if header.destination else None
        self._hand_on(sock, header.source or peer, found, HostPort(*peer))

    def _learn(self, sock: socket.socket, peer: Peer) -> None:
        """A connection that speaks for itself: what the kernel says of it."""
        try:
            match self._intake.settings.way:
                case Way.REDIRECT:
                    found = redirected_from(sock, ":" in peer[0])
                case Way.TPROXY:
                    found = _endpoint(sock.getsockname())
                case _:
                    found = None
        except OSError as error:
            self._cannot_tell(sock, peer, error)
            return
        self._hand_on(sock, peer, found, None)

    def _hand_on(
        self, sock: socket.socket, client: Peer, found: HostPort | None, proxy: HostPort | None
    ) -> None:
        settings = self._intake.settings
        try:
            known = found if settings.way is not Way.OFF else None
            to = server(known, is_local=is_local)
            ours = settings.rule.servers_of_ours
            loop = comes_back(ours, DEFAULT_PORT, self._listening, is_local)
            at = known.host if known is not None else _own_address(sock)
            from_here = to is not None and is_local(client[0])
        except OSError as error:
            self._cannot_tell(sock, client, error)
            return
        self._admit(sock, client, Origin(to, proxy, from_here, loop, at))

    def _cannot_tell(self, sock: socket.socket, client: Peer, error: OSError) -> None:
        turn_away(sock, UNKNOWN_ORIGIN)
        self._intake.turned_away(*client, UNKNOWN_ORIGIN)
        self._intake.records.log.alert(f"no original destination: {error.strerror or error}")


async def read_header(sock: socket.socket) -> ProxyHeader | Malformed:
    """Take a PROXY header from a socket, and nothing that is behind it.  Raises OSError.

    Looking ahead finds the end; what is no end yet is header as a whole and can be taken.
    """
    sock.setblocking(False)
    held = b""
    while True:
        try:
            ahead = sock.recv(LONGEST, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            await _readable(sock)
            continue
        if not ahead:
            return Malformed("closed within the PROXY header" if held else "")
        found = read_proxy_header(held + ahead)
        if found is None:
            held += sock.recv(len(ahead))
            continue
        if isinstance(found, ProxyHeader):
            sock.recv(found.length - len(held))
        return found


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock.fileno(), lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(sock.fileno())


def redirected_from(sock: socket.socket, ipv6: bool) -> HostPort | None:
    """Where a connection was going before a REDIRECT or DNAT rule; None when there was none.

    `ipv6` is about the connection, not the socket, which may take both kinds.  Raises
    OSError where that cannot be told just now.
    """
    level, form = (
        (socket.IPPROTO_IPV6, _SOCKADDR_IN6) if ipv6 else (socket.IPPROTO_IP, _SOCKADDR_IN)
    )
    try:
        raw = sock.getsockopt(level, _SO_ORIGINAL_DST, form.size)
    except OSError as error:
        if error.errno in _NOT_REDIRECTED:
            return None
        raise
    port, octets = form.unpack(raw)
    family = socket.AF_INET6 if ipv6 else socket.AF_INET
    return _endpoint((socket.inet_ntop(family, octets), port))


def turn_away(sock: socket.socket, reply: Reply) -> None:
    """Say a reply to a client that gets no session; it need not be waited for."""
    try:
        sock.setblocking(False)
        sock.send(reply.wire())
    except OSError:
        pass  # it has left, or does not read: it is closed all the same
    finally:
        sock.close()


def _own_address(sock: socket.socket) -> str:
    """Our address of a connection; "" for one that is not of the Internet."""
    name = sock.getsockname()
    return plain_address(name[0]) if isinstance(name, tuple) else ""


def _endpoint(address: tuple[str, int] | tuple[str, int, int, int]) -> HostPort:
    return HostPort(plain_address(address[0]), address[1])


def _addresses_of(sock: socket.socket) -> tuple[HostPort, ...]:
    """Where a listening socket takes connections; `::` may mean every IPv4 address, too."""
    host, port = sock.getsockname()[:2]
    own = HostPort(host, port)
    if host == "::" and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        return own, HostPort("0.0.0.0", port)
    return (own,)
