"""Spools to look at, and the command line called in this process."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.spooltool.cli.calling import Ended, copied

with warnings.catch_warnings():
    # typer 0.21 touches names of click that click 8.5 will drop in its next major version
    warnings.simplefilter("ignore", DeprecationWarning)
    from spooltool.cli.app import run


@pytest.fixture(autouse=True)
def own_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """No spool is found by the variables or the directory of whoever runs the tests."""
    for name in ("SPOOLTOOL_SPOOL", "PAGER", "COLUMNS", "LINES", "LESS", "LANG", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("TERM", "xterm")
    time.tzset()
    nowhere = tmp_path_factory.mktemp("nowhere")
    monkeypatch.chdir(nowhere)
    yield nowhere
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def call(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ended]:
    """Run a command line in this process; its output is a pipe."""

    def one(*arguments: str | Path) -> Ended:
        capfdbinary.readouterr()
        code = run([str(word) for word in arguments])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Ended(int(code), out.decode("utf-8", "surrogateescape"), err.decode("utf-8"))

    return one


@pytest.fixture
def gateway(spool_fixtures: Path, tmp_path: Path) -> Path:
    """The gateway's spool of the fixtures, every file last written two hours before AS_OF."""
    return copied(spool_fixtures / "gw", tmp_path / "gw")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A spool without mail."""
    for name in ("D_state", "D_sender", "D_resend"):
        (tmp_path / "empty" / name).mkdir(parents=True)
    return tmp_path / "empty"
