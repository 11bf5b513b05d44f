"""Content that has to be judged, by a relay that cannot: it waits, and is not let through."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from relay.config.resources import Resource
from relay.policy.resources import value
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


WORK = Resource("smtp_in", strip_script_tags=True, comment="tags")
PLAIN = Resource("smtp_in", mail_delivery_server="10.1.5.2", mail_capacity=1)


@pytest.mark.parametrize("text", ["smtp_in", "smtp_in 0123456789abcdef", value(PLAIN)])
def test_a_resource_without_work_on_content_lets_mail_go(
    world: World, play: Play, text: str
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        big = world.put(target.port, body=b"x\n" * 600)
        for one in (number, big):
            locked = lock(world.spool, SpoolName("D_sender", "R", one))
            rewrite(locked, splices(locked.envelope(), {"RESOURCE": text})).close()
        await world.dequeuer(resources={"smtp_in": PLAIN}).run(once=True)
        assert world.files() == [f"D_sender/R{big}"], "more than its capacity is judged"
        assert (number, "delivered") in world.notes.events
        told = (number, "resource-changed") in world.notes.events
        assert told is text.endswith("abcdef"), "another definition is told, none is not"

    play(scenario)


def test_what_waited_is_looked_at_again_by_a_reload(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        locked = lock(world.spool, SpoolName("D_sender", "R", number))
        rewrite(locked, splices(locked.envelope(), {"RESOURCE": "smtp_in"})).close()
        mdq = world.dequeuer(resources={"smtp_in": WORK})
        running = asyncio.ensure_future(mdq.run())
        why = "the content is to be judged by smtp_in, and this relay cannot"
        await world.until(lambda: any(why in alert for alert in world.notes.alerts))
        mdq._reread = lambda: replace(mdq.settings, resources={"smtp_in": PLAIN})
        mdq.reload()
        await world.until(lambda: (number, "delivered") in world.notes.events)
        mdq.stop()
        await running

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
