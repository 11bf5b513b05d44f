"""Accepting connections on listening sockets.

Accepting is done here and not by the loop's own server so that it can pause: when the
process or the system has no descriptor left, connections wait in the kernel's queue for
a second instead of being accepted and dropped.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence

PAUSE = 1.0
"""Seconds without accepting after descriptors or memory ran out."""

_AT_ONCE = 32
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
