"""What is hostile in mail, logs and forms stands there as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.tui.changes.plan_frame import Phase
from spooltool.tui.changes.target import Target, of_messages
from tests.spooltool.cli.calling import start
from tests.spooltool.cli.changed import NEW, put, values
from tests.spooltool.tui.changes.hosting import Play, everything, number_of, play

HOSTILE = "[@click=app.quit]x[/][/b]:smile:"


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_what_is_hostile_stands_there_as_it_is(tmp_path: Path, size: tuple[int, int]) -> None:
    spool = tmp_path / "sp[b]ool"
    (file,) = put(spool, 1)
    path = spool / file
    bad = HOSTILE.encode() + b"\x1b[2J\xe2\x80\xae"
    text = path.read_bytes()
    for key in (b"DST", b"ERR_SERVER", b"RULE", b"RESOURCE"):
        lines = [b"%s:\t%s" % (key, bad) if line.startswith(key + b":") else line
                 for line in text.split(b"\n")]  # fmt: skip
        text = b"\n".join(lines)
    path.write_bytes(text)

    async def part(at: Play) -> None:
        await at.plan("set", of_messages([number_of(file)]))
        await at.type(f"DST={NEW} ERR_SERVER={NEW}")
        await at.press("enter")
        await at.phase(Phase.SHOWN)
        assert HOSTILE in at.shown and "^[[2J\\u202e" in at.shown
        drawn = at.app.export_screenshot()
        assert "[@click=app.quit]x[/]" in drawn.replace("&#160;", " ")
        assert "\x1b" not in drawn and "\u202e" not in drawn
        await at.press("d")
        await at.until(lambda: at.dialog._diffs, "diffs")
        await at.press("escape", "escape")
        await at.plan("delete", of_messages([HOSTILE]))
        await at.pilot.click("#plan-text")
        assert at.app.is_running

    play(spool, part, of_messages([number_of(file)]), size)


def test_hostile_words_typed_into_a_form(spool: Path) -> None:
    async def part(at: Play) -> None:
        await at.plan("retarget")
        await at.type(HOSTILE)
        await at.press("enter")
        await at.until(lambda: "not a host" in at.shown, "refused")
        assert HOSTILE in at.shown

    play(spool, part, everything(spool))


def test_hostile_transactions_in_the_list(spool: Path) -> None:
    words = ("set", "--all", "ACCT=1", "--yes", "--reason", f"{HOSTILE}\x1b[2J")
    assert start("--spool", spool, *words).code == 0

    async def part(at: Play) -> None:
        await at.plan("undo", Target())
        await at.pilot.pause()
        assert "[@click=app.quit]x[/]" in at.app.export_screenshot().replace("&#160;", " ")
        await at.apply()

    play(spool, part, Target(), (160, 48))
    assert set(values(spool, "ACCT").values()) == {"0"}
