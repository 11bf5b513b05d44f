"""One question to the dequeuer that runs on a spool, over its control socket."""

from __future__ import annotations

import socket

from relay.control.server import NAME
from spooltool.control import MAX_LINE, Refused, Reply, Request, decode_reply, encode_request
from spooltool.errors import NotPermitted, RelayUnreachable, SpooltoolError
from spooltool.spool.names import OWN_DIR
from spooltool.store.root import Spool

TIMEOUT = 10.0
"""Seconds to wait for the answer."""


def ask(spool: Spool, request: Request, expected: type[Reply], timeout: float = TIMEOUT) -> Reply:
    """The reply of the `expected` class.

    Raises RelayUnreachable, NotPermitted, and SpooltoolError with the words of a refusal.
    """
    try:
        line = _exchange(spool, encode_request(request), timeout)
    except PermissionError:
        raise NotPermitted(
            "the control socket may be used by the spool's owner and root only"
        ) from None
    except TimeoutError:
        raise RelayUnreachable("the relay does not answer on its control socket") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise RelayUnreachable(f"no relay runs on {spool.path}") from None
    except OSError as error:
        raise RelayUnreachable(f"the relay cannot be reached: {error.strerror}") from None
    reply = decode_reply(line, expected)
    if isinstance(reply, Refused) and reply.malformed:
        raise RelayUnreachable(f"the relay's answer cannot be read: {reply.error}")
    if isinstance(reply, Refused):
        raise SpooltoolError(reply.error)
    return reply


def _exchange(spool: Spool, question: bytes, timeout: float) -> bytes:
    # Through the directory's descriptor: a socket's path may have 108 bytes only.
    own = spool.dir_fd(OWN_DIR)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(f"/proc/self/fd/{own}/{NAME}")
        connection.sendall(question)
        line = b""
        while not line.endswith(b"\n") and len(line) <= MAX_LINE:
            data = connection.recv(MAX_LINE)
            if not data:
                raise ConnectionResetError(0, "it closed the connection")
            line += data
        return line
