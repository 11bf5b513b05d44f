"""The screen over real processes: what it says when they cannot be had."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from spooltool.tui import screen
from spooltool.tui.app import SpoolApp
from spooltool.tui.glyphs import ASCII
from spooltool.tui.processes import Processes
from tests.spooltool.tui.local import SMALL, lines, sight_of


def test_a_reader_that_cannot_be_started_is_told_and_started_later(
    evening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "AGAIN", 0.01)
    there = sys.executable
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    async def run() -> None:
        sight = sight_of(evening, "gw1:/var/spool/relay")
        app = SpoolApp(sight, Processes(sight), glyphs=ASCII)
        async with app.run_test(size=SMALL) as pilot, asyncio.timeout(60):

            async def until(text: str) -> None:
                while not any(text in line for line in lines(app)):
                    await pilot.pause(0.02)

            await until("cannot be started: No such file or directory")
            monkeypatch.setattr(sys, "executable", there)
            await until("of 1,204")
            await pilot.press("q")
        sight.close()

    asyncio.run(run())
