"""What cannot be opened, marked or taken away at an attempt: never absent, never sent again."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from spooltool.store import root

World = Any
Play = Any
Target = Any


def denied(real: Callable[..., Any], when: Callable[..., bool]) -> Callable[..., Any]:
    """The call, forbidden where `when` says so of its arguments."""

    def call(*arguments: Any, **more: Any) -> Any:
        if when(*arguments):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(*arguments, **more)

    return call


async def looked_again(world: World, mdq: Any, times: int = 3) -> None:
    for _ in range(times):
        seen = mdq.scanned
        mdq.kick_all()
        await world.until(lambda before=seen: mdq.scanned > before)


def test_a_file_that_was_closed_before_its_attempt_is_no_absence(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        mdq = world.dequeuer()
        monkeypatch.setattr(root, "open_regular", denied(root.open_regular, lambda *_: True))
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.notes.alerts)
        await looked_again(world, mdq)
        mdq.stop()
        await running
        (told,) = world.notes.alerts
        assert told.endswith(f"D_sender/R{number}: permission denied")
        assert world.files() == [f"D_sender/R{number}"]
        said = [event for id, event in world.notes.events if id]
        assert said == [], "nothing was said of an end"

    play(scenario)


def test_a_file_that_cannot_be_unlinked_is_told_and_never_sent_again(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By this process: the next finds in its marks that everybody has it."""

    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        base = f"R{number}"
        mdq = world.dequeuer(resend_period=0.01)
        with monkeypatch.context() as closed:
            closed.setattr(os, "unlink", denied(os.unlink, lambda name, *_: name == base))
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: world.notes.alerts)
            await looked_again(world, mdq)
            mdq.stop()
            await running
        assert len(target.received) == 1
        (told,) = world.notes.alerts
        assert told.startswith("delivered, but its file cannot be changed: ")
        assert "Permission denied" in told
        assert world.files() == [f"D_sender/{base}"]
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1
        assert world.files() == []

    play(scenario)


def test_a_delivery_that_cannot_be_marked_is_not_sent_again_either(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        mdq = world.dequeuer(resend_period=0.01)
        monkeypatch.setattr(os, "pwrite", denied(os.pwrite, lambda *_: True))
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.notes.alerts)
        await looked_again(world, mdq)
        mdq.stop()
        await running
        assert len(target.received) == 1
        assert [alert[:9] for alert in world.notes.alerts] == ["delivered"]
        assert world.files() == [f"D_sender/R{number}"]

    play(scenario)
