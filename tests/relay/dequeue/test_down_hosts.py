"""A destination that is down: one probe speaks for all its mail, and what it may not decide."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from typing import Any

from relay.smtp.reply import Reply
from spooltool.spool.codec import splices
from spooltool.spool.names import HOLD, RESEND, SENDER, SpoolName
from spooltool.spool.state import set_aside, taken_back
from spooltool.store.edit import rewrite, write_state
from spooltool.store.lock import lock
from spooltool.store.move import move
from tests.harness.process import free_port

World = Any
Play = Any
Target = Any

AGED = 500_000
"""Seconds: longer than abandon_time."""


def contents(world: World) -> dict[str, tuple[bytes, int, int]]:
    """Bytes, mtime and inode of every message."""
    found = {}
    for file in world.files():
        path = f"{world.spool.path}/{file}"
        facts = os.stat(path)
        with open(path, "rb") as opened:
            found[file] = opened.read(), facts.st_mtime_ns, facts.st_ino
    return found


def probes(mdq: Any) -> int:
    return sum(view.probes for view in mdq.schedule.view(time.time()))


def test_later_probes_rewrite_nothing_but_their_own_message(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        port = free_port()
        for _ in range(20):
            world.put(port)
        mdq = world.dequeuer(resend_period=1.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(os.listdir(f"{world.spool.path}/{RESEND}")) == 20)
        before = contents(world)
        seen = probes(mdq)
        await world.until(lambda: probes(mdq) >= seen + 2)
        mdq.stop()
        await running
        after = contents(world)
        assert set(after) == set(before)
        changed = [file for file in after if after[file] != before[file]]
        assert 0 < len(changed) <= probes(mdq) - seen + 1
        assert [event for _, event in world.notes.events].count("down") == 1

    play(scenario)


def test_when_it_answers_again_all_its_mail_goes_at_once(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        port = free_port()
        for _ in range(20):
            world.put(port)
        mdq = world.dequeuer(resend_period=1.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: ("", "down") in world.notes.events)
        server = await asyncio.start_server(target._serve, "127.0.0.1", port)
        await world.until(lambda: len(target.received) == 20)
        mdq.stop()
        await running
        server.close()

    play(scenario)


def test_a_probe_from_before_an_operators_change_expires_nothing(world: World, play: Play) -> None:
    """Aged mail retargeted to a host that is known to be down was never tried there."""

    async def scenario(target: Target) -> None:
        down, aged = free_port(), free_port()
        world.put(down, ERR_SERVER="127.0.0.1:1")
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: ("", "down") in world.notes.events)
        number = world.put(aged, arrived=time.time() - AGED, ERR_SERVER="127.0.0.1:1")
        name = SpoolName(SENDER, "R", number)
        locked = lock(world.spool, name)
        rewrite(locked, splices(locked.envelope(), {"DPORT": str(down)})).close()
        mdq.wake()
        await world.until(lambda: f"D_resend/R{number}" in world.files())
        state = world.envelope(f"D_resend/R{number}").state
        assert (state.reason, state.attempts) == ("refused", 1), "marked, and not given up"
        mdq.kick_ids([number])
        await world.until(lambda: f"D_resend/E{number}" in world.files())
        mdq.stop()
        await running

    play(scenario)


def test_mail_that_came_after_the_probe_is_not_given_up_by_it(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        port = free_port()
        world.put(port, ERR_SERVER="127.0.0.1:1")
        mdq = world.dequeuer(abandon_time=0.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: ("", "down") in world.notes.events)
        number = world.put(port, arrived=time.time() - AGED, ERR_SERVER="127.0.0.1:1")
        mdq.wake()
        await world.until(lambda: f"D_resend/R{number}" in world.files())
        mdq.stop()
        await running

    play(scenario)


def test_aged_mail_is_tried_once_more_before_it_is_given_up(world: World, play: Play) -> None:
    """A relay that was off for long: never by age alone."""

    async def scenario(target: Target) -> None:
        number = world.put(target.port, arrived=time.time() - AGED)
        with lock(world.spool, SpoolName(SENDER, "R", number)) as locked:
            move(locked, SpoolName(RESEND, "R", number))
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1
        assert world.files() == [] and world.trash() == []

    play(scenario)


def test_time_in_d_hold_does_not_count(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        port = free_port()
        number = world.put(port, arrived=time.time() - AGED, ERR_SERVER="127.0.0.1:1")
        now = time.time()
        with lock(world.spool, SpoolName(SENDER, "R", number)) as locked:
            envelope = locked.envelope()
            held = set_aside(envelope.state, now - AGED + 60)
            write_state(locked, envelope, held)
            move(locked, SpoolName(HOLD, "R", number))
        with lock(world.spool, SpoolName(HOLD, "R", number)) as locked:
            write_state(locked, locked.envelope(), taken_back(held, now))
            move(locked, SpoolName(SENDER, "R", number))
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_resend/R{number}"], "it is a minute old, not six days"

    play(scenario)


def test_an_e_file_has_a_clock_of_its_own_and_ends_in_the_trash_with_a_record(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, arrived=time.time() - AGED, ERR_SERVER="127.0.0.1:1")
        target.plan["mail"] = [Reply(550, "5.1.1", "no such user")]
        await world.dequeuer().run(once=True)
        await world.dequeuer().run(once=True)
        file = f"D_resend/E{number}"
        assert world.files() == [file], "aged as R, it is young as E"
        with lock(world.spool, SpoolName(RESEND, "E", number)) as locked:
            envelope = locked.envelope()
            old = taken_back(set_aside(envelope.state, 0), 0)
            write_state(locked, envelope, _aged(old))
        world.notes.tracked.clear()
        world.notes.alerts.clear()
        await world.dequeuer().run(once=True)
        assert world.files() == []
        assert world.trash() == [f"E{number}"]
        assert "trashed" in world.notes.tracked
        assert any(alert.startswith("trashed: ") for alert in world.notes.alerts)

    play(scenario)


def _aged(state: Any) -> Any:
    return replace(state, term=state.term - AGED, next_try=0, last_try=0)
