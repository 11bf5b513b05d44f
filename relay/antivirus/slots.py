"""How many may do something at once; the number may change while they do."""

from __future__ import annotations

import asyncio


class Slots:
    """An asynchronous context manager that lets `limit` in at once, one at least."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken = 0
        self._freed = asyncio.Condition()

    async def __aenter__(self) -> None:
        async with self._freed:
            await self._freed.wait_for(lambda: self._taken < max(self.limit, 1))
            self._taken += 1

    async def __aexit__(self, *_: object) -> None:
        self._taken -= 1
        async with self._freed:
            self._freed.notify_all()
