"""Which address is tried next, and which connection is used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from relay.delivery import pool as pool_module
from relay.delivery.pool import NO_HOST, PASS_OVER, Pool
from relay.policy.hops import Hop, Hops
from relay.tls.trust import Trust
from spooltool.spool.hosts import HostPort
from tests.harness.process import free_port


class Greeter:
    """Takes connections, greets each, and remembers how many there were."""

    def __init__(self) -> None:
        self.connections = 0

    async def serve(self, port: int = 0) -> int:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(self._connected, "127.0.0.1", port)
        return int(self.server.sockets[0].getsockname()[1])

    def _connected(self) -> asyncio.Protocol:
        self.connections += 1
        return Greeting()

    def stop(self) -> None:
        self.server.close()


class Greeting(asyncio.Protocol):
    """The beginning of a connection, and its end when the other side goes."""

    open = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"220 mx\r\n")
        Greeting.open += 1

    def connection_lost(self, error: Exception | None) -> None:
        Greeting.open -= 1

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"250 mx\r\n" if data.startswith(b"EHLO") else b"221 bye\r\n")


def play(scene: Callable[[Pool], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        pool = Pool("gw1.example.com", 5.0, hops=Hops(), trust=Trust(), eightbit="send")
        async with asyncio.timeout(20):
            await scene(pool)
            connections = list(pool._open)
            pool.close()
            while Greeting.open or not all(c.closed for c in connections):
                await asyncio.sleep(0.001)

    asyncio.run(main())


def local(*ports: int) -> list[HostPort]:
    return [HostPort("127.0.0.1", port) for port in ports]


def test_a_failed_address_is_passed_over_while_another_may_do() -> None:
    async def scene(pool: Pool) -> None:
        first, second = Greeter(), Greeter()
        port = free_port()
        hosts = local(port, await second.serve())
        connection, _ = await pool.connect(hosts, 25)
        assert connection is not None and connection.address[1] == hosts[1].port
        await first.serve(port)  # it is back
        connection, _ = await pool.connect(hosts, 25)
        assert connection is not None and connection.address[1] == hosts[1].port
        pool._failed = {address: until - PASS_OVER for address, until in pool._failed.items()}
        connection, _ = await pool.connect(hosts, 25)
        assert connection is not None and connection.address[1] == port
        first.stop()
        second.stop()

    play(scene)


def test_an_address_passed_over_is_tried_where_no_other_does() -> None:
    async def scene(pool: Pool) -> None:
        greeter = Greeter()
        port = free_port()
        connection, failure = await pool.connect(local(port), 25)
        assert connection is None and failure.reason == "refused"
        await greeter.serve(port)
        connection, _ = await pool.connect(local(port), 25)
        assert connection is not None
        greeter.stop()

    play(scene)


def test_a_kick_forgets_what_failed() -> None:
    async def scene(pool: Pool) -> None:
        first, second = Greeter(), Greeter()
        hosts = local(await first.serve(), await second.serve())
        pool.pass_over((("127.0.0.1", hosts[0].port or 0), Hop()))
        connection, _ = await pool.connect(hosts, 25)
        assert connection is not None and connection.address[1] == hosts[1].port
        pool.forget_failures()
        connection, _ = await pool.connect(hosts, 25)
        assert connection is not None and connection.address[1] == hosts[0].port
        first.stop()
        second.stop()

    play(scene)


def test_what_was_asked_is_not_asked_again_and_nobody_else_is_told_apart_from_failure() -> None:
    async def scene(pool: Pool) -> None:
        greeter = Greeter()
        port, dead = await greeter.serve(), free_port()
        asked = {("127.0.0.1", port)}
        assert await pool.connect(local(port), 25, without=asked) == (None, NO_HOST)
        connection, failure = await pool.connect(local(port, dead), 25, without=asked)
        assert connection is None and failure.reason == "refused"
        assert greeter.connections == 0
        greeter.stop()

    play(scene)


def test_a_fresh_connection_has_carried_no_mail() -> None:
    async def scene(pool: Pool) -> None:
        greeter = Greeter()
        hosts = local(await greeter.serve())
        kept, _ = await pool.connect(hosts, 25)
        assert kept is not None
        pool.give_back(kept)
        fresh, _ = await pool.connect(hosts, 25, fresh=True)
        assert fresh is not None and fresh is not kept
        again, _ = await pool.connect(hosts, 25)
        assert again is kept
        greeter.stop()

    play(scene)


def test_connecting_is_bounded_by_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(pool: Pool) -> None:
        never = asyncio.get_running_loop().create_future()

        async def hang(*_: object, **__: object) -> object:
            return await never

        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", hang)
        pool.timeout = 0.01
        connection, failure = await pool.connect(local(1), 25)
        assert connection is None and failure.reason == "timeout"
        never.cancel()

    play(scene)


def test_the_least_pass_over_is_a_minute() -> None:
    assert pool_module.PASS_OVER == 60.0
