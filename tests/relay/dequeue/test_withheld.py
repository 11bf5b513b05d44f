"""What was named for a change is left alone until the change is done, or its time has passed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from spooltool.spool.codec import splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock

World = Any
Play = Any
Target = Any


@pytest.mark.parametrize("seconds", [60.0, 1.0], ids=["until-done", "until-the-time-is-over"])
def test_it_is_not_taken_up_before(world: World, play: Play, seconds: float) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(1)
        mdq = world.dequeuer(scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        file = f"D_resend/R{number}"
        await world.until(lambda: world.files() == [file] and not mdq._lanes)
        began = time.time()
        assert await mdq.yield_ids([number], seconds) == ([number], [], [])
        locked = lock(world.spool, SpoolName("D_resend", "R", number))
        rewrite(locked, splices(locked.envelope(), {"DPORT": str(target.port)})).close()
        for _ in range(20):
            seen = mdq.scanned
            mdq.kick_ids([number])
            await world.until(lambda seen=seen: mdq.scanned > seen)
        assert target.received == [] or time.time() >= began + seconds
        if seconds == 60.0:
            mdq.done([number])
        while not target.received:
            mdq.kick_ids([number])
            await asyncio.sleep(0.01)
        if seconds != 60.0:
            assert time.time() >= began + seconds
        mdq.stop()
        await running

    play(scenario)
