"""A host that says what it is told to, with STARTTLS: for looking at hosts, not for mail."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

EHLO = b"250-odd.example\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
"""What it answers to EHLO by default."""


class OddHost:
    """Listens on 127.0.0.1:`port`.  `replies` are by the first word of a command.

    A reply of b"" hangs up.  `greeting` None: it says nothing.  With `tls` it takes
    STARTTLS, or (`implicit`) begins by TLS.  `heard` has every line, `*` before those that
    came by TLS; `connections` counts.
    """

    def __init__(
        self,
        replies: Mapping[bytes, bytes] | None = None,
        *,
        greeting: bytes | None = b"220 odd.example ESMTP\r\n",
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        port: int = 0,
    ) -> None:
        self.replies = {b"EHLO": EHLO, b"STARTTLS": b"220 2.0.0 go ahead\r\n", **(replies or {})}
        self.greeting = greeting
        self.heard: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._implicit = implicit
        self._end = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0.05)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._end.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            connection.settimeout(10)
            try:
                self._talk(connection)
            except OSError:
                pass  # the client had enough, or did not like the certificate

    def _talk(self, connection: socket.socket) -> None:
        if self._implicit and self._tls is not None:
            connection = self._secured(connection)
        try:
            if self.greeting is None:
                connection.recv(1)
                return
            connection.sendall(self.greeting)
            self._session(connection)
        finally:
            connection.close()

    def _session(self, connection: socket.socket) -> None:
        mark = b"*" if isinstance(connection, ssl.SSLSocket) else b""
        buffer = b""
        while data := connection.recv(4096):
            buffer += data
            while b"\r\n" in buffer:
                line, _, buffer = buffer.partition(b"\r\n")
                self.heard.append(mark + line)
                verb = line.split()[0].upper()
                reply = self.replies.get(verb, b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                if not reply:
                    return
                connection.sendall(reply)
                if verb == b"STARTTLS" and reply.startswith(b"220"):
                    secured = self._secured(connection)
                    try:
                        self._session(secured)
                    finally:
                        secured.close()
                    return
                if verb == b"QUIT":
                    return

    def _secured(self, connection: socket.socket) -> ssl.SSLSocket:
        assert self._tls is not None
        return self._tls.wrap_socket(connection, server_side=True)
