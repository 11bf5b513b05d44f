"""What an operator moved is found where it stands now, whatever mdq knew of it before."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from relay.smtp.reply import Reply
from spooltool.spool.disposition import RENEW
from spooltool.spool.names import HOLD, RESEND, SENDER, SpoolName
from spooltool.spool.plan import ResultsChange
from spooltool.store.lock import lock
from spooltool.store.move import move
from spooltool.store.results import write_disposed

World = Any
Play = Any
Target = Any


@pytest.mark.parametrize("params", ["", "RET=FULL"])
def test_an_e_file_of_its_own_names_its_message(world: World, play: Play, params: str) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(
            target.port, "anna@example.org", "ben@example.org", params=params,
            ERR_SERVER="127.0.0.1:1",
        )  # fmt: skip
        target.plan["anna@example.org"] = [Reply(550, "5.1.1", "no such user")]
        target.plan["ben@example.org"] = [Reply(451, "4.7.1", "slow down")]
        await world.dequeuer().run(once=True)
        (notice, rest) = world.files()
        assert world.envelope(notice).get("NOTICE_OF") == number
        assert world.envelope(rest).get("NOTICE_OF") is None

    play(scenario)


def test_a_whole_message_that_was_given_up_names_none(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        world.put(target.port, ERR_SERVER="127.0.0.1:1", body=b"")
        target.plan["anna@example.org"] = [Reply(550, "5.1.1", "no such user")]
        await world.dequeuer().run(once=True)
        (notice,) = world.files()
        assert notice.startswith("D_resend/E")
        assert world.envelope(notice).get("NOTICE_OF") is None

    play(scenario)


def test_what_was_moved_while_its_attempt_began_is_found(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        target.hang = "greeting"
        number = world.put(target.port)
        mdq = world.dequeuer(scan_period=0.05)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: target.connections == 1)
        base = f"R{number}"
        os.rename(f"{world.spool.path}/D_sender/{base}", f"{world.spool.path}/D_resend/{base}")
        seen = mdq.scanned
        await world.until(lambda: mdq.scanned > seen + 0.2)
        target.hang = ""
        await mdq.yield_ids([number], 60)
        mdq.done([number])
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert len(target.received) == 1

    play(scenario)


def test_what_was_given_up_is_tried_where_it_was_put(world: World, play: Play) -> None:
    """A torn file is set aside; mended in place and put back, it needs no kick."""

    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        path = f"{world.spool.path}/D_sender/R{number}"
        whole = os.stat(path).st_size
        with open(path, "rb") as file:
            end = file.read()[whole - 3 :]
        os.truncate(path, whole - 3)
        mdq = world.dequeuer(scan_period=0.05)
        running = asyncio.create_task(mdq.run())
        held = SpoolName(HOLD, "R", number)
        await world.until(lambda: world.files() == [held.file])
        with lock(world.spool, held) as locked:
            os.pwrite(locked.fd, end, whole - 3)
            move(locked, held.at(RESEND))
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert len(target.received) == 1

    play(scenario)


def test_what_becomes_r_again_goes_to_dst_not_to_the_error_server(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, ERR_SERVER="127.0.0.1:1")
        target.plan["anna@example.org"] = [Reply(550, "5.1.1", "no such user")]
        mdq = world.dequeuer(scan_period=0.05)
        running = asyncio.create_task(mdq.run())
        owed = SpoolName(RESEND, "E", number)
        await world.until(lambda: mdq.roster.known.get(number) and world.files() == [owed.file])
        await mdq.yield_ids([number], 60)
        target_name = SpoolName(SENDER, "R", number)
        with lock(world.spool, owed) as locked:
            move(locked, target_name)
            write_disposed(locked, ResultsChange(RENEW), owed, target_name, 1795631622.0)
        mdq.done([number])
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert [r[0] for r in target.received] == ["billing@example.com"]

    play(scenario)


def test_what_is_put_back_at_once_after_its_attempt_is_found(world: World, play: Play) -> None:
    """No scan has seen it elsewhere in between: to a scan nothing is new."""

    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        base = f"R{number}"
        target.plan["anna@example.org"] = [Reply(451, "4.7.1", "later"), Reply(250, "", "ok")]
        mdq = world.dequeuer(scan_period=1, resend_period=3600)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.files() == [f"D_resend/{base}"])
        os.rename(f"{world.spool.path}/D_resend/{base}", f"{world.spool.path}/D_sender/{base}")
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert len(target.received) == 1

    play(scenario)
