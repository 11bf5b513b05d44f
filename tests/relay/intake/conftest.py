"""A spool, and a loop in which a scene is played."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relay.config import Config, load
from spooltool.store import counter
from spooltool.store.root import Spool
from tests.relay.intake.house import House, Play, Scene


@pytest.fixture(autouse=True)
def _numbers_begin_at_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes name their messages; the clock would have another number each time."""
    monkeypatch.setattr(counter, "clock_floor", lambda now: 0)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """An empty spool."""
    with Spool.create(str(tmp_path / "spool")) as made:
        yield made


@pytest.fixture
def play(spool: Spool) -> Play:
    """Run a scene in a loop; keywords are parameters of the configuration."""

    def run(scene: Scene, **parameters: object) -> None:
        loaded = load("", {"rundir": spool.path, "dst": "10.1.5.2", "hostname": "gate.example.com"})
        assert isinstance(loaded, Config)
        config = replace(loaded, **parameters)  # type: ignore[arg-type]

        async def whole() -> None:
            house = House(spool, config)
            await scene(house)
            await house.committer.drain()
            house.close()

        asyncio.run(whole())

    return run
