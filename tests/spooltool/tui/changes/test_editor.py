"""The envelope in an editor."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.tui.changes.plan_frame import Phase
from spooltool.tui.changes.target import of_messages
from tests.spooltool.cli.changed import values
from tests.spooltool.tui.changes.hosting import Play, journal, number_of, play


def scripted(folder: Path, text: str) -> str:
    script = folder / "editor"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    return str(script)


def test_nothing_edited_is_nothing_planned(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "true")

    async def part(at: Play) -> None:
        await at.plan("edit")
        assert "nothing differs" in at.shown

    play(spool, part, of_messages([number_of(next(iter(values(spool, "DST"))))]))
    assert journal(spool) == []


def test_a_mistake_is_told_with_its_line_and_edited_again(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    script = f'cp "$1" {seen}; grep -q "^#! " "$1" && sed -i "s/^ERRMAIL: 7/ERRMAIL: 0/" "$1" '
    script += '|| sed -i "s/^ERRMAIL: 1/ERRMAIL: 7/" "$1"'
    monkeypatch.setenv("VISUAL", scripted(tmp_path, script))

    async def part(at: Play) -> None:
        await at.plan("edit")
        assert "line " in at.shown and "ERRMAIL=7: not one of 0, 1" in at.shown
        await at.press("e")
        await at.phase(Phase.SHOWN)
        await at.apply()

    play(spool, part, of_messages([number_of(next(iter(values(spool, "DST"))))]))
    assert "#! ERRMAIL=7: not one of 0, 1\nERRMAIL: 7\n" in seen.read_text()
    assert sorted(values(spool, "ERRMAIL").values()) == ["0", "1", "1"]


@pytest.mark.parametrize(
    ("editor", "says"), [("/nowhere/ed", "No such file"), ("false", "ended with 1"), ("'", "quot")]
)
def test_an_editor_that_cannot(
    spool: Path, monkeypatch: pytest.MonkeyPatch, editor: str, says: str
) -> None:
    monkeypatch.setenv("VISUAL", editor)

    async def part(at: Play) -> None:
        await at.plan("edit")
        assert says in at.shown

    play(spool, part, of_messages([number_of(next(iter(values(spool, "DST"))))]))
    assert journal(spool) == []
