"""The control socket: `.spooltool/control`, for the spool's owner and root alone.

The socket is bound through the directory's descriptor, since a socket's path may have
108 bytes and a spool's more.  A stale one is replaced: the caller holds the dequeuer's
lock, so nobody listens on it.  Clients that are slow to ask or to read are dropped; the
dequeuer never waits for one.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable
from typing import cast

from relay.control.answers import Handler, answer
from spooltool.control import MAX_LINE, Refused, decode_request, encode_reply
from spooltool.errors import CannotCreate
from spooltool.store.root import Spool

NAME = "control"
"""Name of the socket in `.spooltool/`."""

PATIENCE = 10.0
"""Seconds in which a request must be complete once it has begun, and a reply be read."""

MAX_CLIENTS = 64
"""Clients at a time; one more is turned away."""

_CREDENTIALS = struct.Struct("3i")
_NOT_PERMITTED = encode_reply(Refused("not permitted: only the spool's owner and root may"))
_TOO_LONG = encode_reply(Refused(f"the line is longer than {MAX_LINE} bytes"))
_TOO_MANY = encode_reply(Refused("too many clients"))


async def serve(
    spool: Spool, handler: Handler, *, patience: float = PATIENCE
) -> Callable[[], None]:
    """Answer requests until the returned function is called, which removes the socket.

    Call it under the dequeuer's lock only.  Raises CannotCreate.
    """
    listener = _bind(spool)
    server = _Server(spool, handler, listener, patience)
    server.start()
    return server.close


def _bind(spool: Spool) -> socket.socket:
    own = spool.own_dir()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        os.fchmod(listener.fileno(), 0o600)  # Linux gives the file the socket's mode
        try:
            os.unlink(NAME, dir_fd=own)
        except FileNotFoundError:
            pass
        listener.bind(f"/proc/self/fd/{own}/{NAME}")
        listener.listen(16)
    except OSError as error:
        listener.close()
        raise CannotCreate(f"control socket of {spool.path}: {error.strerror}") from error
    return listener


def peer_uid(sock: socket.socket) -> int:
    """The user at the other end of a Unix socket, as the kernel noted it at connect."""
    size = _CREDENTIALS.size
    _pid, uid, _gid = _CREDENTIALS.unpack(
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return int(uid)


class _Server:
    """The listening socket and its clients."""

    def __init__(
        self, spool: Spool, handler: Handler, listener: socket.socket, patience: float
    ) -> None:
        self.handler = handler
        self.patience = patience
        self.clients: set[_Client] = set()
        self._spool = spool
        self._listener = listener
        self._inode = os.stat(NAME, dir_fd=spool.own_dir(), follow_symlinks=False).st_ino
        self._allowed = {0, spool.uid}
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        if self._listener.fileno() < 0:
            return  # closed while accepting paused
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def close(self) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        for client in list(self.clients):
            client.drop()
        own = self._spool.own_dir()
        try:
            if os.stat(NAME, dir_fd=own, follow_symlinks=False).st_ino == self._inode:
                os.unlink(NAME, dir_fd=own)
        except OSError:
            pass  # gone already: a later dequeuer replaces what is stale

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                # No descriptor is free: clients wait a second in the kernel's queue.
                self._loop.remove_reader(self._listener.fileno())
                self._loop.call_later(1.0, self.start)
            return
        if peer_uid(sock) not in self._allowed:
            _turn_away(sock, _NOT_PERMITTED)
        elif len(self.clients) >= MAX_CLIENTS:
            _turn_away(sock, _TOO_MANY)
        else:
            client = _Client(self)
            self.clients.add(client)
            self.spawn(self._connect(client, sock))

    def spawn(self, work: asyncio._CoroutineLike[None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, client: _Client, sock: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: client, sock)
        except OSError:
            sock.close()
            self.clients.discard(client)


def _turn_away(sock: socket.socket, reply: bytes) -> None:
    try:
        sock.setblocking(False)
        sock.send(reply)
    except OSError:
        pass  # it does not read: it is closed all the same
    finally:
        sock.close()


class _Client(asyncio.Protocol):
    """One client: its lines are answered one after the other."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._busy = False
        self._choked = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._server.clients.discard(self)
        self._set_timer(False)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def pause_writing(self) -> None:
        """Replies are not read: answer nothing more, and give it a while."""
        self._choked = True
        self._set_timer(True)

    def resume_writing(self) -> None:
        self._choked = False
        self._set_timer(False)
        self._go_on()

    def drop(self) -> None:
        """End the connection at once, whatever is still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def _go_on(self) -> None:
        transport = self._transport
        if transport is None or self._busy or self._choked:
            if transport is not None and len(self._buffer) > MAX_LINE:
                transport.pause_reading()
            return
        line, found, rest = self._buffer.partition(b"\n")
        if len(line) >= MAX_LINE:
            transport.write(_TOO_LONG)
            transport.close()
            return
        if not found:
            self._set_timer(bool(line))
            return
        self._buffer = rest
        if len(rest) <= MAX_LINE:
            transport.resume_reading()
        self._busy = True
        self._set_timer(False)
        self._server.spawn(self._answer(line))

    async def _answer(self, line: bytes) -> None:
        reply = b""
        try:
            request = decode_request(line)
            if isinstance(request, Refused):
                reply = encode_reply(request)
            else:
                reply = encode_reply(await answer(self._server.handler, request))
        finally:
            if not reply:
                self.drop()  # a bug of ours must not leave the client waiting
        self._busy = False
        if self._transport is not None:
            self._transport.write(reply)
            self._go_on()

    def _set_timer(self, wanted: bool) -> None:
        if wanted and self._timer is None:
            self._timer = self._loop.call_later(self._server.patience, self.drop)
        elif not wanted and self._timer is not None:
            self._timer.cancel()
            self._timer = None
