"""One SMTP connection of a probe: commands out, whole replies in, TLS under way.

Everything has one deadline.  What the host says is text with its line ends as LF; what is no
SMTP reply is an error that quotes it.
"""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

CONNECT = 10.0
"""The longest that connecting may take, seconds."""

GOODBYE = 2.0
"""The longest that the reply to QUIT is waited for, seconds."""

_MAX_REPLY = 64 * 1024
_LINE = re.compile(rb"[2-5][0-9]{2}([ -].*)?\Z", re.DOTALL)


class Dialogue:
    """A connection.  Each call raises OSError (TimeoutError after `seconds` in all)."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._buffer = b""

    def connect(self, address: str, port: int) -> None:
        """Open the connection."""
        limit = min(self._left(), CONNECT)
        self._socket = socket.create_connection((address, port), timeout=limit)
        # Else a command behind the handshake waits for a delayed acknowledgement: 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reply(self, send: bytes = b"") -> str:
        """Send a command and read its whole reply."""
        if send:
            self._ready().sendall(send)
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._line()
            size += len(line)
            if size > _MAX_REPLY:
                raise OSError("endless reply")
            text = line.rstrip(b"\r\n")
            if not _LINE.match(text):
                raise OSError(f"no SMTP reply: {_decoded(text[:80])!r}")
            lines.append(text)
            if text[3:4] != b"-":
                return _decoded(b"\n".join(lines))

    def unasked(self) -> int:
        """Throw away what came without being asked for; how many bytes that were."""
        found, self._buffer = len(self._buffer), b""
        sock = self._ready()
        sock.settimeout(0)
        try:
            while data := sock.recv(4096):
                found += len(data)
        except (BlockingIOError, InterruptedError):
            pass  # nothing more has come
        return found

    def start_tls(self, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
        """Begin TLS; the host is asked for by `name`.  Raises ssl.SSLError, too."""
        plain = self._ready()
        wrapped = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
        self._socket = wrapped
        wrapped.settimeout(self._left())
        wrapped.do_handshake()
        return wrapped

    def quit(self) -> str:
        """Say goodbye; the reply, waited for shortly."""
        self._until = min(self._until, time.monotonic()) + GOODBYE
        return self.reply(b"QUIT\r\n")

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _left(self) -> float:
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("no answer in time")
        return seconds

    def _ready(self) -> socket.socket:
        if self._socket is None:
            raise OSError("not connected")
        self._socket.settimeout(self._left())
        return self._socket

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _MAX_REPLY:
                raise OSError("endless reply")
            data = self._ready().recv(4096)
            if not data:
                raise OSError(_cut_off(self._buffer))
            self._buffer += data
        line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
        return line


def _cut_off(rest: bytes) -> str:
    if rest:
        return f"connection closed by the host after {_decoded(rest[:80])!r}"
    return "connection closed by the host"


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
