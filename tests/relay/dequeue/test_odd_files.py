"""Odd files where mail belongs: told once each, never sent, and other mail flows past them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests.harness.odd_files import IRREGULAR, KINDS, SECRET, Outside, deadline, put_odd, swapped

World = Any
Play = Any
Target = Any

NUMBERS = {kind: f"0000zz{at:02}" for at, kind in enumerate(KINDS)}


def test_mail_flows_past_every_kind_and_each_is_told_once(
    world: World, play: Play, tmp_path: Path
) -> None:
    outside = Outside.made(tmp_path)
    for directory in ("D_state", "D_sender", "D_resend", "D_hold", "D_quarantine"):
        letter = "T" if directory == "D_state" else "R"
        for kind, number in NUMBERS.items():
            number = directory[2] + number[1:]
            put_odd(kind, Path(world.spool.path, directory, letter + number), outside)
    before = outside.facts

    async def scenario(target: Target) -> None:
        good = [world.put(target.port) for _ in range(5)]
        mdq = world.dequeuer(scan_period=0.05)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(target.received) == len(good))
        for _ in range(3):
            seen = mdq.scanned
            mdq.kick_all()
            await world.until(lambda before=seen: mdq.scanned > before)
        mdq.kick_ids(["s" + number[1:] for number in NUMBERS.values()])
        late = world.put(target.port)
        await world.until(lambda: (late, "delivered") in world.notes.events)
        mdq.stop()
        await running
        assert len(target.received) == len(good) + 1
        assert all(b"secret" not in content for *_, content in target.received)

    with deadline(60):
        play(scenario)
    assert outside.facts == before
    assert not outside.path.with_name("made-by-following").exists()
    told = [alert for alert in world.notes.alerts if "regular" in alert]
    assert len(told) == len(set(told)) == 2 * len(IRREGULAR), "D_sender and D_resend are read"


@pytest.mark.parametrize("kind", IRREGULAR)
def test_swapped_just_before_the_attempt_opens_it(
    world: World, play: Play, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = Outside.made(tmp_path)
    before = outside.facts

    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        path = Path(world.spool.path, "D_sender", f"R{number}")
        mdq = world.dequeuer()
        await mdq._scan()
        with swapped(monkeypatch, kind, path, outside) as done:
            await mdq.run(once=True)
        assert done == [kind]
        assert target.received == []
        assert os.path.lexists(path)

    with deadline(60):
        play(scenario)
    assert outside.facts == before
    assert outside.path.read_bytes() == SECRET
    assert any("regular" in alert for alert in world.notes.alerts)
