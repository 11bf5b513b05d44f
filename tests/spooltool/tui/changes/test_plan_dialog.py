"""What a plan is about, and how a form becomes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.tui.changes.plan_frame import Phase
from spooltool.tui.changes.target import Target, of_filter, of_messages, words_of
from tests.spooltool.cli.changed import NEW, OLD, put, values
from tests.spooltool.tui.changes.hosting import Play, everything, journal, number_of, play


def test_the_row_under_the_cursor(spool: Path) -> None:
    first, *others = values(spool, "DST")

    async def part(at: Play) -> None:
        await at.press("H")
        await at.apply()

    play(spool, part, of_messages([number_of(first)]))
    assert sorted(values(spool, "DST")) == sorted([f"D_hold/{first[-9:]}", *others])


def test_a_query_but_for_some(spool: Path) -> None:
    numbers = [number_of(file) for file in values(spool, "DST")]
    target = of_filter(f"dst:{OLD} or held", numbers[:2], 1)

    async def part(at: Play) -> None:
        await at.plan("hold", target)
        assert "1 matches; 1 would change" in at.shown
        await at.apply()

    play(spool, part, target)
    assert [one.id for one in journal(spool)[-1].changes] == numbers[2:]


@pytest.mark.parametrize(
    ("text", "but", "words"),
    [
        ("stuck", (), "stuck"),
        ("", (), ""),
        ("", ("001", "002"), "not (001 or 002)"),
        ("stuck dst:a", ("001",), "stuck dst:a not 001"),
        ("stuck or held", ("001", "002"), "(stuck or held) not (001 or 002)"),
    ],
)
def test_exceptions_are_from_all_of_it(text: str, but: tuple[str, ...], words: str) -> None:
    assert " ".join(words_of(text, but)) == words


def test_an_empty_filter_is_everything_and_is_said(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        assert "= spooltool hold --all" in at.shown

    play(spool, part, of_filter("", (), 3))


def test_nothing_chosen_is_nothing(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold", Target())
        assert "no message is chosen" in at.shown

    play(spool, part, Target())


def test_the_plan_is_the_one_that_was_shown(spool: Path) -> None:
    """What arrives between plan and yes is not in it."""

    async def part(at: Play) -> None:
        await at.plan("hold")
        put(spool, 1)
        done = await at.apply()
        assert "1 new one matches" in " ".join(done.lines)

    play(spool, part, of_filter(f"dst:{OLD}", (), 3))
    assert len(journal(spool)[-1].changes) == 3


def test_a_text_is_planned_when_enter_ends_it(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        planned = at.dialog.planned
        assert planned is not None
        await at.press("shift+tab")
        await at.type("INC-7")
        assert at.dialog.planned is None
        assert at.dialog.phase is Phase.OPEN
        await at.press("y", "backspace", "enter")
        await at.phase(Phase.SHOWN)
        assert at.dialog.focused is at.dialog.button
        assert "--reason INC-7" in at.shown
        await at.apply()

    play(spool, part, everything(spool))
    assert journal(spool)[-1].reason == "INC-7"


def test_a_refusal_is_told_and_mended(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("retarget")
        await at.type("10.1.5.9:99999")
        await at.press("enter")
        await at.until(lambda: "not a host" in at.shown, "refused")
        await at.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "shift+tab")
        await at.press("shift+tab", "ctrl+u")
        await at.type("mx")
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        assert "ROUTE  dst -> mx" in at.shown

    play(spool, part, everything(spool))


def test_a_query_that_cannot_be_read_is_told_with_its_column(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        assert "query, column" in at.shown and "no value" in at.shown

    play(spool, part, Target(("dst:",), 3))


def test_every_diff(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("retarget")
        await at.type(NEW)
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        await at.press("d")
        await at.until(lambda: at.shown.count(f"+ DST:    {NEW}") == 3, "each diff")
        await at.press("y")  # not from here
        assert at.dialog.phase is Phase.SHOWN
        await at.press("escape")
        await at.phase(Phase.SHOWN)
        assert at.shown.count(f"+ DST:    {NEW}") == 1

    play(spool, part, everything(spool))
    assert journal(spool) == []


def test_another_width_is_the_same_plan(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("hold")
        first = at.dialog.planned
        await at.pilot.resize_terminal(160, 48)
        await at.until(lambda: at.dialog.planned is not first, "reflowed")
        await at.apply()

    play(spool, part, everything(spool))
    assert journal(spool)[-1].count("done") == 3
