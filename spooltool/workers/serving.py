"""A worker as it is itself: the process at the other end of the screen's socket.

`serve` is a worker's `main`.  It gives way to everybody else, is deaf to Ctrl-C, and ends
when the screen does, however that ended: the socket then has nobody at its other end.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import socket
import struct
import sys
import termios
from collections.abc import Callable, Sequence
from typing import Any

from spooltool.workers.wire import Reading, send

_NICENESS = 5
_COUNT = struct.Struct("i")


class Screen:
    """The screen, as a worker speaks with it.  EOFError, BrokenPipeError: it has ended."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._reading = Reading(sock)

    def fileno(self) -> int:
        """For a `select` of the worker's own."""
        return self._socket.fileno()

    def asked(self, seconds: float | None = 0.0, *, beside: Sequence[int] = ()) -> list[Any]:
        """What it asks, as soon as there is anything; nothing after so long (None: never).

        Descriptors `beside` the socket end the wait, too.  Raises EOFError.
        """
        here, own = self._here(), self._socket.fileno()
        with selectors.PollSelector() as waiting:  # `select` knows no descriptor above 1,023
            for fd in (own, *beside):
                waiting.register(fd, selectors.EVENT_READ)
            ready = waiting.select(0.0 if here else seconds)
        if any(key.fd == own for key, _ in ready):
            self._reading.more()
        return here + self._here()

    def tell(self, value: object, fds: Sequence[int] = ()) -> None:
        """Tell it something; the descriptors are closed.  Waits while it does not listen."""
        try:
            send(self._socket, value, fds)
        finally:
            for fd in fds:
                os.close(fd)

    @property
    def listens(self) -> bool:
        """Whether it has taken all that it was told: else there is no use in telling more."""
        held = fcntl.ioctl(self._socket, termios.TIOCOUTQ, _COUNT.pack(0))
        return bool(_COUNT.unpack(held)[0] == 0)

    def _here(self) -> list[Any]:
        found = []
        while (frame := self._reading.take()) is not None:
            found.append(frame.value)
        return found


def serve(work: Callable[[Screen, list[str]], None]) -> None:
    """Be a worker: `work` gets the screen and the arguments, until the screen ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    fd, *arguments = sys.argv[1:]
    with socket.socket(fileno=int(fd)) as sock:
        sock.set_inheritable(False)
        try:
            work(Screen(sock), arguments)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
