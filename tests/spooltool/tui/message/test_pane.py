"""The pane: its tabs, keys and clicks, and messages that change or leave under the eye."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from fixtures.build import AS_OF, failed, mail, tried
from spooltool.look.selection import RowMaker
from spooltool.look.sight import Sight
from spooltool.spool.names import RESEND, SpoolName
from spooltool.tui.message.tabs import TABS
from tests.spooltool.tui.message.showing import SMALL, Shown, at_rest, name_of, showing

FILE = "D_resend/R001njd6k"
Play = Callable[[Shown, Pilot[None], Sight], Awaitable[None]]


def played(spool: Path, file: str, play: Play, size: tuple[int, int] = SMALL) -> None:
    async def whole() -> None:
        async with showing(spool, file, size) as (app, pilot, sight):
            await play(app, pilot, sight)

    asyncio.run(whole())


def test_keys_and_clicks_choose_the_tab(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        names = [tab.name for tab in TABS]
        seen = []
        for key in ("]", "right", "[", "left", "left"):
            await pilot.press(key)
            seen.append(app.pane.tab_name)
        assert seen == [names[1], names[2], names[1], names[0], names[-1]]
        for name in names:
            await pilot.click(app.pane, offset=(app.text[0].index(name) + 1, 0))
            assert app.pane.tab_name == name
            assert f"[{name}]" in app.text[0]

    played(gateway, FILE, play)


def test_the_verdict_is_that_of_show(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        lines = app.text
        assert lines[1].split("  ")[0] == "refused: connect 10.1.5.2:25: Connection refused"
        assert lines[1].endswith("stuck, refused")
        assert (
            "  to        anna@example.org  pending  connect 10.1.5.2:25: Connection refused"
            in lines
        )
        assert any(line.startswith("  next      18:46:13, in 2m; given up") for line in lines)

    played(gateway, FILE, play)


def test_a_row_does_as_well_as_a_name(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        row = RowMaker(sight).named(name_of(FILE))
        assert row is not None
        app.pane.show(sight, row)
        await at_rest(app, pilot)
        assert app.text[1].endswith("stuck, refused")

    played(gateway, "", play)


def test_without_a_message_keys_are_the_screens(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        assert app.text[:2] == [f"- 5 MESSAGE {'-' * 67}", "no message"]
        assert app.pane.check_action("tab", (1,)) is False
        assert app.pane.check_action("pager", ()) is False
        await pilot.press("]", "x", "enter", "escape", "down")
        app.pane.show(sight, name_of(FILE))
        app.pane.clear("it left: [@click=app.quit]x[/]\x1b[2J")
        assert app.text[1] == "it left: [@click=app.quit]x[/]^[[2J"

    played(gateway, "", play)


def test_results_written_in_place_are_shown_and_the_place_stays(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        app.pane.choose("envelope")
        await at_rest(app, pilot)
        app.pane.scroll_to(y=20, animate=False)
        path = gateway / FILE
        data = path.read_bytes()
        again = tried("anna@example.org", 32, 1, 600)
        state = failed("timeout", [again], AS_OF - 5 * 3600.0)
        fresh = mail("001njd6k", AS_OF - 5 * 3600.0, recipients=[again], state=state)
        at, new = data.index(b"STATE:\t"), fresh.index(b"STATE:\t")
        length = data.index(b"\n", at) - at
        with path.open("r+b") as file:
            file.seek(at)
            file.write(fresh[new : new + length])
        app.pane.show(sight.later(), name_of(FILE))
        await at_rest(app, pilot)
        assert (app.pane.tab_name, round(app.pane.scroll_y)) == ("envelope", 20)
        assert any("STATE        timeout; tried 32 times" in line for line in app.text)
        app.pane.choose("why")
        await at_rest(app, pilot)
        assert app.text[1].endswith("stuck, timeout")

    played(gateway, FILE, play)


def test_a_message_that_was_changed_and_moved_is_followed(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        app.pane.choose("raw")
        await at_rest(app, pilot)
        app.pane.scroll_to(y=5, animate=False)
        old = gateway / FILE
        data = old.read_bytes().replace(b"DST:\t10.1.5.2\n", b"DST:\t10.1.5.99\n")
        (gateway / "D_hold").mkdir(exist_ok=True)
        (gateway / "D_hold/R001njd6k").write_bytes(data)
        old.unlink()
        app.pane.show(sight.later(), name_of(FILE))
        await at_rest(app, pilot)
        assert (app.pane.tab_name, round(app.pane.scroll_y)) == ("raw", 5)
        assert any(line.endswith("DST:^I10.1.5.99") for line in app.text)
        app.pane.choose("why")
        await at_rest(app, pilot)
        assert any("R001njd6k in D_hold" in line for line in app.text)

    played(gateway, FILE, play)


@pytest.mark.parametrize("tab", [tab.name for tab in TABS])
def test_what_was_read_stays_when_the_message_has_left(gateway: Path, tab: str) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        app.pane.choose(tab)
        await at_rest(app, pilot)
        before = app.text
        (gateway / FILE).unlink()
        app.pane.show(sight.later(), name_of(FILE))
        await at_rest(app, pilot)
        assert app.text[0].startswith("- 5 R001njd6k (gone) ")
        assert app.text[1] == "R001njd6k left the queue"
        assert app.text[2:] == before[1:-1]
        app.pane.left("delivered by 10.1.5.2:25: 250 \x1b[2Jok")
        assert app.text[1] == "R001njd6k left: delivered by 10.1.5.2:25: 250 ^[[2Jok"
        for other in TABS:  # also what nobody had looked at before it left
            app.pane.choose(other.name)
            await at_rest(app, pilot)
            assert any(app.text[2:])

    played(gateway, FILE, play)


def test_one_that_left_before_it_was_opened(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        row = RowMaker(sight).named(name_of(FILE))
        assert row is not None
        (gateway / FILE).unlink()
        app.pane.show(sight, row)
        assert app.text[1] == "R001njd6k left the queue"
        app.pane.show(sight, name_of(FILE))
        assert app.text[1] == "R001njd6k left the queue"

    played(gateway, "", play)


def test_files_that_cannot_be_opened_say_why_in_every_tab(gateway: Path) -> None:
    path = gateway / FILE
    path.rename(gateway / "aside")
    path.symlink_to(gateway / "aside")
    os.link(gateway / "D_resend/R001njchs", gateway / "D_resend/R001njlnk")

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        for file in (FILE, "D_resend/R001njlnk"):
            app.pane.show(sight, name_of(file))
            for tab in TABS[:-1]:
                app.pane.choose(tab.name)
                await at_rest(app, pilot)
                assert any("not a regular file" in line for line in app.text[1:]), tab.name

    played(gateway, "", play)


def test_a_file_cut_while_it_is_looked_at(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        app.pane.choose("raw")
        await at_rest(app, pilot)
        os.truncate(gateway / FILE, 600)
        for tab in TABS:
            app.pane.choose(tab.name)
            app.pane.redraw()
            await at_rest(app, pilot)
        app.pane.show(sight.later(), name_of(FILE))
        await at_rest(app, pilot)
        app.pane.choose("why")
        await at_rest(app, pilot)
        assert any("torn" in line for line in app.text)

    played(gateway, FILE, play)


def test_log_lines_come_from_the_screen(gateway: Path) -> None:
    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        app.pane.choose("log")
        await at_rest(app, pilot)
        assert app.wanted == ["001njd6k"]
        assert app.text[1] == "its log lines are being looked for ..."
        long = "19:44:01 mdq  R001njd6k put off   10.1.5.2 " + "reply " * 12 + "[/b]"
        app.pane.log_lines("001njchs", [[("of another message", "")]])
        app.pane.log_lines("001njd6k", [[(long, "warn")]], "two more files to look through")
        assert app.text[1].startswith("19:44:01 mdq  R001njd6k put off")
        assert app.text[2].startswith("  reply") and app.text[2].endswith("[/b]")
        assert app.text[3] == "two more files to look through"
        app.pane.show(sight.later(), name_of(FILE))
        assert app.text[1].startswith("19:44:01 mdq")
        app.pane.log_lines("001njd6k", [])
        assert app.text[1] == "no line of the logs is about it"
        app.pane.show(sight, name_of("D_resend/R001njchs"))
        await at_rest(app, pilot)
        assert app.wanted == ["001njd6k", "001njchs"]
        assert app.text[1] == "its log lines are being looked for ..."

    played(gateway, FILE, play)


def test_nothing_is_written_and_no_descriptor_is_kept(gateway: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in gateway.rglob("*")
        }

    before = state()
    counts: list[int] = []

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        for _ in range(3):
            for path in sorted(gateway.glob("D_resend/*"))[:20]:
                app.pane.show(sight, SpoolName(RESEND, path.name[0], path.name[1:]))
            counts.append(len(os.listdir("/proc/self/fd")))

    played(gateway, FILE, play)
    assert counts[1:] == counts[:-1]
    assert state() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_file_that_may_not_be_read(gateway: Path, tmp_path: Path) -> None:
    path = gateway / FILE
    path.chmod(0)
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(above.stat().st_mode | 0o055)
    shutil.chown(gateway / "D_resend", 65534)

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        assert sight.spool
        sight.spool.dir_fd(RESEND)
        os.seteuid(65534)
        try:
            app.pane.show(sight, name_of(FILE))
            await at_rest(app, pilot)
            told = app.text
        finally:
            os.seteuid(0)
        assert told[1].endswith("stuck, unreadable")
        assert any("permission denied" in line for line in told[2:])

    played(gateway, "", play)
