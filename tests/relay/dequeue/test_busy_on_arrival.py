"""Mail that the intake still holds when its destination is found down."""

from __future__ import annotations

import asyncio
from typing import Any

from spooltool.spool.names import SENDER, SpoolName
from spooltool.store.lock import lock

World = Any
Play = Any
Target = Any


def test_what_was_locked_on_arrival_is_marked_soon_after(world: World, play: Play) -> None:
    """One probe speaks for all: not to be lost on what the intake had not acknowledged yet."""

    async def scenario(target: Target) -> None:
        world.put(1)
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: ("", "down") in world.notes.events)
        number = world.put(1)
        with lock(world.spool, SpoolName(SENDER, "R", number)):
            mdq.wake()
            await world.until(lambda: number in mdq.roster.known)
        await world.until(lambda: f"D_resend/R{number}" in world.files())
        assert world.envelope(f"D_resend/R{number}").state.reason == "refused"
        mdq.stop()
        await running

    play(scenario)
