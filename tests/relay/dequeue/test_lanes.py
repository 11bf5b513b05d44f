"""A lane that is told to let go: before the dot it sends nothing more, after it it goes on."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from relay.delivery.connection import Connection, Content
from relay.delivery.pool import Pool
from relay.dequeue.destination import Destination
from relay.dequeue.lanes import Lane, Work
from relay.policy.hops import Hop, Hops
from relay.smtp.envelope import Mail
from relay.smtp.outcome import Kind
from relay.tls.trust import Trust
from spooltool.spool.hosts import HostPort

MAIL = Mail("a@example.com", [("b@example.org", "")])
CONTENT = b"Subject: x\r\n\r\nx\r\n.\r\n"


class Wire(asyncio.Transport):
    """Keeps what is written; what is written after the abort is lost, as on a real one."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += b"" if self.aborted else bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""


async def delivering(wire: Wire) -> tuple[Lane, Connection, asyncio.Task[object]]:
    """A lane whose peer has taken MAIL and RCPT and has yet to answer DATA."""
    pool = Pool("relay.example", 30.0, hops=Hops(), trust=Trust(), eightbit="send")
    connection = Connection(
        "relay.example", ("192.0.2.1", 25), hop=Hop(), encryption=None, eightbit="send"
    )
    connection.connection_made(wire)
    connection.data_received(b"220 ready\r\n")
    connection.data_received(b"250 ready\r\n")
    lane = Lane(cast(Work, None), pool, Destination((HostPort("192.0.2.1", 25),)), 10)
    lane.connection = connection
    task: asyncio.Task[object] = asyncio.ensure_future(connection.deliver(MAIL, Content(CONTENT)))
    lane.task = cast("asyncio.Task[None]", task)
    await asyncio.sleep(0)
    for _ in ("MAIL", "RCPT"):
        connection.data_received(b"250 ok\r\n")
    assert wire.sent.endswith(b"DATA\r\n")
    return lane, connection, task


def test_an_attempt_let_go_before_the_dot_sends_no_content() -> None:
    """The 354 may come before the task hears that it is cancelled; the peer would then have
    the message, and the file would still stand there to be sent again."""

    async def main() -> None:
        wire = Wire()
        lane, connection, task = await delivering(wire)
        assert lane.drop()
        connection.data_received(b"354 go on\r\n")
        with pytest.raises(asyncio.CancelledError):
            await task
        assert CONTENT not in wire.sent
        assert wire.aborted

    asyncio.run(main())


def test_past_the_dot_the_attempt_goes_on_to_its_reply() -> None:
    async def main() -> None:
        wire = Wire()
        lane, connection, task = await delivering(wire)
        connection.data_received(b"354 go on\r\n")
        assert wire.sent.endswith(CONTENT)
        assert not lane.drop()
        connection.data_received(b"250 taken\r\n")
        assert not lane.drop()  # the reply is here, the task has not seen it yet
        done = await task
        assert [outcome.kind for outcome in done.outcomes] == [Kind.DELIVERED]  # type: ignore[attr-defined]

    asyncio.run(main())
