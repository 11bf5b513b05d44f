"""Content that has to be judged, in ways that nobody here knows: it waits, with an alert."""

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
        (
            {"AV_SETTING": "check"},
            "AV_IPADDR and AV_PORT are 0.0.0.0 and 0, which is no configured scanner",
        ),
        ({"RESOURCE": "smtp_in ab12"}, "RESOURCE is smtp_in, and there is no such resource"),
        ({"RESOURCE": None}, "RESOURCE is missing: `set --resource NAME|none` says what is asked"),
        ({"AV_SETTING": None}, "AV_SETTING is missing"),
    ],
)
def test_it_waits_is_told_and_tried_again(
    world: World, play: Play, values: dict[str, str | None], why: str
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        good = world.put(target.port)
        locked = lock(world.spool, SpoolName("D_sender", "R", number))
        rewrite(locked, splices(locked.envelope(), values)).close()
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_resend/R{number}"]
        assert len(target.received) == 1, "the peer hears nothing of it"
        assert (good, "delivered") in world.notes.events
        assert [alert for alert in world.notes.alerts if why in alert] == [f"not sent, {why}"]
        state = world.envelope(f"D_resend/R{number}").state
        assert (state.reason, state.text, state.attempts) == ("limit", why[:80], 1)

    play(scenario)


@pytest.mark.parametrize(
    "line", [b"AV_SETTING:\tcheck\n", b"AV_SETTING:\tnone\n", b"RESOURCE:\tx\n"]
)
def test_a_second_line_makes_it_wait(world: World, play: Play, line: bytes) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        path = f"{world.spool.path}/D_sender/R{number}"
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data.replace(b"FORMAT:", line + b"FORMAT:"))
        await world.dequeuer().run(once=True)
        assert target.received == []
        assert any("there twice" in alert for alert in world.notes.alerts)

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
        assert f"D_quarantine/R{big}" in world.files(), "more than its capacity is judged"
        assert (number, "delivered") in world.notes.events
        told = (number, "resource-changed") in world.notes.events
        assert told is text.endswith("abcdef"), "another definition is told, none is not"

    play(scenario)


def test_what_waited_is_looked_at_again_by_a_reload(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        locked = lock(world.spool, SpoolName("D_sender", "R", number))
        rewrite(locked, splices(locked.envelope(), {"RESOURCE": "smtp_in"})).close()
        mdq = world.dequeuer()
        running = asyncio.ensure_future(mdq.run())
        why = "RESOURCE is smtp_in, and there is no such resource"
        await world.until(lambda: any(why in alert for alert in world.notes.alerts))
        mdq._reread = lambda: replace(mdq.settings, resources={"smtp_in": WORK})
        mdq.reload()
        await world.until(lambda: (number, "delivered") in world.notes.events)
        mdq.stop()
        await running

    play(scenario)
