"""What mdq remembers is a hint: lost wake-ups, other files, shut files, files that stay."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from itertools import pairwise
from typing import Any

import pytest

from relay.dequeue import desk as desk_module
from relay.dequeue import roster as roster_module
from relay.dequeue.roster import Roster
from relay.smtp.reply import Reply
from spooltool.errors import CannotWrite, NotPermitted
from spooltool.spool.codec import splices
from spooltool.spool.names import RESEND, SENDER, SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock

World = Any
Play = Any
Target = Any


def test_without_any_wake_up_mail_is_found_by_the_next_scan(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer(scan_period=0.05)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: mdq.scanned)
        for count in range(1, 4):
            world.put(target.port)
            await world.until(lambda count=count: len(target.received) == count)
        mdq.stop()
        await running

    play(scenario)


def test_a_file_put_into_d_resend_by_hand_is_found_without_being_told(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer(scan_period=0.05)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: mdq.scanned)
        with open(f"{world.spool.path}/D_resend/R00000195", "wb") as file:
            file.write(b"AV_SETTING:\tnone\nRESOURCE:\tnone\nDST:\t127.0.0.1\nDPORT:\t%d\nFROM:\t<a@example.com>\n"
                       b"RCPT:\t<anna@example.org>\n\nSubject: x\n\nSubject: y\n\nhi\n"
                       % target.port)  # fmt: skip
        await world.until(lambda: target.received)
        mdq.stop()
        await running

    play(scenario)


def test_d_resend_is_read_less_often_the_longer_it_takes(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        looks: list[tuple[str, float]] = []
        real = Roster.news

        def news(self: Roster, directory: str) -> Any:
            looks.append((directory, time.monotonic()))
            if directory == RESEND:
                time.sleep(0.02)  # a directory of a hundred thousand files
            return real(self, directory)

        monkeypatch.setattr(Roster, "news", news)
        mdq = world.dequeuer(scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: [d for d, _ in looks].count(RESEND) == 3)
        mdq.stop()
        await running
        times = [at for directory, at in looks if directory == RESEND]
        assert all(b - a >= 20 * 0.02 for a, b in pairwise(times))
        assert [d for d, _ in looks].count(SENDER) > 3

    play(scenario)


def test_an_attempt_obeys_the_file_whatever_was_remembered(world: World, play: Play) -> None:
    """Edited in place, so that neither inode nor directory entry tell of it."""

    async def scenario(target: Target) -> None:
        other = type(target)()
        await other.start()
        other.plan["mail"] = [Reply(451, "4.3.0", "later")]
        number = world.put(other.port)
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        file = f"D_resend/R{number}"
        await world.until(lambda: world.files() == [file])
        await world.until(lambda: mdq.schedule.active == 0)
        with open(f"{world.spool.path}/{file}", "r+b") as opened:
            data = opened.read()
            opened.seek(0)
            opened.write(data.replace(b"DPORT:\t%d" % other.port, b"DPORT:\t%d" % target.port))
        mdq.schedule.kick([number], time.time())
        mdq.wake()
        await world.until(lambda: target.received)
        assert other.received == []
        mdq.stop()
        await running
        await other.stop()

    play(scenario)


def test_a_replaced_file_is_read_anew(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(1)
        mdq = world.dequeuer(scan_period=0.05)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.files() == [f"D_resend/R{number}"])
        await world.until(lambda: mdq.schedule.active == 0)
        locked = lock(world.spool, SpoolName(RESEND, "R", number))
        edits = splices(locked.envelope(), {"DPORT": str(target.port)})
        rewrite(locked, edits).close()
        await world.until(lambda: mdq.roster.known[number].destination.hosts[0].port == target.port)
        mdq.kick_all()
        await world.until(lambda: target.received)
        mdq.stop()
        await running

    play(scenario)


def test_a_file_that_may_not_be_read_is_told_once_and_is_no_absent_one(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        shut = [f"R{number}"]
        real = os.open

        def opened(path: Any, *words: Any, **named: Any) -> int:
            if path in shut:
                raise PermissionError(errno.EACCES, "Permission denied")
            return real(path, *words, **named)

        monkeypatch.setattr(roster_module.os, "open", opened)
        mdq = world.dequeuer(scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.notes.alerts)
        scanned = mdq.scanned
        await world.until(lambda: mdq.scanned > scanned + 0.1)
        assert world.notes.alerts == [f"cannot read D_sender/R{number}: Permission denied"]
        shut.clear()
        await world.until(lambda: target.received)
        mdq.stop()
        await running

    play(scenario)


def test_a_file_that_may_not_be_opened_for_writing_is_told_once_and_tried_again(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        shut, tries = [number], []
        real = desk_module.take

        def take(spool: Any, name: SpoolName, *words: Any, **named: Any) -> Any:
            tries.append(name.number)
            if name.number in shut:
                raise NotPermitted(f"{name.file}: permission denied")
            return real(spool, name, *words, **named)

        monkeypatch.setattr(desk_module, "take", take)
        mdq = world.dequeuer(resend_period=0.05)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(tries) == 4)
        assert len(world.notes.alerts) == 1
        assert "permission denied" in world.notes.alerts[0]
        shut.clear()
        await world.until(lambda: target.received)
        mdq.stop()
        await running

    play(scenario)


def test_what_was_delivered_and_cannot_be_unlinked_is_never_tried_again(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even its marks can be written; not even when a person asks for an attempt."""

    def failing(*_: object) -> None:
        raise CannotWrite("Input/output error")

    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        monkeypatch.setattr(desk_module, "write_results", failing)
        mdq = world.dequeuer(scan_period=0.01, resend_period=0.01)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.notes.alerts)
        scanned = mdq.scanned
        mdq.kick_ids([number])
        mdq.kick_all()
        await world.until(lambda: mdq.scanned > scanned + 0.1)
        assert world.notes.alerts == [
            "delivered, but its file cannot be changed: Input/output error"
        ]
        assert len(target.received) == 1
        assert world.files() == [f"D_sender/R{number}"]
        mdq.stop()
        await running

    play(scenario)


def test_a_path_that_names_another_file_by_now_is_not_unlinked(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        path = f"{world.spool.path}/D_sender/R{number}"
        target.hang = "dot"
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: any(lane.past_dot for lane in mdq._lanes))
        with open(path, "rb") as file:
            data = file.read()
        with open(path + ".copy", "wb") as file:  # as an editor that knows of no lock
            file.write(data)
        os.rename(path + ".copy", path)
        (lane,) = mdq._lanes
        lane.connection.data_received(b"250 2.0.0 taken\r\n")
        await world.until(lambda: mdq.desk.telling.delivered or not lane.job)
        assert os.path.exists(path), "what stands there now was not delivered by us"
        mdq.stop()
        await running

    play(scenario)
