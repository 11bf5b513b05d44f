"""The mark of an attempt that was begun: when it stands, when it goes, what it leads to."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import Any

import pytest

from relay.dequeue import started
from relay.queue.suspects import MOST
from relay.smtp.reply import Reply
from spooltool.errors import CannotWrite
from spooltool.spool.names import SENDER, SpoolName
from spooltool.store.edit import write_state
from spooltool.store.lock import lock
from spooltool.store.move import move
from tests.harness.sink_plan import SinkPlan

World = Any
Play = Any
Target = Any
Hop = Any


def left_unended(world: World, number: str, times: int) -> None:
    """As dequeuers leave a message that were killed while at it."""
    with lock(world.spool, SpoolName(SENDER, "R", number)) as locked:
        envelope = locked.envelope()
        assert write_state(locked, envelope, replace(envelope.state, started=times))


def count(world: World, file: str) -> int:
    state = world.envelope(file).state
    assert state is not None
    return int(state.started)


def test_it_stands_while_the_attempt_lasts_and_goes_with_its_result(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(greet_after=-1)) as tarpit:
            number = world.put(tarpit.port)
            mdq = world.dequeuer(timeout=1.5)
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: tarpit.connections)
            assert count(world, f"D_sender/R{number}") == 1
            await world.until(lambda: world.files() == [f"D_resend/R{number}"])
            assert count(world, f"D_resend/R{number}") == 0
            mdq.stop()
            await running

    play(scenario)


@pytest.mark.parametrize("how", ["stop", "yield"])
def test_an_attempt_that_we_drop_ourselves_is_not_counted(
    world: World, play: Play, hop: Hop, how: str
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(greet_after=-1)) as tarpit:
            number = world.put(tarpit.port)
            left_unended(world, number, 1)
            mdq = world.dequeuer()
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: tarpit.connections)
            assert count(world, f"D_sender/R{number}") == 2
            if how == "yield":
                assert (await mdq.yield_ids([number], 60))[0] == [number]
                assert count(world, f"D_sender/R{number}") == 1
            mdq.stop()
            await running
            assert count(world, f"D_sender/R{number}") == 1

    play(scenario)


@pytest.mark.parametrize("times", [MOST, MOST + 1])
def test_what_was_never_ended_so_often_is_set_aside_and_told(
    world: World, play: Play, times: int
) -> None:
    async def scenario(target: Target) -> None:
        bad, good = world.put(target.port), world.put(target.port)
        left_unended(world, bad, times)
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_hold/R{bad}"]
        assert [event for id, event in world.notes.events if id == good] == ["delivered"]
        (alert,) = world.notes.alerts
        assert f"started {times} times and never ended" in alert
        state = world.envelope(f"D_hold/R{bad}").state
        assert (state.reason, state.started) == ("limit", 0)
        assert state.text.startswith(f"started {times} times and never ended")
        assert state.held > 0, "time in D_hold does not count"

    play(scenario)


def test_once_a_person_lets_it_go_it_has_its_chances_anew(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        left_unended(world, number, MOST)
        mdq = world.dequeuer()
        await mdq.run(once=True)
        with lock(world.spool, SpoolName("D_hold", "R", number)) as locked:
            move(locked, SpoolName(SENDER, "R", number))
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1

    play(scenario)


def test_many_suspects_are_tried_one_after_the_other_and_new_mail_beside_them(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(greet_after=-1)) as tarpit:
            stuck = world.put(tarpit.port)
            suspects = [world.put(target.port) for _ in range(20)]
            for number in (stuck, *suspects):
                left_unended(world, number, 1)
            fresh = [world.put(target.port) for _ in range(5)]
            mdq = world.dequeuer(timeout=2.0)
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: len(target.received) >= len(fresh))
            marked = [n for n in (stuck, *suspects) if _marked(world, n) == 2]
            assert len(marked) <= 1, "one suspect at a time"
            await world.until(lambda: world.files() == [f"D_resend/R{stuck}"])
            assert len(target.received) == 25
            mdq.stop()
            await running

    play(scenario)


def _marked(world: World, number: str) -> int:
    try:
        return count(world, f"D_sender/R{number}")
    except AssertionError:
        return 0  # it has left


def test_a_run_of_once_tries_every_suspect(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        for _ in range(10):
            left_unended(world, world.put(target.port), 2)
        await world.dequeuer().run(once=True)
        assert len(target.received) == 10
        assert world.files() == []

    play(scenario)


def test_a_file_without_a_state_gets_one(world: World, play: Play, hop: Hop) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(greet_after=-1)) as tarpit:
            with open(f"{world.spool.path}/D_resend/R00000195", "wb") as file:
                file.write(b"AV_SETTING:\tnone\nRESOURCE:\tnone\nDST:\t127.0.0.1\nDPORT:\t%d\nFROM:\t<a@example.com>\n"
                           b"RCPT:\t<anna@example.org>\n\nSubject: x\n\nSubject: y\n\nhi\n"
                           % tarpit.port)  # fmt: skip
            mdq = world.dequeuer()
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: tarpit.connections)
            assert count(world, "D_resend/R00000195") == 1
            mdq.stop()
            await running
            assert count(world, "D_resend/R00000195") == 0
            with open(f"{world.spool.path}/D_resend/R00000195", "r+b") as file:
                data = file.read()
                file.seek(0)
                file.write(data.replace(b"%d" % tarpit.port, b"%d" % target.port))
            await world.dequeuer().run(once=True)
            assert [r[1:] for r in target.received] == [
                (("anna@example.org",), b"Subject: y\n\nhi\n")
            ]

    play(scenario)


def test_a_disk_that_takes_no_mark_does_not_stop_the_mail(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise CannotWrite("Input/output error")

    async def scenario(target: Target) -> None:
        world.put(target.port)
        monkeypatch.setattr(started, "write_started", full)
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1

    play(scenario)


def test_the_failure_of_a_probe_takes_no_mark_out(world: World, play: Play) -> None:
    """The message itself was not tried: what is suspected of it stays suspected."""

    async def scenario(target: Target) -> None:
        numbers = [world.put(1) for _ in range(3)]
        left_unended(world, numbers[2], 2)
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(os.listdir(f"{world.spool.path}/D_resend")) == 3)
        mdq.stop()
        await running
        assert [count(world, f"D_resend/R{number}") for number in numbers] == [0, 0, 2]

    play(scenario)


def test_a_notice_is_counted_as_any_message(world: World, play: Play, hop: Hop) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(greet_after=-1)) as tarpit:
            number = world.put(target.port, ERR_SERVER=f"127.0.0.1:{tarpit.port}")
            target.plan["mail"] = [Reply(550, "5.1.1", "no")]
            mdq = world.dequeuer()
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: tarpit.connections)
            assert count(world, f"D_resend/E{number}") == 1
            mdq.stop()
            await running
            assert count(world, f"D_resend/E{number}") == 0

    play(scenario)
