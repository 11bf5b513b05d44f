"""Scanners as mdq uses them: which there are, which are down, one scan of one mail.

A scanner that does not answer is asked once a resend_period, not once for each message: what
wants it meanwhile waits as if it had asked.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from relay.antivirus import Protocol, Scanner, ScannerClient, ScanTask
from relay.antivirus.exchange import Chunks
from relay.config.scanners import ScannerTable
from relay.content.scratch import open_scratch
from relay.dequeue.records import Records
from relay.dequeue.text import Text
from relay.policy.antivirus import ScanOrder
from relay.policy.scan_outcome import Cured, Mode, Outcome, Silent, Unreachable
from spooltool.spool.hosts import HostPort

GROWTH = 2
"""How much larger than what was scanned a cured form may be, besides `ROOM`."""

ROOM = 1 << 20


def scanner_of(table: ScannerTable) -> Scanner:
    """A scanner as its table tells of it."""
    return Scanner(
        table.name,
        Protocol(table.protocol),
        table.address,
        table.socket,
        table.service,
        table.max_size,
    )


@dataclass(slots=True)
class _Down:
    until: float
    text: str


class Scanners:
    """The scanners of the configuration, for one event loop."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._clients: dict[str, ScannerClient] = {}
        self._tables: dict[str, ScannerTable] = {}
        self._down: dict[str, _Down] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._again = 600.0
        self.by_address: dict[HostPort, str] = {}

    def obey(self, tables: Iterable[ScannerTable], timeout: float, again: float) -> None:
        """These count from now on; `timeout` are seconds of silence, `again` those until one
        that is down is asked anew."""
        self._again = again
        known = {table.name: table for table in tables}
        for name in list(self._clients):
            client = self._clients[name]
            if known.get(name) != self._tables[name] or client.timeout != timeout:
                client.close()
                del self._clients[name], self._turns[name]
        for name, table in known.items():
            if name not in self._clients:
                client = ScannerClient(scanner_of(table), timeout)
                self._clients[name] = client
                self._turns[name] = asyncio.Semaphore(client.scanner.connections)
        self._tables = known
        self.by_address = {table.address: name for name, table in known.items()}
        self.forget_troubles()

    def forget_troubles(self) -> None:
        """A person asks for an attempt now, or much has changed: all are asked again."""
        self._down.clear()

    def close(self) -> None:
        """Close kept connections."""
        for client in self._clients.values():
            client.close()
        for task in self._asking:
            task.cancel()

    def down(self, name: str) -> str:
        """Why a scanner is not asked now; "" when it is."""
        found = self._down.get(name)
        if found is None or found.until <= time.time():
            return ""
        return found.text

    async def scan_mail(self, order: ScanOrder, text: Text, sink: Sink | None) -> Outcome:
        """Have a whole mail scanned."""
        chunks = partial(text.for_scanner, headers=order.headers)
        task = ScanTask(order.mode if sink is not None else Mode.CHECK, headers=True)
        return await self._scan(order.scanner, task, chunks, sink)

    async def scan_part(self, order: ScanOrder, part: Text, name: str) -> Outcome:
        """Have one decoded part scanned."""
        task = ScanTask(Mode.CHECK, name=name, length=part.size)
        return await self._scan(order.scanner, task, part.chunks, None)

    async def _scan(self, name: str, task: ScanTask, chunks: Chunks, sink: Sink | None) -> Outcome:
        client = self._clients.get(name)
        if client is None:
            return Unreachable(f"{name}: the configuration has no such scanner any more")
        async with self._turns[name]:
            if text := self.down(name):
                return Unreachable(text)
            try:
                outcome = await client.scan(task, chunks, sink)
            except OSError as error:
                return Unreachable(f"content cannot be read: {error.strerror or error}")
        if isinstance(outcome, Unreachable | Silent):
            self._failed(name, client, outcome.text)
        return outcome

    def _failed(self, name: str, client: ScannerClient, text: str) -> None:
        """It did not answer: is it down, or was it this message alone?"""
        if self._down.get(name) is None:
            self._records.event("", "scanner-down", scanner=name, text=text)
        self._down[name] = _Down(time.time() + self._again, text)
        task = asyncio.get_running_loop().create_task(self._ask(name, client))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, name: str, client: ScannerClient) -> None:
        status = await client.status()
        if status.answers and self._clients.get(name) is client:
            self._down.pop(name, None)
            self._records.event("", "scanner-up", scanner=name, text=status.text)


class Sink:
    """Where a scanner writes mended content, up to a size beyond which nothing is believed."""

    def __init__(self, folder: str, scanned: int) -> None:
        """Raises OSError."""
        self._fd = open_scratch(folder)
        self._room = GROWTH * scanned + ROOM
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take more of it.  Raises OSError."""
        self.size += len(data)
        if self.size > self._room:
            raise OSError("the scanner gives back more than it was sent")
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def close(self) -> None:
        """Throw it away."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def text(self, cured: Cured) -> Text:
        """What was written last, `cured.size` octets."""
        fd, self._fd = self._fd, -1
        return Text(fd, self.size - cured.size, cured.size, owned=True)
