"""Content that has to be judged, by a relay that cannot: it waits, and is not let through."""

from __future__ import annotations

from typing import Any

import pytest

from spooltool.spool.codec import splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock

World = Any
Play = Any
Target = Any


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"AV_SETTING": "check"}, "AV_SETTING is check, and this relay has no scanner"),
        ({"AV_SETTING": "cure"}, "AV_SETTING is cure, and this relay has no scanner"),
        ({"RESOURCE": "smtp_in ab12"}, "RESOURCE is smtp_in ab12, and this relay has no such"),
    ],
)
def test_it_waits_and_is_told(world: World, play: Play, values: dict[str, str], why: str) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        good = world.put(target.port)
        locked = lock(world.spool, SpoolName("D_sender", "R", number))
        rewrite(locked, splices(locked.envelope(), values)).close()
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_sender/R{number}"]
        assert len(target.received) == 1
        assert (good, "delivered") in world.notes.events
        assert [alert for alert in world.notes.alerts if why in alert]

    play(scenario)


def test_a_second_line_that_asks_for_it_counts(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        path = f"{world.spool.path}/D_sender/R{number}"
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data.replace(b"FORMAT:", b"AV_SETTING:\tcheck\nFORMAT:"))
        await world.dequeuer().run(once=True)
        assert target.received == []

    play(scenario)
