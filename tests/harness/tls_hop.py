"""A next hop that speaks TLS, or breaks it in one of the ways in which hosts do."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

EHLO = b"250-hop.example\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-8BITMIME\r\n"


@dataclass(frozen=True, slots=True)
class Taken:
    """One message: its content, and the version of TLS under which it came ("" in clear)."""

    content: bytes
    tls: str
    connection: int


@dataclass
class Hop:
    """One host on a loopback port.

    `context` is its certificate, None offers no STARTTLS.  `trouble` comes at STARTTLS:
    "454" refuses it, "garbage" says something else, "break" closes at the first octet of
    the handshake, "hang" never answers it, "inject" sends a reply behind the 220, "late"
    sends one before the handshake.  `broken` counts how often it came.
    """

    context: ssl.SSLContext | None = None
    trouble: str = ""
    port: int = 0
    connections: int = 0
    broken: int = 0
    taken: list[Taken] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    ehlos: list[tuple[int, bool]] = field(default_factory=list)
    slow: float = 0.0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        """Listen."""
        if self.context is not None:
            self.context.sni_callback = lambda tls, name, context: self.names.append(name)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Let every connection go."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            await self._talk(reader, writer, self.connections)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # the relay left: the test looks at what came
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        writer.write(b"220 hop.example ESMTP\r\n")
        tls = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.ehlos.append((number, bool(tls)))
                offer = b"250-STARTTLS\r\n" if self.context is not None and not tls else b""
                # What is announced in clear must not be believed under TLS.
                writer.write(EHLO + offer + (b"250 DSN\r\n" if not tls else b"250 SMTPUTF8\r\n"))
            elif verb == b"STAR":
                if not await self._start_tls(reader, writer):
                    return
                tls = writer.get_extra_info("ssl_object").version()
            elif verb == b"DATA":
                writer.write(b"354 go\r\n")
                content = b""
                while not content.endswith(b"\r\n.\r\n"):
                    chunk = await reader.read(65536)
                    if not chunk:
                        return
                    content = content + chunk if len(content) < 1 << 16 else content[-5:] + chunk
                    await asyncio.sleep(self.slow)
                self.taken.append(Taken(content, tls, number))
                writer.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                await writer.drain()
                writer.close()
                return
            else:
                writer.write(b"250 2.0.0 ok\r\n")

    async def _start_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        assert self.context is not None
        self.broken += bool(self.trouble)
        match self.trouble:
            case "454":
                writer.write(b"454 4.7.0 TLS not available just now\r\n")
                await reader.readline()
                return False
            case "garbage":
                writer.write(b"220 go\r\n")
                await reader.read(1)
                writer.write(b"250 what handshake?\r\n" * 3)
                await writer.drain()
                return False
            case "break":
                writer.write(b"220 go\r\n")
                await reader.read(1)
                return False
            case "hang":
                writer.write(b"220 go\r\n")
                await reader.read(1)
                while await reader.read(65536):
                    pass
                return False
            case "inject":
                writer.write(b"220 go\r\n250-hop.example\r\n250 SMTPUTF8\r\n")
                await reader.read(1)
                return False
            case "late":
                writer.write(b"220 go\r\n")
                await writer.drain()
                await asyncio.sleep(0)
                writer.write(b"250 SMTPUTF8\r\n")
                await reader.read(1)
                return False
        writer.write(b"220 go\r\n")
        await writer.start_tls(self.context)
        return True
