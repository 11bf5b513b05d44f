"""A further pane is a class and a line in the registry: all else follows from that."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from spooltool.tui.app import SpoolApp
from spooltool.tui.keys import look
from spooltool.tui.model import Queue
from spooltool.tui.panes import registry
from spooltool.tui.panes.pane import Pane, Place
from spooltool.tui.spans import Spans
from spooltool.workers.table import Cells
from tests.harness.scene import NOW
from tests.spooltool.tui.local import LARGE, SMALL, Local, lines, played, pumped


class OldestPane(Pane):
    """The oldest of all, as a pane of somebody else's."""

    pane_id = "oldest"
    share = 6
    arrived = 0

    def take(self, queue: Queue) -> None:
        self.arrived = min(queue[row].arrived for row in range(len(queue))) if len(queue) else 0
        self.reset()

    @property
    def count(self) -> int:
        return 1

    def heads(self, width: int) -> list[Spans]:
        return [self.title("OLDEST", width)]

    def row(self, row: int, width: int) -> Spans:
        return [(f"  since {self.arrived:.0f}", "")]

    def query_of(self, row: int) -> str:
        return "held"

    def equal(self, under: Cells | None) -> list[str]:
        return ["ls", "--limit", "1"]


class OldestBelow(OldestPane):
    """The same, beside message and log."""

    place = Place.LOWER


@pytest.mark.parametrize("kind", [OldestPane, OldestBelow])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_further_pane_has_digit_place_tab_command_and_filter(
    evening: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Pane], size: tuple[int, int]
) -> None:
    monkeypatch.setattr(registry, "PANES", (*registry.PANES, kind))

    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        def shown() -> str:
            return "\n".join(lines(app))

        assert ("7 OLDEST" in shown()) is (size == LARGE)
        await pilot.press("7")
        await pumped(pilot, local)
        assert "7 OLDEST" in shown() and "since 1795" in shown()
        assert lines(app)[-1] == " = spooltool ls --limit 1"
        if size == LARGE:
            assert all(f"{digit} " in shown() for digit in range(1, 8))
        await pilot.press("tab")
        assert lines(app)[-1] == " = spooltool ls stuck"
        await pilot.press("6", "tab")
        assert lines(app)[-1] == " = spooltool ls --limit 1"
        await pilot.press("enter")
        await pumped(pilot, local)
        assert lines(app)[-1] == " = spooltool ls held"

    played(evening, play, now=NOW, size=size)


def test_the_keys_tell_how_many_panes_there_are() -> None:
    digits = [key for key in look(7) if key.action.startswith("pane(")]
    assert [key.pressed for key in digits] == list("1234567")
    assert digits[0].shown == "1-7"
