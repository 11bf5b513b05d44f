"""What the system forbids is told once, loudly, and never taken for something that is not there."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import Any

import pytest

from relay.smtp.reply import Reply

World = Any
Play = Any
Target = Any


class Forbidding:
    """The system says EACCES to these flags on this name, until `over`."""

    def __init__(self, name: str, flags: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.over = False
        self.asked = 0
        self._name, self._flags, self._real = name, flags, os.open
        monkeypatch.setattr(os, "open", self._open)

    def _open(self, name: Any, flags: int, *more: Any, **named: Any) -> int:
        if name == self._name and flags & os.O_ACCMODE == self._flags and not self.over:
            self.asked += 1
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
        return self._real(name, flags, *more, **named)


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR], ids=["to-read", "to-write"])
def test_a_file_is_told_once_stays_and_is_sent_once_it_may_be_opened(
    world: World, play: Play, flags: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        forbidding = Forbidding(f"R{number}", flags, monkeypatch)
        mdq = world.dequeuer(scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        for times in (1, 2, 3):
            await world.until(lambda times=times: forbidding.asked >= times)
            mdq.kick_ids([number])
        assert target.received == []
        told = [alert for alert in world.notes.alerts if "ermission denied" in alert]
        if flags == os.O_RDONLY:
            assert len(told) == 1, told
        else:
            assert 1 <= len(told) <= forbidding.asked, "a kick asks anew, and is answered anew"
        assert (number, "left") not in world.notes.events
        forbidding.over = True
        mdq.kick_ids([number])
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert len(target.received) == 1

    play(scenario)


def test_a_directory_is_told_once_and_its_mail_is_not_forgotten(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(1)
        mdq = world.dequeuer(scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.files() == [f"D_resend/R{number}"])
        await world.until(lambda: number in mdq.roster.known)
        real, looks = os.scandir, []

        def scandir(where: Any) -> Any:
            looks.append(where)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        with monkeypatch.context() as closed:
            closed.setattr(os, "scandir", scandir)
            mdq.kick_all()
            await world.until(lambda: len(looks) > 6)
        assert real is os.scandir
        assert number in mdq.roster.known
        told = [alert for alert in world.notes.alerts if "Permission denied" in alert]
        assert sorted(told) == [
            "cannot read D_resend: Permission denied",
            "cannot read D_sender: Permission denied",
        ]
        mdq.stop()
        await running

    play(scenario)


def test_what_was_delivered_and_cannot_be_unlinked_is_not_tried_again(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        real = os.unlink

        def unlink(name: Any, **more: Any) -> None:
            if name == f"R{number}":
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
            real(name, **more)

        monkeypatch.setattr(os, "unlink", unlink)
        mdq = world.dequeuer(scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: any("cannot be changed" in one for one in world.notes.alerts))
        for _ in range(3):
            seen = mdq.scanned
            mdq.kick_all()
            await world.until(lambda seen=seen: mdq.scanned > seen)
        os.utime(f"{world.spool.path}/D_sender/R{number}")
        mdq.stop()
        await running
        assert len(target.received) == 1
        assert world.files() == [f"D_sender/R{number}"]
        assert [r.mark for r in world.envelope(f"D_sender/R{number}").recipients] == ["D"]
        assert len([one for one in world.notes.alerts if "cannot be changed" in one]) == 1

    play(scenario)


def test_a_bad_state_is_due_now(world: World, play: Play) -> None:
    """And a good one of the same message, put off for long, is not."""

    async def scenario(target: Target) -> None:
        numbers = [world.put(target.port) for _ in range(2)]
        target.plan["anna@example.org"] = [Reply(451, "4.7.1", "slow down")] * 2
        await world.dequeuer().run(once=True)
        file = f"{world.spool.path}/D_resend/R{numbers[0]}"
        with open(file, "r+b") as opened:
            opened.seek(opened.read().index(b"STATE:\t") + 20)
            opened.write(b"#")
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1
        assert world.files() == [f"D_resend/R{numbers[1]}"]

    play(scenario)


def test_without_a_wake_up_mail_is_found_by_the_next_scan(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        mdq = world.dequeuer(scan_period=0.01)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: mdq.scanned > 0)
        world.put(target.port)
        await world.until(lambda: len(target.received) == 1)
        mdq.stop()
        await running

    play(scenario)
