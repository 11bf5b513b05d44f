"""Spools to look at, logs to follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.spooltool.cli.calling import copied
from tests.spooltool.workers.log_scene import Scene
from tests.spooltool.workers.seeing import Seen, empty_spool

See = Callable[..., Seen]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No spool is found by the variables of whoever runs the tests."""
    monkeypatch.delenv("SPOOLTOOL_SPOOL", raising=False)
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def gateway(spool_fixtures: Path, tmp_path: Path) -> Path:
    """The gateway's spool of the fixtures, every file last written two hours before AS_OF."""
    return copied(spool_fixtures / "gw", tmp_path / "gw")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A spool without mail."""
    return empty_spool(tmp_path / "spool")


@pytest.fixture
def see() -> Iterator[See]:
    """Readers of spools, which are closed at the end."""
    made: list[Seen] = []

    def one(spool: Path, **more: Any) -> Seen:
        made.append(Seen(spool, **more))
        return made[-1]

    yield one
    for seen in made:
        seen.close()


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def scene(tmp_path: Path, utc: None) -> Iterator[Scene]:
    """An empty spool with logs."""
    for name in ("D_state", "D_sender", "D_resend"):
        (tmp_path / "spool" / name).mkdir(parents=True)
    made = Scene(tmp_path / "spool")
    yield made
    made.close()
