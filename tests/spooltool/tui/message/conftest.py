"""Spools for the message pane, in one time zone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spooltool.store.root import Spool
from tests.spooltool.cli.calling import copied


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in UTC; no pager is chosen by whoever runs the tests."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("PAGER", raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def gateway(spool_fixtures: Path, tmp_path: Path) -> Path:
    """The gateway's spool of the fixtures, every file last written two hours before AS_OF."""
    return copied(spool_fixtures / "gw", tmp_path / "gw")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A spool without mail."""
    Spool.create(str(tmp_path / "spool")).close()
    return tmp_path / "spool"
