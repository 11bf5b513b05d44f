"""Accepting connections on listening sockets.

Accepting is done here and not by the loop's own server so that it can pause: when the
process or the system has no descriptor left, connections wait in the kernel's queue for
a second instead of being accepted and dropped.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterable, MutableMapping, Sequence

from spooltool.errors import CannotCreate, NotPermitted
from spooltool.spool.hosts import HostPort

PAUSE = 1.0
"""Seconds without accepting after descriptors or memory ran out."""

BACKLOG = 1024
"""Connections that may wait in the kernel until they are accepted."""

_AT_ONCE = 32
_FIRST_HANDED_DOWN = 3
_TRANSPARENT = {
    int(socket.AF_INET): (socket.IPPROTO_IP, socket.IP_TRANSPARENT),
    int(socket.AF_INET6): (socket.IPPROTO_IPV6, 75),  # IPV6_TRANSPARENT of linux/in6.h
}
_EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))

Accepted = Callable[[socket.socket, tuple[str, int]], None]


class Listener:
    """Accepts on every socket and hands each connection on, with its peer's address.

    `trouble` is told when accepting pauses.  The sockets belong to the caller.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        accepted: Accepted,
        trouble: Callable[[OSError], None],
    ) -> None:
        self._sockets = tuple(sockets)
        self._accepted = accepted
        self._trouble = trouble
        self._loop = asyncio.get_running_loop()
        self._resume: asyncio.TimerHandle | None = None
        self._open = False

    def start(self) -> None:
        """Begin accepting."""
        self._open = True
        for sock in self._sockets:
            sock.setblocking(False)
            self._loop.add_reader(sock.fileno(), self._accept, sock)

    def stop(self) -> None:
        """Accept no more; connections that wait in the kernel stay there."""
        self._open = False
        if self._resume is not None:
            self._resume.cancel()
            self._resume = None
        self._unwatch()

    def _unwatch(self) -> None:
        for sock in self._sockets:
            self._loop.remove_reader(sock.fileno())

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, address = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(error)
                    return
                continue  # the client is gone already (ECONNABORTED and its like)
            self._accepted(sock, (plain_address(address[0]), address[1]))
            if not self._open:
                return

    def _pause(self, error: OSError) -> None:
        self._unwatch()
        self._trouble(error)
        self._resume = self._loop.call_later(PAUSE, self.start)


def plain_address(address: str) -> str:
    """A peer's address as rules and files have it: no zone, mapped IPv4 as IPv4."""
    address = address.partition("%")[0]
    return address[7:] if address.startswith("::ffff:") and "." in address else address


def bind(listeners: Iterable[HostPort]) -> list[socket.socket]:
    """Listening sockets for these addresses; a name may stand for several.

    Raises NotPermitted (a low port without the right to it) or CannotCreate.
    """
    bound: list[socket.socket] = []
    for listener in listeners:
        try:
            bound += _bind(listener.host, listener.port or 0)
        except OSError as error:
            for sock in bound:
                sock.close()
            text = f"cannot listen on {listener}: {error.strerror}"
            if isinstance(error, PermissionError):
                raise NotPermitted(text, hint="ports below 1024 want root or systemd") from error
            raise CannotCreate(text) from error
    return bound


def _bind(host: str, port: int) -> list[socket.socket]:
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )
    bound: list[socket.socket] = []
    for family, kind, proto, _, address in found if port else found[:1]:
        sock = socket.socket(family, kind, proto)
        bound.append(sock)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.listen(BACKLOG)
        except OSError:
            for one in bound:
                one.close()
            raise
    return bound


def make_transparent(sockets: Iterable[socket.socket]) -> None:
    """Have listening sockets take connections to addresses that are not this machine's.

    A tproxy rule wants it (ip(7), IP_TRANSPARENT); what is so already, as a socket unit's
    with Transparent=yes, stays so.  Raises NotPermitted without the right to it.
    """
    for sock in sockets:
        level, option = _TRANSPARENT[sock.family]
        if sock.getsockopt(level, option):
            continue
        try:
            sock.setsockopt(level, option, 1)
        except OSError as error:
            raise NotPermitted(
                f"tproxy: {error.strerror}: a listening socket cannot be made transparent",
                hint="start the relay as root, or set Transparent=yes in the socket unit",
            ) from error


def handed_down(descriptors: Iterable[int]) -> list[socket.socket]:
    """The listening sockets that a parent left open.  Raises CannotCreate for others."""
    sockets = []
    for fd in descriptors:
        try:
            sockets.append(socket.socket(fileno=fd))
        except OSError as error:
            raise CannotCreate(f"descriptor {fd} is no socket: {error.strerror}") from error
    return sockets


def from_systemd(environment: MutableMapping[str, str]) -> list[socket.socket]:
    """The sockets of a systemd socket unit (sd_listen_fds(3)), none without one."""
    mine = environment.pop("LISTEN_PID", "") == str(os.getpid())
    count = environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if not mine or not count.isdigit():
        return []
    return handed_down(range(_FIRST_HANDED_DOWN, _FIRST_HANDED_DOWN + int(count)))
