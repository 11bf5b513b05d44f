"""A scanner that says what a test tells it to, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Self

from relay.antivirus import Protocol, Scanner
from spooltool.spool.hosts import HostPort

Play = Callable[["Visit"], Coroutine[Any, Any, None]]

OPTIONS = b"ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\n%bEncapsulated: null-body=0\r\n\r\n"


class Visit:
    """One connection as the scanner sees it; `number` counts from 0."""

    def __init__(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer
        self.seen = b""

    async def until(self, mark: bytes) -> bytes:
        """What came up to and with `mark`."""
        got = await self.reader.readuntil(mark)
        self.seen += got
        return got

    def say(self, data: bytes) -> None:
        """Answer."""
        self.writer.write(data)

    async def gone(self) -> None:
        """Wait until the client has closed; what it sends is thrown away."""
        while await self.reader.read(65536):
            pass


class FakeScanner:
    """`async with FakeScanner(play) as fake:`; `play` is run for each connection."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self.visits: list[Visit] = []
        self.open = 0
        self.most = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visited, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def scanner(self, protocol: Protocol, **more: Any) -> Scanner:
        """How it is reached."""
        return Scanner("fake", protocol, HostPort("127.0.0.1", self.port), service="av", **more)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(len(self.visits), reader, writer)
        self.visits.append(visit)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await self._play(visit)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()
