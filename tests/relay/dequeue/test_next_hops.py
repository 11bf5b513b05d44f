"""Dead, slow, odd and healthy next hops side by side: none delays another's mail."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from relay.queue.schedule import Limits
from relay.smtp.reply import Reply
from spooltool.spool.codec import splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock

World = Any
Play = Any
Target = Any


def test_one_probe_speaks_for_all_mail_of_a_dead_host(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        numbers = [world.put(1) for _ in range(20)]
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_resend/R{number}" for number in numbers]
        states = [world.envelope(file).state for file in world.files()]
        assert {(s.reason, s.attempts) for s in states} == {("refused", 1)}
        assert [event for _, event in world.notes.events].count("down") == 1

    play(scenario)


def test_new_mail_for_a_host_that_is_down_is_marked_on_arrival(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        world.put(1)
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: ("", "down") in world.notes.events)
        number = world.put(1)
        mdq.wake()
        await world.until(lambda: f"D_resend/R{number}" in world.files())
        assert world.envelope(f"D_resend/R{number}").state.reason == "refused"
        mdq.stop()
        await running

    play(scenario)


def test_mail_of_a_dead_host_past_its_term_expires_with_its_probe(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        for _ in range(20):
            world.put(1, arrived=time.time() - 500_000, ERR_SERVER=f"127.0.0.1:{target.port}")
        mdq = world.dequeuer(abandon_time=0.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(target.received) == 20 and world.files() == [])
        assert {sender for sender, _, _ in target.received} == {""}
        mdq.stop()
        await running

    play(scenario)


def test_a_dead_and_a_slow_host_do_not_delay_the_good_one(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        tarpit = type(target)()
        tarpit.hang = "greeting"
        await tarpit.start()
        for _ in range(30):
            world.put(tarpit.port)
            world.put(1)
        for _ in range(100):
            world.put(target.port)
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(target.received) == 100 and len(world.files()) == 60)
        mdq.stop()
        await running
        assert len(world.files()) == 60
        await tarpit.stop()

    play(scenario)


def test_retarget_works_on_mail_that_is_stuck_in_a_tarpit(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        tarpit = type(target)()
        tarpit.hang = "greeting"
        await tarpit.start()
        numbers = [world.put(tarpit.port) for _ in range(10)]
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: tarpit.connections > 0)
        released, busy, absent = await mdq.yield_ids(numbers, 60)
        assert (sorted(released), busy, absent) == (sorted(numbers), [], [])
        for number in numbers:
            locked = lock(world.spool, SpoolName("D_sender", "R", number))
            rewrite(locked, splices(locked.envelope(), {"DPORT": str(target.port)})).close()
        mdq.done(numbers)
        mdq.kick_ids(numbers)
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert len(target.received) == 10
        await tarpit.stop()

    play(scenario)


def test_a_second_host_of_the_list_is_tried(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        world.put(1, DST=f"{{127.0.0.2, 127.0.0.1:{target.port}}}")
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1

    play(scenario)


def test_connections_are_reused(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        for _ in range(50):
            world.put(target.port)
        await world.dequeuer().run(once=True)
        assert len(target.received) == 50
        assert target.connections <= 20

    play(scenario)


def test_an_error_nobody_foresaw_costs_one_message_a_minute(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        from relay.dequeue import desk

        poison = world.put(target.port, body=b"poison\n")
        good = [world.put(target.port) for _ in range(20)]
        real = desk.mail_of

        def mail_of(job: Any) -> Any:
            if job.id == poison:
                raise RuntimeError("nobody foresaw this")
            return real(job)

        monkeypatch.setattr(desk, "mail_of", mail_of)
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_sender/R{poison}"]
        assert len(target.received) == len(good)
        assert [a for a in world.notes.alerts if "nobody foresaw this" in a]
        lock(world.spool, SpoolName("D_sender", "R", poison)).close()

    play(scenario)


def test_a_host_that_never_answers_rset_does_not_keep_the_lane(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        target.hang = "rset"
        target.plan["anna@example.org"] = [Reply(451, "4.7.1", "slow down")]
        world.put(target.port, "anna@example.org")
        world.put(target.port, "ben@example.org")
        await world.dequeuer(timeout=1.0).run(once=True)
        assert target.hang == ""
        assert [r[1] for r in target.received] == [("ben@example.org",)]

    play(scenario)


def test_due_mail_of_a_healthy_host_without_a_slot_is_told_once_a_scan(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        for _ in range(300):
            world.put(target.port)
        mdq = world.dequeuer(limits=Limits(max_conns=1, max_conns_per_site=1), scan_period=0.02)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert 1 <= world.notes.limits <= 300
        assert len(target.received) == 300

    play(scenario)
