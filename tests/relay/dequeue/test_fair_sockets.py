"""Slots over real sockets: what is slow or dead delays its own mail, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest

from relay.queue.schedule import Limits
from spooltool.spool.names import RESEND, SENDER, SpoolName
from spooltool.store.lock import lock
from spooltool.store.move import move
from tests.harness.process import free_port
from tests.harness.sink_plan import SinkPlan

World = Any
Play = Any
Target = Any
Hop = Any

TARPITS, STUCK, GOOD = 10, 50, 200


def test_ten_tarpits_and_a_dead_host_do_not_delay_the_good_one(
    world: World, play: Play, hop: Hop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        from relay.queue import site

        # On a busy machine the test may take longer than that: a slow attempt frees a slot.
        monkeypatch.setattr(site, "SLOW", 3600.0)
        async with AsyncExitStack() as stack:
            tarpits = [
                await stack.enter_async_context(hop(SinkPlan(greet_after=-1)))
                for _ in range(TARPITS)
            ]
            world.unsynced()
            good, dead = await stack.enter_async_context(hop()), free_port()
            for tarpit in tarpits:  # the good host's mail comes last of all
                for _ in range(STUCK):
                    world.put(tarpit.port)
            for _ in range(STUCK):
                world.put(dead)
            for _ in range(GOOD):
                world.put(good.port)
            mdq = world.dequeuer(limits=Limits(max_conns=40))
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: len(good.received) == GOOD)
            # Not one attempt at a tarpit has come to an end by then.
            ended = {event for _, event in world.notes.events} - {"delivered", "down", "put-off"}
            assert not ended
            assert all(facts["host"] == f"127.0.0.1:{dead}" for facts in world.named("put-off"))
            assert all(tarpit.connections == 1 for tarpit in tarpits), "one probing slot each"
            mdq.stop()
            await running

    play(scenario)


def test_a_destination_never_tried_finds_a_slot_among_slow_ones(
    world: World, play: Play, hop: Hop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tarpits with more mail each take a second slot when slow, but not the last ones."""

    async def scenario(target: Target) -> None:
        from relay.queue import site

        monkeypatch.setattr(site, "SLOW", 0.1)
        async with AsyncExitStack() as stack:
            tarpits = [
                await stack.enter_async_context(hop(SinkPlan(greet_after=-1))) for _ in range(6)
            ]
            for tarpit in tarpits:
                for _ in range(3):
                    world.put(tarpit.port)
            mdq = world.dequeuer(limits=Limits(max_conns=16), scan_period=0.05)
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: sum(tarpit.connections for tarpit in tarpits) >= 6)
            sites = mdq.schedule._sites.values()
            await world.until(lambda: all(one.slow(time.time()) for one in sites))
            scanned = mdq.scanned
            await world.until(lambda: mdq.scanned > scanned)  # who was to start has started
            world.put(target.port)
            mdq.wake()
            await world.until(lambda: target.received)
            assert not world.named("put-off"), "no tarpit had timed out"
            mdq.stop()
            await running

    play(scenario)


def test_new_mail_and_retries_alternate(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        for n in range(10):
            number = world.put(target.port, f"retry{n}@example.org")
            with lock(world.spool, SpoolName(SENDER, "R", number)) as locked:
                move(locked, SpoolName(RESEND, "R", number))
        for n in range(10):
            world.put(target.port, f"new{n}@example.org")
        mdq = world.dequeuer(limits=Limits(max_conns=1, max_conns_per_site=1))
        await mdq.run(once=True)
        kinds = ["new" if r[1][0].startswith("new") else "retry" for r in target.received]
        assert kinds[:2] in (["new", "retry"], ["retry", "new"])
        assert all(a != b for a, b in itertools.pairwise(kinds))
        assert len(kinds) == 20

    play(scenario)


@pytest.mark.parametrize(
    ("limits", "hops"),
    [
        (Limits(max_load=3), 8),
        (Limits(max_conns=3), 8),
        (Limits(max_conns_per_site=3), 1),
    ],
    ids=["max_load", "max_conns", "max_conns_per_site"],
)
def test_no_more_is_under_way_than_the_limits_allow(
    world: World, play: Play, hop: Hop, limits: Limits, hops: int
) -> None:
    async def scenario(target: Target) -> None:
        most = 0
        world.unsynced()
        async with AsyncExitStack() as stack:
            made = [await stack.enter_async_context(hop(SinkPlan(delay=0.01))) for _ in range(hops)]
            for n in range(48):
                world.put(made[n % hops].port)
            mdq = world.dequeuer(limits=limits)

            def heard(_: str) -> None:
                nonlocal most
                most = max(most, mdq.schedule.active)

            for one in made:
                one.heard = heard
            await mdq.run(once=True)
            assert sum(len(one.received) for one in made) == 48
        assert 1 < most <= 3

    play(scenario)


def test_no_slot_for_a_healthy_host_ends_the_starting_and_never_the_reading(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        for _ in range(100):
            world.put(target.port)
        limits = Limits(max_conns=1, max_conns_per_site=1)
        mdq = world.dequeuer(limits=limits, scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.notes.limits)
        late = [world.put(target.port) for _ in range(20)]
        await world.until(lambda: set(late) <= set(mdq.roster.known))
        assert len(target.received) < 100, "read while nothing could be started"
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running

    play(scenario)
