"""What a key that changes is about, where a file has a name that means something else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot

from spooltool.tui.app import SpoolApp
from tests.harness.scene import NOW, numbers_of
from tests.spooltool.tui.local import Local, played


@pytest.fixture
def odd(evening: Path, tmp_path: Path) -> Path:
    """Three messages: one is called as a keyword is, one as no id can be."""
    spool = tmp_path / "spool"
    (spool / "D_resend").mkdir(parents=True)
    for number, name in zip(numbers_of("refused"), ("Rstuck", "Rgrown", "R001njchu"), strict=False):
        shutil.copy2(evening / "D_resend" / f"R{number}", spool / "D_resend" / name)
    return spool


def words(app: SpoolApp) -> set[str]:
    assert app.main is not None
    return set(app.main.target().words)


def test_a_file_called_as_a_keyword_is_meant_alone(odd: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("space", "space", "space")
        assert words(app) == {"D_resend/Rstuck", "D_resend/Rgrown", "001njchu"}
        await pilot.press("escape", "home")
        found = set[str]()
        for _ in range(3):
            found |= words(app)
            await pilot.press("down")
        assert found == {"D_resend/Rstuck", "D_resend/Rgrown", "001njchu"}

    played(odd, play, now=NOW)


def test_it_can_be_excepted_from_all(odd: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        assert app.main is not None
        await pilot.press("A")
        at = app.main.queue.row_of("stuck")
        assert at is not None
        await pilot.press(*["down"] * at, "space")
        assert app.main.target().words == ("stuck", "not", "D_resend/Rstuck")

    played(odd, play, now=NOW)


def test_one_that_has_left_is_not_meant(odd: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        assert app.main is not None
        app.main.queue.tags.add(["grown", "absent", "001njchu"])
        target = app.main.target()
        assert target.words == ("D_resend/Rgrown", "001njchu")
        assert target.count == 2

    played(odd, play, now=NOW)


def test_the_command_of_the_last_line_means_it_alone(odd: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        assert app.main is not None
        said = set[str]()
        for row in range(3):
            app.main.list.move(row)
            await pilot.press("5")
            said.add(app.main.footer.command)
            await pilot.press("escape")
        shown = ("D_resend/Rstuck", "D_resend/Rgrown", "001njchu")
        assert said == {f"spooltool show {word}" for word in shown}

    played(odd, play, now=NOW)
