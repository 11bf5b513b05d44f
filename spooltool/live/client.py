"""The client of the relay's control socket, `<spool>/.spooltool/control`.

Blocking, one connection, replies in the order of the requests.  The socket is reached
through a descriptor of its directory, because a socket's path is limited to 108 bytes
and a spool's is not.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from spooltool.control import (
    MAX_LINE,
    Accepted,
    Done,
    Kick,
    Kicked,
    Refused,
    Reload,
    Reply,
    Request,
    Resume,
    Resumed,
    Status,
    StatusWanted,
    Suspend,
    Suspended,
    Yield,
    Yielded,
    decode_reply,
    encode_request,
    split,
)
from spooltool.control.orders import MAX_WHO
from spooltool.errors import NotPermitted, RelayUnreachable, SpooltoolError

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = "control"
TIMEOUT = 5.0
"""Seconds to wait for the relay to take a connection or to say anything."""

YIELD_TIMEOUT = 15.0
"""Seconds to wait for the answer to a yield: the relay gives attempts a moment to end."""

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_Answer = TypeVar("_Answer", Kicked, Yielded, Accepted, Status, Suspended, Resumed)


class ControlClient:
    """One connection to the relay of a spool; a context manager.

    Opening raises RelayUnreachable when no relay listens there, NotPermitted when its
    socket is another's.  Every question may raise RelayUnreachable (no answer in
    `timeout` seconds, connection lost, an answer that cannot be read), and SpooltoolError
    with the relay's own words when it refuses.
    """

    def __init__(self, spool: str | os.PathLike[str], timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._buffer = bytearray()
        self._socket = _connect(os.fspath(spool), timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the relay forgets nothing by that."""
        self._socket.close()

    def kick(
        self,
        *,
        everything: bool = False,
        ids: Sequence[str] | None = None,
        host: str = "",
        rate: float | None = None,
    ) -> Kicked:
        """Try now: everything, these ids or a host's mail, or `rate` of them a second."""
        request = Kick(everything, None if ids is None else tuple(ids), host, rate)
        parts = [self._ask(part, Kicked) for part in split(request)]
        return Kicked(
            sum(part.count for part in parts),
            sum(part.suspended for part in parts),
            max(part.seconds for part in parts),
        )

    def status(self) -> Status:
        """How the relay is."""
        return self._ask(StatusWanted(), Status)

    def yield_(self, ids: Sequence[str], seconds: float = 60.0) -> Yielded:
        """Ask the relay to let go of messages for `seconds`, or until `done`."""
        parts = [
            self._ask(part, Yielded, max(self._timeout, YIELD_TIMEOUT))
            for part in split(Yield(tuple(ids), seconds))
        ]
        return Yielded(
            tuple(id for part in parts for id in part.released),
            tuple(id for part in parts for id in part.busy),
            tuple(id for part in parts for id in part.absent),
        )

    def done(self, ids: Sequence[str]) -> None:
        """Tell the relay that the change is finished, so that it takes these up again."""
        for part in split(Done(tuple(ids))):
            self._ask(part, Accepted)

    def suspend(
        self, host: str, seconds: float | None = None, *, who: str = "", why: str = ""
    ) -> Suspended:
        """Have no attempts made to a host, for a time or until `resume`."""
        return self._ask(Suspend(host, seconds, who[:MAX_WHO], why), Suspended)

    def resume(self, hosts: Sequence[str] | None) -> Resumed:
        """End that for these patterns of hosts, or for all."""
        return self._ask(Resume(tuple(hosts or ()), hosts is None), Resumed)

    def reload(self) -> None:
        """Have the relay read its configuration again."""
        self._ask(Reload(), Accepted)

    def _ask(self, request: Request, kind: type[_Answer], timeout: float = 0.0) -> _Answer:
        with _mapped():
            self._socket.settimeout(timeout or self._timeout)
            self._socket.sendall(encode_request(request))
            line = self._line()
        reply: Reply = decode_reply(line, kind)
        if isinstance(reply, kind):
            return reply
        if isinstance(reply, Refused) and not reply.malformed:
            raise SpooltoolError(f"the relay refuses: {reply.error}")
        why = reply.error if isinstance(reply, Refused) else "another reply was expected"
        raise RelayUnreachable(
            f"the relay's answer cannot be read: {why}",
            hint="relay and spooltool may be of different versions",
        )

    def _line(self) -> bytes:
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > MAX_LINE:
                raise RelayUnreachable("the relay's answer is longer than any it may give")
            data = self._socket.recv(MAX_LINE)
            if not data:
                raise RelayUnreachable("the relay closed the control connection")
            self._buffer += data
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line


def kick(
    spool: str | os.PathLike[str],
    *,
    everything: bool = False,
    ids: Sequence[str] | None = None,
    host: str = "",
    rate: float | None = None,
    timeout: float = TIMEOUT,
) -> Kicked:
    """`ControlClient.kick` over a connection of its own."""
    with ControlClient(spool, timeout) as client:
        return client.kick(everything=everything, ids=ids, host=host, rate=rate)


def status(spool: str | os.PathLike[str], timeout: float = TIMEOUT) -> Status:
    """`ControlClient.status` over a connection of its own."""
    with ControlClient(spool, timeout) as client:
        return client.status()


def yield_(
    spool: str | os.PathLike[str],
    ids: Sequence[str],
    seconds: float = 60.0,
    timeout: float = TIMEOUT,
) -> Yielded:
    """`ControlClient.yield_` over a connection of its own."""
    with ControlClient(spool, timeout) as client:
        return client.yield_(ids, seconds)


def done(spool: str | os.PathLike[str], ids: Sequence[str], timeout: float = TIMEOUT) -> None:
    """`ControlClient.done` over a connection of its own."""
    with ControlClient(spool, timeout) as client:
        client.done(ids)


def _connect(spool: str, timeout: float) -> socket.socket:
    with _mapped():
        directory = os.open(os.path.join(spool, ".spooltool"), _DIRECTORY)
        try:
            mode = os.stat(SOCKET, dir_fd=directory, follow_symlinks=False).st_mode
            if not stat.S_ISSOCK(mode):
                raise RelayUnreachable(f"{spool}/.spooltool/{SOCKET} is not a socket")
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(timeout)
                connection.connect(f"/proc/self/fd/{directory}/{SOCKET}")
            except BaseException:
                connection.close()
                raise
            return connection
        finally:
            os.close(directory)


@contextmanager
def _mapped() -> Iterator[None]:
    """The one place where the operating system's words become this project's."""
    try:
        yield
    except PermissionError:
        raise NotPermitted(
            "the relay's control socket may be used by the spool's owner and root only",
            hint="run this as the owner of the spool",
        ) from None
    except TimeoutError:
        raise RelayUnreachable("the relay does not answer on its control socket") from None
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise RelayUnreachable("the relay is not running") from None
    except OSError as error:
        raise RelayUnreachable(f"the relay cannot be reached: {error.strerror or error}") from None
