"""Spools and a real dequeuer for changes from the screen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.gateway import write_config
from tests.harness.live_sink import LiveSink
from tests.harness.process import PYTHON, Child
from tests.harness.sink_plan import SinkPlan
from tests.spooltool.cli.changed import put


@pytest.fixture(autouse=True)
def nobody_asks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No spool, editor or configuration of whoever runs the tests."""
    for name in ("SPOOLTOOL_SPOOL", "VISUAL", "EDITOR", "SUDO_UID", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[LiveSink]:
    """A next hop that takes everything."""
    made = LiveSink()
    made.use(SinkPlan(), tmp_path / "sink.log")
    yield made
    made.close()


@pytest.fixture
def dequeuer(tmp_path: Path) -> Iterator[Callable[[Path], Child]]:
    """Starts a real mdq over a spool."""
    with contextlib.ExitStack() as stack:

        def start(spool: Path) -> Child:
            config = write_config(tmp_path, {"resend_period": 3600, "timeout": 60})
            words = ["mdq", "--spool", str(spool), "--config", str(config)]
            child = stack.enter_context(Child([PYTHON, "-m", "relay", *words]))
            while "dequeuer ready" not in child.line(seconds=60):
                pass
            return child

        yield start


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 3)
    return tmp_path / "spool"
