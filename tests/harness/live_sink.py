"""A sink in a thread of the test itself, whose plan and log can be changed between two runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.harness.sink import Log, Sink
from tests.harness.sink_plan import SinkPlan


class TrackedSink(Sink):
    """A sink's connection that stands in a set as long as it is open."""

    def __init__(self, plan: SinkPlan, log: Log, open_ones: set[TrackedSink]) -> None:
        super().__init__(plan, log)
        self._open_ones = open_ones

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enters itself."""
        self._open_ones.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leaves."""
        super().connection_lost(exc)
        self._open_ones.discard(self)


class LiveSink:
    """A next hop on `port`.  `use` gives new connections another plan and another log.

    `connections` is how many there have been.
    """

    def __init__(self) -> None:
        self._plan = SinkPlan()
        self._log = Log(None)
        self._logs = [self._log]
        self._path: Path | None = None
        self._ready = Event()
        self._ended = asyncio.Event()
        self._sinks: set[TrackedSink] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._serve, name="sink", daemon=True)
        self.port = 0
        self.connections = 0
        self._thread.start()
        self._ready.wait(30)

    def use(self, plan: SinkPlan, log: Path | None = None) -> None:
        """From now on: this plan, and this log where one is given."""
        self._plan = plan
        if log is not None:
            self._log, self._path = Log(str(log)), log
            self._logs.append(self._log)

    def hang_up(self) -> None:
        """Drop all connections: who comes again meets the present plan and log."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(30)

    def entries(self) -> list[dict[str, Any]]:
        """What stands in the present log."""
        if self._path is None:
            return []
        return [json.loads(line) for line in self._path.read_bytes().splitlines()]

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._work())
        self._loop.close()

    async def _work(self) -> None:
        server = await self._loop.create_server(self._connected, "127.0.0.1", 0, backlog=512)
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        await self._ended.wait()
        server.close()
        await asyncio.sleep(0)  # what was accepted in this turn has a transport in the next
        await self._hang_up()

    async def _hang_up(self) -> None:
        for sink in list(self._sinks):
            sink.transport.abort()
        await asyncio.sleep(0)  # an aborted transport closes its socket in the next turn

    def _connected(self) -> Sink:
        self.connections += 1
        return TrackedSink(self._plan, self._log, self._sinks)

    def close(self) -> None:
        """Drop all connections and end."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        for log in self._logs:
            log.close()
