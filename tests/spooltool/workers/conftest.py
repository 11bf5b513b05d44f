"""Logs to follow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spooltool.workers.log_scene import Scene


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
