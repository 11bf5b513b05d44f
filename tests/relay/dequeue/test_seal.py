"""The digest: which it is, when it is checked, and what a file without the right one waits for."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.dequeue import attempt
from relay.smtp.reply import Reply
from spooltool.spool.codec import parse, splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock

World = Any
Play = Any
Target = Any
PUT_OFF = Reply(451, "4.7.1", "slow down")


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inodes whose content was compared with its digest, one entry each time."""
    inodes: list[int] = []
    real = attempt._sealed

    def sealed(locked: Any, *more: Any) -> bool:
        inodes.append(locked.inode)
        return real(locked, *more)

    monkeypatch.setattr(attempt, "_sealed", sealed)
    return inodes


def test_it_is_checked_once_a_file_and_process_life(
    world: World, play: Play, checked: list[int]
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        target.plan["anna@example.org"] = [PUT_OFF, PUT_OFF]
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        for times in (1, 2):
            await world.until(lambda times=times: put_off(world) == times and not mdq._lanes)
            mdq.kick_all()
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert (number, "delivered") in world.notes.events
        assert len(checked) == 1

    play(scenario)


def test_another_file_and_another_process_check_again(
    world: World, play: Play, checked: list[int]
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        target.plan["anna@example.org"] = [PUT_OFF, PUT_OFF]
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: put_off(world) == 1)
        await mdq.yield_ids([number], 60)
        locked = lock(world.spool, SpoolName("D_resend", "R", number))
        rewrite(locked, splices(locked.envelope(), {"RULE": "7"})).close()
        mdq.done([number])
        mdq.kick_ids([number])
        await world.until(lambda: put_off(world) == 2)
        mdq.stop()
        await running
        assert len(checked) == len(set(checked)) == 2
        again = world.dequeuer()
        running = asyncio.create_task(again.run())
        await world.until(lambda: number in again.roster.known)
        again.kick_all()
        await world.until(lambda: world.files() == [])
        again.stop()
        await running
        assert len(checked) == 3

    play(scenario)


def put_off(world: World) -> int:
    return [event for _, event in world.notes.events].count("put-off")


def _sha512(data: bytes) -> bytes:
    content = data[parse(data).end :]
    return re.sub(
        rb"DIGEST:.*\n",
        b"DIGEST:\tsha512:%s\n" % hashlib.sha512(content).hexdigest().encode(),
        data,
    )


def _unknown(data: bytes) -> bytes:
    return data.replace(b"DIGEST:\tsha256:", b"DIGEST:\tcrc99:")


def _without(data: bytes) -> bytes:
    return re.sub(rb"DIGEST:.*\n", b"", data)


def _unnamed(data: bytes) -> bytes:
    return data.replace(b"DIGEST:\tsha256:", b"DIGEST:\t")


@pytest.mark.parametrize(
    ("change", "sent"), [(_sha512, True), (_unknown, False), (_without, False), (_unnamed, False)]
)
def test_the_digest_names_its_algorithm(
    world: World, play: Play, change: Callable[[bytes], bytes], sent: bool
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        path = Path(world.spool.path, "D_sender", f"R{number}")
        path.write_bytes(change(path.read_bytes()))
        await world.dequeuer().run(once=True)
        assert bool(target.received) is sent
        assert world.files() == ([] if sent else [f"D_sender/R{number}"])
        assert any("not what was accepted" in one for one in world.notes.alerts) is not sent

    play(scenario)


def test_what_grew_waits_and_is_never_taken_for_torn(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        with open(f"{world.spool.path}/D_sender/R{number}", "ab") as file:
            file.write(b"and more\n")
        await world.dequeuer().run(once=True)
        assert target.received == []
        assert world.files() == [f"D_sender/R{number}"]

    play(scenario)


def test_what_is_torn_is_held_even_where_hand_edits_are_accepted(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, body=b"x" * 5000)
        path = f"{world.spool.path}/D_sender/R{number}"
        os.truncate(path, os.stat(path).st_size - 1)
        await world.dequeuer(accept_hand_edits=True).run(once=True)
        assert target.received == []
        assert world.files() == [f"D_hold/R{number}"]

    play(scenario)
