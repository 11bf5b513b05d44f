"""Questions, each asked once at a time, remembered, and few under way together."""

from __future__ import annotations

import asyncio
from typing import Protocol

from relay.delivery.dns.answers import Answer, Said, trouble
from relay.delivery.dns.memory import Key, Memory

AT_ONCE = 64
"""Questions under way at a time: a dead name server must not hold sockets without end."""

CHAIN = 8
"""Aliases that are followed one after the other."""


class Asks(Protocol):
    """Where answers come from: `relay.delivery.dns.servers.Servers`."""

    async def ask(self, name: str, kind: str) -> Answer:
        """One question to the name servers."""
        ...


class Lookup:
    """Answers from memory or from the servers; callers of one question share its answer."""

    def __init__(self, servers: Asks, memory: Memory | None = None) -> None:
        self.servers = servers
        self.memory = memory or Memory()
        self._under_way: dict[Key, asyncio.Task[Answer]] = {}
        self._limit = asyncio.Semaphore(AT_ONCE)

    async def find(self, name: str, kind: str) -> Answer:
        """The records of a name, aliases followed; `ttl` is that of the last answer."""
        for _ in range(CHAIN):
            answer = await self._ask(name, kind)
            if not answer.alias:
                return answer
            name = answer.alias.rstrip(".").lower()
        return trouble(f"more than {CHAIN} aliases one after the other")

    async def _ask(self, name: str, kind: str) -> Answer:
        key = (name, kind)
        known = self.memory.get(key, asyncio.get_running_loop().time())
        if known is not None:
            return known
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fetch(key))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # One who gives up does not take the answer from the others.
        return await asyncio.shield(task)

    async def _fetch(self, key: Key) -> Answer:
        async with self._limit:
            answer = await self.servers.ask(*key)
        self.memory.put(key, answer, asyncio.get_running_loop().time())
        return answer

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def nothing_there(answer: Answer) -> bool:
    """Whether the servers have said for certain that there are no such records."""
    return answer.said in (Said.NOTHING, Said.NO_NAME)
