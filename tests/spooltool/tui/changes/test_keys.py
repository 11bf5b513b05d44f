"""What a key does, and that one typed ahead does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.tui.changes.plan_dialog import PlanDialog
from spooltool.tui.changes.plan_frame import Phase
from spooltool.tui.changes.target import of_filter
from spooltool.workers.changes import Planned
from tests.spooltool.cli.calling import start
from tests.spooltool.cli.changed import OLD, put, tree
from tests.spooltool.tui.changes.hosting import Play, everything, journal, play


@pytest.mark.parametrize("keys", ["Hy", "Dy3\n", "By3\n", "Hyyyy", "Ry", "Uy", "Qy", "Hd", "uy"])
def test_what_is_typed_ahead_changes_nothing(spool: Path, keys: str) -> None:
    before = tree(spool)

    async def part(at: Play) -> None:
        driver = at.app._driver
        assert driver is not None
        from textual.events import Key

        for key in keys:  # all of them before the first is looked at
            driver.send_message(Key("enter" if key == "\n" else key, key))
        await at.until(lambda: isinstance(at.app.screen, PlanDialog), "open")
        if keys[0] not in "Ru":
            await at.phase(Phase.SHOWN)
            assert at.dialog.focused is at.dialog.button

    play(spool, part, everything(spool))
    assert tree(spool) == before


def test_a_key_from_before_the_paint_is_dropped_however_late_it_comes(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        at.dialog._pressed("y", at.dialog.painted)
        assert at.dialog.phase is Phase.SHOWN
        at.dialog._pressed("y", at.dialog.painted + 0.001)
        assert at.dialog.phase is Phase.APPLYING
        await at.phase(Phase.DONE)

    play(spool, part, everything(spool))


def test_a_host_typed_at_once_is_taken_whole(spool: Path) -> None:
    """Without its first letters it would be another host."""
    from textual.events import Key

    async def part(at: Play) -> None:
        driver = at.app._driver
        assert driver is not None
        for key in ("R", *"10.1.5.9:2525"):
            driver.send_message(Key(key, key))
        await at.phase(Phase.OPEN)
        await at.until(lambda: at.dialog.form.values["to"] == "10.1.5.9:2525", "typed")

    play(spool, part, everything(spool))


def test_enter_at_first_is_cancel(spool: Path) -> None:
    before = tree(spool)

    async def part(at: Play) -> None:
        await at.plan("hold")
        await at.press("enter")
        await at.until(lambda: not isinstance(at.app.screen, PlanDialog), "closed")

    assert play(spool, part, everything(spool)).results == [None]
    assert tree(spool) == before


@pytest.mark.parametrize("verb", ["hold", "delete", "bounce", "requeue", "accept"])
def test_cancel_changes_no_byte(spool: Path, verb: str) -> None:
    assert start("--spool", spool, "set", "--all", "ACCT=1", "--yes").code == 0
    before = tree(spool)

    async def part(at: Play) -> None:
        await at.plan(verb)
        await at.close()

    play(spool, part, everything(spool))
    assert tree(spool) == before


@pytest.mark.parametrize("typed", ["2", "", "33", "y"])
def test_another_number_is_no_yes(spool: Path, typed: str) -> None:
    before = tree(spool)

    async def part(at: Play) -> None:
        await at.plan("delete")
        await at.press("y", *typed, "enter")
        await at.phase(Phase.SHOWN)
        assert "that is not 3: nothing was changed" in at.shown
        assert at.dialog.focused is at.dialog.button

    play(spool, part, everything(spool))
    assert tree(spool) == before


def test_more_than_a_thousand_want_the_number(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    put(spool, 1001)

    async def part(at: Play) -> None:
        await at.plan("hold")
        assert "apply: type 1001" in at.shown
        await at.press("y")
        await at.type("1")
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        await at.apply(*"1001")

    play(spool, part, of_filter(f"dst:{OLD}", (), 1001))
    assert journal(spool)[-1].count("done") == 1001


def test_the_mouse_does_what_the_keys_do(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        await at.pilot.click("#plan-hints", offset=(1, 0))
        await at.phase(Phase.DONE)
        await at.pilot.click("#plan-cancel")
        await at.until(lambda: not isinstance(at.app.screen, PlanDialog), "closed")

    assert [one and one.summary for one in play(spool, part, everything(spool)).results] == [
        "txn 1 hold: 3 done"
    ]


def test_what_is_about_another_plan_is_past(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        before = at.shown
        at.dialog.told(Planned(10**6, "delete", "elsewhere", 9, ("9 match",)))
        assert at.shown == before

    play(spool, part, everything(spool))
