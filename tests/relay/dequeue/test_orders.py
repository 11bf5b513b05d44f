"""Suspended hosts, kicks with a rate and a doubted clock, on a dequeuer that runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from relay.dequeue.mdq import Dequeuer
from relay.queue.clock import Doubt
from spooltool.control import Suspend
from spooltool.errors import CannotWrite, Refused
from spooltool.spool.names import SpoolName

World = Any
Play = Any
Target = Any


@contextlib.asynccontextmanager
async def running(mdq: Dequeuer) -> AsyncIterator[None]:
    task = asyncio.create_task(mdq.run())
    try:
        yield
    finally:
        mdq.stop()
        await task


def only_in_sender(world: World, number: str) -> bool:
    return bool(world.files() == [f"D_sender/R{number}"])


async def scans(world: World, mdq: Dequeuer, count: int = 2) -> None:
    """Until the dequeuer has looked at everything anew."""
    for _ in range(count):
        before = mdq.scanned
        mdq.wake()
        await world.until(lambda before=before: mdq.scanned > before)


def test_suspended_mail_waits_untouched_and_resumed_it_goes(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer()
        async with running(mdq):
            reply = await mdq.suspend(Suspend("127.0.0.1", None, "jo", "migration"))
            assert (reply.order.waiting, reply.released, reply.busy) == (0, 0, 0)
            number = world.put(target.port)
            before = (world.spool.path, f"D_sender/R{number}")
            written = Path(*before).read_bytes()
            await scans(world, mdq)
            kicked = mdq.kick_all()
            assert (kicked.count, kicked.suspended) == (0, 1)
            assert (mdq.kick_ids([number]).suspended, mdq.kick_host("127.0.0.1").count) == (1, 0)
            await scans(world, mdq)
            assert target.connections == 0 and Path(*before).read_bytes() == written
            (order,) = mdq.status()["orders"]  # type: ignore[misc,attr-defined]
            assert (order["host"], order["waiting"], order["who"]) == ("127.0.0.1", 1, "jo")
            resumed = await mdq.resume(["127.0.0.1", "b.example"])
            assert (resumed.hosts, resumed.absent) == (("127.0.0.1",), ("b.example",))
            assert (resumed.waiting, resumed.past_term) == (1, 0)
            await world.until(lambda: world.files() == [])
        assert len(target.received) == 1
        assert [e for _, e in world.notes.events if e in ("suspend", "resume")] == [
            "suspend",
            "resume",
        ]

    play(scenario)


def test_orders_survive_a_restart_and_once(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        first = world.dequeuer()
        await first.suspend(Suspend("*", None, "jo"))
        await first.suspend(Suspend("a.example", 0.001))
        own = Path(world.spool.path, ".spooltool")
        assert (own / "orders").stat().st_mode & 0o777 == 0o600
        await world.dequeuer().run(once=True)
        assert only_in_sender(world, number) and target.connections == 0
        again = world.dequeuer()
        async with running(again):
            await scans(world, again)
            assert list(again.suspensions.orders) == ["*"]  # the other one's time was over
            assert (await again.resume(None)).hosts == ("*",)
            await world.until(lambda: world.files() == [])
        assert (own / "orders").read_bytes() == b""
        assert not list(own.glob(".orders*"))

    play(scenario)


def test_an_order_that_cannot_be_kept_is_not_in_force(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer()
        await mdq.suspend(Suspend("a.example"))

        def full(*args: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(CannotWrite, match="No space left"):
            await mdq.suspend(Suspend("b.example"))
        with pytest.raises(CannotWrite):
            await mdq.resume(["a.example"])
        assert list(mdq.suspensions.orders) == ["a.example"]
        monkeypatch.undo()
        for number in range(99):
            await mdq.suspend(Suspend(f"h{number}.example"))
        with pytest.raises(Refused, match="100 orders are in force"):
            await mdq.suspend(Suspend("one-more.example"))

    play(scenario)


def test_what_cannot_be_read_of_the_file_is_told(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        own = Path(world.spool.path, ".spooltool")
        (own / "orders").write_text('{"v":1,"host":"a","since":1}\n{"v":1,"host":"b c"}\n')
        mdq = world.dequeuer()
        await mdq.run(once=True)
        assert list(mdq.suspensions.orders) == ["a"]
        assert world.notes.alerts == [
            "an order is lost: orders, line 2: `host` must be HOST, HOST:PORT or *.DOMAIN"
        ]
        (own / "orders").unlink()
        (own / "orders").symlink_to("/etc/passwd")
        await world.dequeuer().run(once=True)
        assert world.notes.alerts[1].startswith("no host is suspended: orders cannot be read")

    play(scenario)


def test_an_order_for_a_time_ends_by_itself(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer()
        async with running(mdq):
            await mdq.suspend(Suspend("127.0.0.1", 1.5))
            world.put(target.port)
            await scans(world, mdq)
            assert target.connections == 0
            await world.until(lambda: world.files() == [])
        assert ("", "resume") in world.notes.events

    play(scenario)


@pytest.mark.parametrize(("stage", "released", "busy"), [("greeting", 1, 0), ("dot", 0, 1)])
def test_attempts_under_way_are_let_go_short_of_the_dot(
    world: World, play: Play, stage: str, released: int, busy: int
) -> None:
    async def scenario(target: Target) -> None:
        target.hang = stage
        number = world.put(target.port)
        mdq = world.dequeuer()
        async with running(mdq):
            await world.until(
                lambda: (
                    target.connections == 1
                    and any(lane.past_dot == (stage == "dot") and lane.job for lane in mdq._lanes)
                )
            )
            reply = await mdq.suspend(Suspend("127.0.0.1"))
            assert (reply.released, reply.busy) == (released, busy)
            if released:
                await world.until(lambda: not mdq._lanes)
                assert only_in_sender(world, number)
            target.hang = ""
            await scans(world, mdq)
            assert target.connections == 1
            for lane in mdq._lanes:  # what hangs at the dot has its answer now: none
                assert lane.connection is not None
                lane.connection.abort()

    play(scenario)


def test_of_a_list_the_hosts_that_are_not_suspended_are_tried(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer()
        async with running(mdq):
            await mdq.suspend(Suspend("127.0.0.2"))
            await mdq.suspend(Suspend("127.0.0.3:25"))
            world.put(target.port, DST="{127.0.0.2,127.0.0.3:25,127.0.0.1}")
            await world.until(lambda: target.received)
        assert world.files() == []

    play(scenario)


def test_nothing_expires_while_suspended_but_at_a_failed_attempt_after_it(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer(abandon_time=100.0)
        async with running(mdq):
            # Known to be down: new mail would be marked on arrival, and old mail be given up.
            world.put(1)
            await world.until(lambda: ("", "down") in world.notes.events)
            await mdq.suspend(Suspend("127.0.0.1"))
            old = world.put(1, arrived=time.time() - 1000)
            os.utime(Path(world.spool.path, f"D_sender/R{old}"), (1e9, 1e9))
            await scans(world, mdq, 3)
            assert f"D_sender/R{old}" in world.files()
            assert (await mdq.resume(None)).past_term == 1
            await world.until(lambda: f"D_resend/E{old}" in world.files())

    play(scenario)


def test_a_kick_with_a_rate_is_spread(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer()
        await mdq.suspend(Suspend("127.0.0.1"))
        numbers = [world.put(target.port) for _ in range(6)]
        async with running(mdq):
            await scans(world, mdq)
            await mdq.resume(None)
            kicked = mdq.kick_ids(numbers, rate=10.0)
            began = time.monotonic()
            assert kicked.count == 6 and kicked.seconds == pytest.approx(0.5)
            await world.until(lambda: world.files() == [])
            assert time.monotonic() - began > 0.35
            assert ("", "kick") in world.notes.events

    play(scenario)


def test_expiry_is_suspended_while_the_clock_is_doubted(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer(abandon_time=100.0)
        number = world.put(1, arrived=time.time() - 1000)
        os.utime(Path(world.spool.path, f"D_sender/R{number}"), (1e9, 1e9))
        mdq.clock.doubt = Doubt(departed=864000.0)
        async with running(mdq):
            await world.until(lambda: f"D_resend/R{number}" in world.files())
            await world.until(lambda: world.notes.alerts)
            assert world.notes.alerts == [
                "the clock jumped 10d00h ahead: nothing expires until `relay clock ok`"
            ]
            status = mdq.status()
            assert (status["clock_ok"], status["clock"]) == (False, "the clock jumped 10d00h ahead")
            with pytest.raises(Refused, match="1 message is past the abandon time"):
                mdq.clock_ok(force=False)
            assert mdq.clock_ok(force=True).past_term == 1
            assert mdq.status()["clock_ok"] is True
            mdq.kick_all()
            await world.until(lambda: f"D_resend/E{number}" in world.files())
        assert sum("clock" in alert for alert in world.notes.alerts) == 1

    play(scenario)


def test_mail_from_the_future_suspends_expiry_from_the_start(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        old = world.put(1, arrived=time.time() - 1000)
        world.put(target.port, arrived=time.time() + 7200)
        mdq = world.dequeuer(abandon_time=100.0)
        await mdq.run(once=True)
        assert f"D_resend/R{old}" in world.files()
        assert mdq.status()["clock_ok"] is False
        with pytest.raises(Refused, match="yet mail arrived at"):
            mdq.clock_ok(force=False)

    play(scenario)


def test_the_trash_is_kept_while_the_clock_is_doubted(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        trash = Path(world.spool.path, ".spooltool", "trash", f"R{number}")
        Path(world.spool.path, f"D_sender/R{number}").rename(trash)
        mdq = world.dequeuer(trash_keep=0.0)
        mdq.clock.doubt = Doubt(departed=864000.0)
        async with running(mdq):
            await world.until(lambda: world.notes.alerts)
            ticks = len(mdq._hour)
            await world.until(lambda: len(mdq._hour) > ticks)
            assert trash.exists()
            mdq.clock_ok(force=False)
            await world.until(lambda: not trash.exists())

    play(scenario)


def test_a_notice_written_by_a_clock_that_was_ahead_is_due(world: World, play: Play) -> None:
    from dataclasses import replace

    from spooltool.store.edit import write_state
    from spooltool.store.lock import lock
    from spooltool.store.move import move

    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        with lock(world.spool, SpoolName("D_sender", "R", number)) as locked:
            envelope = locked.envelope()
            ahead = int(time.time()) + 864000
            state = replace(envelope.state, next_try=ahead, term=ahead)
            assert write_state(locked, envelope, state)
            move(locked, SpoolName("D_resend", "E", number))
        mdq = world.dequeuer()
        async with running(mdq):
            await world.until(lambda: world.files() == [])
        assert target.received[0][0] == ""

    play(scenario)
