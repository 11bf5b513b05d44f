"""Objects between two processes of ours: a length, a pickle, and descriptors beside it.

Both ends are started by one person from one installation, over a socket that has no name,
so that pickle is no risk here.  Frames are read whole; a reader that finds the other end
closed raises EOFError.
"""

from __future__ import annotations

import array
import os
import pickle
import socket
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

_HEAD = struct.Struct("!IB")
_MOST_FDS = 8
_CHUNK = 1 << 20


class Frame(NamedTuple):
    """One object with the descriptors that came with it; who takes it closes them."""

    value: Any
    fds: tuple[int, ...] = ()


def encode(value: object, fds: Sequence[int] = ()) -> bytes:
    """The bytes of a frame; the descriptors go beside its first byte."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _HEAD.pack(len(data), len(fds)) + data


def send(sock: socket.socket, value: object, fds: Sequence[int] = ()) -> None:
    """Send one object and wait until it is out.  Raises OSError when nobody reads."""
    data = encode(value, fds)
    sent = 0
    if fds:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        sent = sock.sendmsg([data], rights)
    sock.sendall(memoryview(data)[sent:])


class Reading:
    """Frames out of a socket, as their bytes come."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._bytes = bytearray()
        self._fds: list[int] = []

    def take(self) -> Frame | None:
        """A frame that is here whole; None when it is not.  Reads nothing."""
        if len(self._bytes) < _HEAD.size:
            return None
        length, fds = _HEAD.unpack_from(self._bytes)
        end = _HEAD.size + length
        if len(self._bytes) < end or len(self._fds) < fds:
            return None
        value = pickle.loads(memoryview(self._bytes)[_HEAD.size : end])
        del self._bytes[:end]
        taken, self._fds = tuple(self._fds[:fds]), self._fds[fds:]
        return Frame(value, taken)

    def more(self) -> None:
        """Read what has come.  Raises EOFError, and BlockingIOError when nothing has."""
        data, fds, _, _ = socket.recv_fds(self._sock, _CHUNK, _MOST_FDS, socket.MSG_CMSG_CLOEXEC)
        self._fds += fds
        if not data:
            raise EOFError
        self._bytes += data

    def wait(self) -> Frame:
        """The next frame of a blocking socket.  Raises EOFError."""
        while (frame := self.take()) is None:
            self.more()
        return frame

    def close(self) -> None:
        """Close the descriptors that nobody took."""
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()
