"""One connection: what counts as silence, and what a loss then means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from relay.delivery.connection import AFTER_DOT, Connection, Content
from relay.policy.hops import Hop
from relay.smtp.envelope import Mail
from relay.smtp.orders import Done
from relay.smtp.outcome import Kind

TIMEOUT = 90.0
MAIL = Mail("a@example.com", [("b@example.org", "")], size=5)


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and says how much of it has not left."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.waiting = 0
        self.aborted = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def write(self, data: Any) -> None:
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.aborted = True


Scene = Callable[[Connection, Wire, "Moves"], Coroutine[Any, Any, None]]


class Moves:
    """The loop's clock of a scene, moved by hand."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = asyncio.get_running_loop().time()

    def silent(self, seconds: float) -> bool:
        """So long nothing happens; whether that ended the connection."""
        self.now += seconds
        return self.connection.expire(self.now, TIMEOUT)

    def says(self, text: bytes) -> None:
        self.connection.data_received(text)
        self.connection.touched = self.now


def play(scene: Scene) -> None:
    async def main() -> None:
        connection = Connection(
            "gw1.example.com", ("10.1.5.2", 25), hop=Hop(), encryption=None, eightbit="send"
        )
        wire = Wire()
        connection.connection_made(wire)
        await scene(connection, wire, Moves(connection))

    asyncio.run(main())


def ready(moves: Moves) -> None:
    moves.says(b"220 mx ESMTP\r\n")
    moves.says(b"250-mx\r\n250 PIPELINING\r\n")


async def sending(connection: Connection, moves: Moves, content: Content) -> asyncio.Task[Done]:
    ready(moves)
    task = asyncio.get_running_loop().create_task(connection.deliver(MAIL, content))
    await asyncio.sleep(0)
    connection.touched = moves.now
    moves.says(b"250 ok\r\n250 ok\r\n354 go on\r\n")
    return task


@pytest.mark.parametrize("greeted", [False, True])
def test_silence_before_mail_ends_it_after_timeout(greeted: bool) -> None:
    async def scene(connection: Connection, wire: Wire, moves: Moves) -> None:
        if greeted:
            moves.says(b"220 mx ESMTP\r\n")
        assert not moves.silent(TIMEOUT - 1)
        moves.says(b"250-mx\r\n" if greeted else b"220-mx\r\n")  # any byte is a sign of life
        assert not moves.silent(TIMEOUT - 1)
        assert moves.silent(1)
        failure = await connection.opened
        assert failure is not None and failure.reason == "timeout"
        assert wire.aborted

    play(scene)


def test_after_the_final_dot_the_answer_is_waited_for_ten_minutes() -> None:
    async def scene(connection: Connection, wire: Wire, moves: Moves) -> None:
        task = await sending(connection, moves, Content(b"hi\r\n.\r\n"))
        assert connection.past_dot
        connection.touched = moves.now
        assert not moves.silent(AFTER_DOT - 1)
        assert moves.silent(1)
        (outcome,) = (await task).outcomes
        assert (outcome.kind, outcome.reason) == (Kind.UNKNOWN, "timeout")

    play(scene)


def test_a_longer_timeout_counts_after_the_dot_too() -> None:
    async def scene(connection: Connection, wire: Wire, moves: Moves) -> None:
        task = await sending(connection, moves, Content(b"hi\r\n.\r\n"))
        connection.touched = moves.now
        assert not connection.expire(moves.now + 899, 900)
        assert connection.expire(moves.now + 900, 900)
        assert (await task).outcomes[0].kind is Kind.UNKNOWN

    play(scene)


def test_a_dot_that_never_left_is_waited_for_as_any_silence_and_is_not_unknown() -> None:
    async def scene(connection: Connection, wire: Wire, moves: Moves) -> None:
        task = await sending(connection, moves, Content(b"x" * 200_000 + b"\r\n.\r\n"))
        wire.waiting = 100_000
        assert not moves.silent(1), "what has left since is progress"
        assert not moves.silent(TIMEOUT - 1)
        assert moves.silent(1)
        (outcome,) = (await task).outcomes
        assert (outcome.kind, outcome.reason) == (Kind.TEMPORARY, "timeout")

    play(scene)


def test_bytes_that_flow_slowly_are_no_silence() -> None:
    async def scene(connection: Connection, wire: Wire, moves: Moves) -> None:
        task = await sending(connection, moves, Content(chunks=lambda: iter([b"x\n" * 9])))
        for left in range(20, 0, -1):
            wire.waiting = left
            assert not moves.silent(TIMEOUT - 1)
        wire.waiting = 0
        assert not moves.silent(TIMEOUT)
        moves.says(b"250 ok\r\n")
        assert (await task).outcomes[0].kind is Kind.DELIVERED

    play(scene)


def test_content_begins_anew_for_each_host() -> None:
    content = Content(chunks=lambda: iter([b"one\n", b".two\n"]))
    sent = []

    async def scene(connection: Connection, wire: Wire, moves: Moves) -> None:
        task = await sending(connection, moves, content)
        moves.says(b"451 later\r\n")
        await task
        sent.append(wire.sent.partition(b"DATA\r\n")[2])

    play(scene)
    play(scene)
    assert sent == [b"one\r\n..two\r\n.\r\n"] * 2


def test_content_that_turns_out_bare_is_never_ended() -> None:
    async def scene(connection: Connection, wire: Wire, moves: Moves) -> None:
        task = await sending(connection, moves, Content(chunks=lambda: iter([b"a\n", b"b\rc\n"])))
        assert wire.aborted
        assert not wire.sent.endswith(b".\r\n")
        connection.connection_lost(None)
        assert (await task).outcomes[0].kind is Kind.TEMPORARY
        assert "bare CR" in connection.broken_content

    play(scene)
