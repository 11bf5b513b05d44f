"""Names to addresses: asynchronous, few at a time, with a deadline."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from relay.delivery import resolve
from relay.delivery.resolve import Resolver, Unresolved
from spooltool.spool.hosts import HostPort

ANSWER = [
    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0)),
    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.2", 0)),
]


class Server:
    """Stands in for the system's resolver; `hold` keeps the answers back."""

    def __init__(self, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.at_once = self.most = 0
        self.go = asyncio.Event()
        self.error: OSError | None = None
        monkeypatch.setattr(loop, "getaddrinfo", self._answer)

    async def _answer(self, name: str, *_: object, **__: object) -> Any:
        self.asked.append(name)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.go.wait()
        finally:
            self.at_once -= 1
        if self.error is not None:
            raise self.error
        return ANSWER


def test_every_address_in_order_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        server, resolver = Server(asyncio.get_running_loop(), monkeypatch), Resolver()
        server.go.set()
        wanted = [("192.0.2.1", 26), ("192.0.2.2", 26)]
        assert await resolver.addresses(HostPort("mx.example.com", 26), 25) == wanted
        assert await resolver.addresses(HostPort("mx.example.com", 26), 25) == wanted
        assert server.asked == ["mx.example.com"]
        assert await resolver.addresses(HostPort("192.0.2.9"), 25) == [("192.0.2.9", 25)]

    asyncio.run(main())


def test_a_name_server_that_never_answers_costs_the_deadline_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        Server(asyncio.get_running_loop(), monkeypatch)
        monkeypatch.setattr(resolve, "DEADLINE", 0.01)
        with pytest.raises(Unresolved, match="no answer from the resolver"):
            await Resolver().addresses(HostPort("mx.example.com"), 25)

    asyncio.run(main())


def test_few_look_ups_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        server, resolver = Server(asyncio.get_running_loop(), monkeypatch), Resolver()
        looks = [resolver.addresses(HostPort(f"mx{n}.example.com"), 25) for n in range(30)]
        tasks = [asyncio.ensure_future(look) for look in looks]
        for _ in range(5):
            await asyncio.sleep(0)
        assert server.at_once == 8
        server.go.set()
        await asyncio.gather(*tasks)
        assert server.most == 8

    asyncio.run(main())


def test_a_failure_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        server, resolver = Server(asyncio.get_running_loop(), monkeypatch), Resolver()
        server.go.set()
        server.error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        with pytest.raises(Unresolved, match="Name or service not known"):
            await resolver.addresses(HostPort("mx.example.com"), 25)
        server.error = None
        assert len(await resolver.addresses(HostPort("mx.example.com"), 25)) == 2

    asyncio.run(main())
