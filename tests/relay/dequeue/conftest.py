"""A next hop told in advance what to answer, and a dequeuer on a real spool beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any, cast

import pytest

from relay.dequeue.mdq import Dequeuer
from relay.dequeue.settings import Settings
from relay.queue.schedule import Limits
from relay.smtp.limits import Limits as SmtpLimits
from relay.smtp.mailbox import Mailbox
from relay.smtp.orders import Begin, Close, Content, End, Send
from relay.smtp.reply import Reply
from relay.smtp.server import Session
from spooltool.spool.compose import NewMessage
from spooltool.spool.names import SpoolName
from spooltool.spool.recipient import Path
from spooltool.store.counter import Counter
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.root import Spool
from spooltool.store.scan import scan
from tests.harness.sink import Log, Sink
from tests.harness.sink_plan import SinkPlan

SENDER = "billing@example.com"


class Target:
    """A next hop.  Replies are planned by address, "dot" and "connect"; the rest is yes.

    `received` holds (sender, recipients, content).  `hang` names a stage at which it says
    nothing more: "greeting", "dot" or "rset" (once).
    """

    def __init__(self) -> None:
        self.plan: dict[str, list[Reply]] = {}
        self.received: list[tuple[str, tuple[str, ...], bytes]] = []
        self.hang = ""
        self.drop_at_dot = 0
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def reply(self, what: str) -> Reply | None:
        planned = self.plan.get(what)
        return planned.pop(0) if planned else None

    # the session's policy

    def connect(self) -> Reply | None:
        return self.reply("connect")

    def admit(self) -> Reply | None:
        return None

    def mail(self, mailbox: Mailbox) -> Reply | None:
        return self.reply("mail")

    def rcpt(self, mailbox: Mailbox) -> Reply | None:
        return self.reply(mailbox.text)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.hang == "greeting":
            await reader.read(1)
            writer.close()
            return
        session = Session(SmtpLimits(), self, "target.example.org")
        orders: list[Any] = session.connected()
        content: list[bytes] = []
        envelope: tuple[str, tuple[str, ...]] = ("", ())
        while True:
            for order in list(orders):
                if isinstance(order, Send):
                    writer.write(order.data)
                elif isinstance(order, Begin):
                    content = []
                    transaction = order.transaction
                    envelope = (
                        transaction.sender.text,
                        tuple(r.mailbox.text for r in transaction.recipients),
                    )
                elif isinstance(order, Content):
                    content.append(order.chunk)
                elif isinstance(order, End):
                    if self.hang == "dot":
                        await reader.read()
                        writer.close()
                        return
                    if self.drop_at_dot:
                        self.drop_at_dot -= 1
                        writer.transport.abort()
                        return
                    refusal = self.reply("dot")
                    if refusal is None:
                        self.received.append((*envelope, b"".join(content)))
                        orders = session.stored("QUEUED")
                    else:
                        orders = session.refused(refusal)
                    for more in orders:
                        if isinstance(more, Send):
                            writer.write(more.data)
                elif isinstance(order, Close):
                    writer.close()
                    return
            data = await reader.read(65536)
            if not data:
                writer.close()
                return
            if self.hang == "rset" and b"RSET" in data:
                self.hang = ""
                await reader.read()
                writer.close()
                return
            orders = session.receive(data)


class Hop:
    """A next hop of the harness, independent of the code under test: exact about its plan.

    `received` holds (sender, recipients, content with CRLF); `commands` what was said to
    it, and `heard` is called with each command before it is answered.
    """

    def __init__(
        self, plan: SinkPlan | None = None, address: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.plan = plan or SinkPlan()
        self.address = address
        self.received: list[tuple[str, tuple[str, ...], bytes]] = []
        self.commands: list[str] = []
        self.heard: Callable[[str], object] = lambda line: None
        self.connections = 0
        self.port = port
        self._server: asyncio.Server | None = None
        self._open: list[Sink] = []

    async def __aenter__(self) -> Hop:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connected, self.address, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.sleep(0)  # what was accepted in this turn has a transport in the next
        for sink in self._open:
            sink.transport.abort()
        await asyncio.sleep(0)

    def write(self, sender: str, recipients: Sequence[str], content: bytes, reply: str) -> None:
        self.received.append((sender, tuple(recipients), content))

    def _connected(self) -> Sink:
        hop = self

        class Heard(Sink):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                hop._open.append(self)
                super().connection_made(transport)

            def _command(self, line: str) -> str:
                hop.commands.append(line)
                hop.heard(line)
                return super()._command(line)

        self.connections += 1
        return Heard(self.plan, cast(Log, self))


class Notes:
    """Records kept in memory."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.facts: list[dict[str, object]] = []
        self.fields: list[tuple[str, dict[str, object]]] = []
        self.alerts: list[str] = []
        self.tracked: list[str] = []
        self.records: list[dict[str, object]] = []
        self.limits = 0

    def event(self, id: str, event: str, **fields: object) -> None:
        self.events.append((id, event))
        self.facts.append({"id": id, "event": event, **fields})
        self.fields.append((event, fields))

    def track(self, action: str, id: str, **fields: object) -> None:
        self.tracked.append(action)
        self.records.append({"action": action, "id": id, **fields})

    def alert(self, text: str, id: str = "", **fields: object) -> None:
        self.alerts.append(text)

    def limit(self) -> None:
        self.limits += 1


class NoSync(Syncer):
    """For tests of many messages that no crash comes between."""

    def sync(self, files: object, directories: object) -> None:
        pass


class World:
    """A spool, a target, and what a test does with them."""

    def __init__(self, path: FilePath) -> None:
        self.spool = Spool.create(str(path / "spool"))
        self.notes = Notes()
        self._counter = Counter(self.spool, block=100)
        self._syncer = Syncer(self.spool.path)
        self._dequeuers: list[Dequeuer] = []

    def close(self) -> None:
        for dequeuer in self._dequeuers:  # not each was run, which ends them
            dequeuer.desk.judging.close()
            dequeuer.desk.syncer.close()
        self._syncer.close()
        self.spool.close()

    def unsynced(self) -> None:
        """From now on `put` does not wait for the disk."""
        self._syncer.close()
        self._syncer = NoSync(self.spool.path)

    def put(
        self,
        port: int,
        *recipients: str,
        sender: str = SENDER,
        params: str = "",
        body: bytes = b"hello\n",
        arrived: float | None = None,
        modified: bytes = b"Subject: invoice\n",
        **chapter: str,
    ) -> str:
        """Spool a message for 127.0.0.1:port; its number."""
        import time

        incoming = Incoming(self.spool, self._counter.take())
        keys = {"SRC": "192.0.2.7", "SPORT": "3446", "DST": "127.0.0.1", "DPORT": str(port),
                "ERR_SERVER": f"127.0.0.1:{port}", **chapter}  # fmt: skip
        incoming.begin(
            NewMessage(
                keys,
                time.time() if arrived is None else arrived,
                Path(sender, params),
                [Path(*one.split(" ", 1)) for one in recipients or ("anna@example.org",)],
            ),
            b"Subject: invoice\n",
            b"Received: by gw1\n" + modified,
        )
        incoming.append(body)
        incoming.finish()
        assert commit(self.spool, [incoming], self._syncer) == [None]
        incoming.release()
        return incoming.name.number

    def dequeuer(self, **changes: Any) -> Dequeuer:
        limits = changes.pop("limits", None) or Limits(
            resend_period=changes.get("resend_period", 600.0)
        )
        settings = Settings("gw1.example.com", "postmaster@example.com", limits=limits, **changes)
        self._dequeuers.append(Dequeuer(self.spool, settings, self.notes))
        return self._dequeuers[-1]

    def files(self) -> list[str]:
        return sorted(name.file for name in scan(self.spool).names())

    @staticmethod
    async def until(condition: Callable[[], object]) -> None:
        """Wait for a condition; the scenario's own limit ends a wait that is in vain."""
        while not condition():
            await asyncio.sleep(0.01)

    def named(self, event: str) -> list[dict[str, object]]:
        """The facts of every such event."""
        return [facts for facts in self.notes.facts if facts["event"] == event]

    def trash(self) -> list[str]:
        return sorted(n.base for n in scan(self.spool, [".spooltool/trash"]).names())

    def envelope(self, file: str) -> Any:
        directory, _, base = file.rpartition("/")
        for entry in scan(self.spool, [directory]).entries(
            [SpoolName(directory, base[0], base[1:])]
        ):
            return entry.envelope
        raise AssertionError(f"{file} is not there")


Scenario = Callable[[Target], Awaitable[None]]


@pytest.fixture
def hop() -> type[Hop]:
    """The class of next hops that keep to a plan."""
    return Hop


@pytest.fixture
def world(tmp_path: FilePath) -> Iterator[World]:
    """An empty spool and what belongs to it."""
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def play() -> Callable[[Scenario], None]:
    """Run a scenario with a started target, on a loop of its own."""

    def run(scenario: Scenario) -> None:
        async def main() -> None:
            target = Target()
            await target.start()
            try:
                async with asyncio.timeout(30):
                    await scenario(target)
            finally:
                await target.stop()

        asyncio.run(main())

    return run
