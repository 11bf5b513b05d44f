"""The datagram that tells mdq of new mail; its loss is harmless, mdq scans anyway."""

from __future__ import annotations

import socket

from spooltool.store.root import Spool

NAME = "wake"
"""Name of mdq's datagram socket in `.spooltool/`."""


class Waker:
    """Sends wake-ups.  Never blocks and never fails: a dequeuer may be there or not."""

    def __init__(self, spool: Spool) -> None:
        # Through the descriptor: a socket's path may have 108 bytes, a spool's more.
        self._path = f"/proc/self/fd/{spool.own_dir()}/{NAME}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def wake(self) -> None:
        """Tell mdq to look into D_sender now."""
        try:
            self._socket.sendto(b"\n", self._path)
        except OSError:
            return  # no mdq, or one with enough wake-ups waiting

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
