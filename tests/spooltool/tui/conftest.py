"""The evening of `tests/harness/scene.py`, made once a session; nobody writes to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.scene import make_scene


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spool of 1,204 messages, 143 of them stuck at `scene.NOW`."""
    spool = tmp_path_factory.mktemp("evening") / "spool"
    assert make_scene(spool) == 1204
    return spool
