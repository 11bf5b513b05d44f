"""A clamd that answers by what a test says of content, on an event loop's own port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

from relay.config.scanners import ScannerTable
from spooltool.spool.hosts import HostPort

Answer = Callable[[bytes], str]
"""What is said of content: OK, NAME FOUND, an error; "" for closing without a word."""


def marked(content: bytes) -> str:
    """Infected where it says so, also in the base64 of a mail."""
    return "Fake.Virus FOUND" if b"VIRUS" in content or b"VklSVV" in content else "OK"


class FakeClamd:
    """`async with FakeClamd() as fake:`; `seen` holds what it was sent."""

    def __init__(self, answer: Answer = marked, port: int = 0) -> None:
        self.answer = answer
        self.port = port
        self.seen: list[bytes] = []
        self.asked_version = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visited, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def table(self) -> ScannerTable:
        """How the configuration names it."""
        return ScannerTable("fake", "clamd", HostPort("127.0.0.1", self.port), max_size=4096)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            command = await reader.readuntil(b"\0")
            if command == b"zVERSION\0":
                self.asked_version += 1
                writer.write(b"ClamAV fake\0")
                return
            content = bytearray()
            while size := int.from_bytes(await reader.readexactly(4), "big"):
                content += await reader.readexactly(size)
            self.seen.append(bytes(content))
            if answer := self.answer(bytes(content)):
                writer.write(f"stream: {answer}\0".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
