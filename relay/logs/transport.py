"""The sockets of log servers: opened at the first entry, and anew after any error.

These block for a while, and are for the thread of an output alone.
"""

from __future__ import annotations

import select
import socket

from spooltool.logs.entry import Entry
from spooltool.logs.journal import format_journal
from spooltool.logs.log_target import LogTarget, Way
from spooltool.logs.syslog import format_syslog

PATIENCE = 5.0
"""Seconds that a server may take to accept a connection or an entry."""


class Transport:
    """Sends entries to one target.  `send` raises OSError; the entry may then be sent again."""

    def __init__(self, target: LogTarget) -> None:
        self.target = target
        self._socket: socket.socket | None = None

    def send(self, entry: Entry) -> None:
        """Hand over one entry, over a socket that is opened where there is none."""
        way = self.target.way
        data = format_journal(entry) if way is Way.JOURNALD else format_syslog(entry)
        if way is Way.TCP:
            data = b"%d %b" % (len(data), data)
        try:
            if self._socket is None:
                self._socket = self._opened()
            elif way is Way.TCP and _is_over(self._socket):
                raise ConnectionResetError("the server has closed the connection")
            self._socket.sendall(data)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _opened(self) -> socket.socket:
        peer = self.target.peer
        if peer is None:
            return _connected(socket.AF_UNIX, socket.SOCK_DGRAM, self.target.path)
        if self.target.way is Way.TCP:
            connection = socket.create_connection((peer.host, peer.port or 0), PATIENCE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return connection
        found = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_DGRAM)
        family, kind, _, _, address = found[0]
        return _connected(family, kind, address)


def _connected(family: int, kind: int, address: object) -> socket.socket:
    made = socket.socket(family, kind)
    try:
        made.settimeout(PATIENCE)
        made.connect(address)  # type: ignore[arg-type]  # as getaddrinfo gave it, or a path
    except OSError:
        made.close()
        raise
    return made


def _is_over(connection: socket.socket) -> bool:
    """Whether the peer has closed: a log server never says anything, so no byte waits."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0)) and not connection.recv(4096)
