"""The main screen: list, filter, panes, tags, freezing; by keys, over a real spool."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from spooltool.look.locate import Located
from spooltool.tui.app import SpoolApp
from spooltool.tui.screen import MainScreen
from tests.harness.scene import NOW
from tests.spooltool.tui.local import LARGE, SMALL, Local, lines, played, pumped


def main(app: SpoolApp) -> MainScreen:
    assert app.main is not None
    return app.main


async def rested(pilot: Pilot[int], app: SpoolApp) -> None:
    """Until what stands beside the list has followed the cursor."""
    while main(app).beside.behind:
        await pilot.pause(0.01)


def under(app: SpoolApp) -> str:
    cells = main(app).list.under
    assert cells is not None
    return cells.number


def test_the_first_screen_at_80x24(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        shown = lines(app)
        assert shown[0].startswith(" gw1:/var/spool/relay  relay DOWN")
        assert shown[1] == "/ stuck" + " " * 54 + "143 match of 1,204"
        assert shown[2].split() == ["ID", "AGE", "TRY", "NEXT", "DST", "WHY"]
        assert shown[3].startswith("> E001njcl3  5d00h 720")
        assert shown[-1] == " = spooltool ls stuck"
        assert all(len(line) <= 80 for line in shown)

    played(evening, play, now=NOW)


def test_everything_side_by_side_at_160x48(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        text = "\n".join(lines(app))
        assert "1,204 in spool   143 STUCK   38 wait for first retry" in text
        for title in ("2 DESTINATION x AGE", "3 REASON", "4 ORDERS AND LIMITS"):
            assert title in text
        row = next(line for line in lines(app) if "> 10.1.5.2" in line)
        assert row.split()[2] == "121"

    played(evening, play, now=NOW, size=LARGE)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_filter_is_typed_completed_and_asked_for(evening: Path, size: tuple[int, int]) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("slash", "space", *"reason:pu", "tab", "enter")
        await pumped(pilot, local)
        assert lines(app)[-1] == " = spooltool ls stuck reason:put-off"
        assert main(app).filter.text == "stuck reason:put-off"
        assert len(main(app).queue) == 14
        assert main(app).list.has_focus

    played(evening, play, now=NOW, size=size)


@pytest.mark.parametrize(
    ("last", "query"), [("enter", "dst:10.1.5.2"), ("escape", "stuck"), ("", "dst:10.1.5.2")]
)
def test_a_query_that_comes_in_one_piece_is_the_filters(
    evening: Path, last: str, query: str
) -> None:
    """As over a slow line: every key is there before the first one was looked at."""

    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        sort = main(app).list.sort
        keys = ["ctrl+u", *"dsx", "backspace", *"t:10.1.5.2", *([last] if last else [])]
        for key in ("slash", *keys):
            app.post_message(Key(key, {"slash": "/"}.get(key)))
        await pilot.pause(0.5)
        await pumped(pilot, local)
        assert main(app).filter.text == main(app).list.filter_text == query
        assert (main(app).list.sort, app.screen) == (sort, main(app))
        assert main(app).list.has_focus == bool(last)

    played(evening, play, now=NOW)


def test_an_error_stands_at_its_column_and_the_list_stays(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("slash", "space", *"dst", "enter")
        await pumped(pilot, local)
        assert "column 7: " in lines(app)[1]
        assert len(main(app).queue) == 143
        await pilot.press("slash", "ctrl+u", *"stuck", "enter")
        await pumped(pilot, local)
        assert lines(app)[1].endswith("143 match of 1,204")

    played(evening, play, now=NOW)


def test_escape_takes_the_change_of_the_filter_back(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("slash", *" held", "escape")
        await pumped(pilot, local)
        assert main(app).filter.text == "stuck"
        assert len(main(app).queue) == 143

    played(evening, play, now=NOW)


def test_an_empty_filter_means_everything(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("slash", "ctrl+u", "enter")
        await pumped(pilot, local)
        assert len(main(app).queue) == 1204
        assert lines(app)[-1] == " = spooltool ls"

    played(evening, play, now=NOW)


def test_nothing_matches_and_the_screen_says_what_there_is(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        assert "nothing matches; 1,204 messages in the spool" in "\n".join(lines(app))
        assert main(app).target().count == 0

    played(evening, play, now=NOW, query="dst:nowhere.example")


@pytest.mark.parametrize(
    ("keys", "query"),
    [
        (["d", "enter"], "stuck dst:10.1.5.2"),
        (["2", "down", "enter"], "stuck dst:mx1.example.net"),
        (["3", "down", "down", "enter"], "reason:timeout"),
    ],
)
def test_enter_in_a_pane_sets_the_filter(evening: Path, keys: list[str], query: str) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press(*keys)
        await pumped(pilot, local)
        assert main(app).filter.text == query
        assert main(app).list.has_focus
        assert len(main(app).queue) > 0

    played(evening, play, now=NOW)


def test_tags_are_messages_and_stay_when_the_order_is_another(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("space", "space", "j", "space")
        tagged = list(main(app).queue.tags.numbers)
        assert len(tagged) == 3
        await pilot.press("s", "s")
        await pumped(pilot, local)
        assert list(main(app).target().words) == tagged
        assert lines(app)[1].endswith("3 tagged")
        await pilot.press("escape")
        assert list(main(app).target().words) == [under(app)]

    played(evening, play, now=NOW)


def test_a_range_is_tagged_in_either_direction(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("down", "down", "down", "v", "up", "up", "v")
        assert main(app).queue.tagged() == 3
        assert [line[1] for line in lines(app)[3:8]] == [" ", "*", "*", "*", " "]
        await pilot.press("v", "down", "escape")
        assert main(app).queue.tagged() == 3

    played(evening, play, now=NOW)


def test_a_range_is_shown_before_it_is_tagged(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("down", "v", "down", "down")
        assert [line[1] for line in lines(app)[3:8]] == [" ", "+", "+", "+", " "]
        await pilot.press("up", "up", "up")
        assert [line[1] for line in lines(app)[3:8]] == ["+", "+", " ", " ", " "]
        await pilot.press("escape")
        assert [line[1] for line in lines(app)[3:8]] == [" "] * 5
        assert main(app).queue.tagged() == 0

    played(evening, play, now=NOW)


def test_all_is_a_query_with_exceptions(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("A")
        assert list(main(app).target().words) == ["stuck"]
        await pilot.press("space", "space")
        out = list(main(app).queue.tags.left_out)
        assert lines(app)[1].endswith("141 tagged")
        assert list(main(app).target().words) == ["stuck", "not", f"({out[0]}", "or", f"{out[1]})"]

    played(evening, play, now=NOW)


def test_the_cursor_is_a_message_and_follows_it(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press(*["down"] * 5)
        number = under(app)
        await pilot.press("s", "s")
        await pumped(pilot, local)
        assert main(app).list.sort == "size"
        assert under(app) == number
        assert any(line.startswith("> ") and number in line for line in lines(app))

    played(evening, play, now=NOW)


@pytest.fixture
def spool(evening: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(evening, tmp_path / "spool"))


def leave(spool: Path, number: str) -> None:
    """A message leaves the queue."""
    (path,) = spool.glob(f"D_*/[RE]{number}")
    path.unlink()


def test_a_frozen_list_keeps_what_left_and_counts_what_came(spool: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("down", "space")
        second, third = main(app).queue[1].number, main(app).queue[2].number
        held = next(spool.glob("D_hold/R*"))
        leave(spool, second)
        await pumped(pilot, local)
        held.rename(spool / "D_resend" / "E001zzzzz")
        await pumped(pilot, local)
        shown = lines(app)
        assert "FROZEN 0 s ago (+1 new, 1 gone)" in shown[0]
        assert shown[4].startswith(f" *R{second}")
        assert "gone; was" in shown[4]
        assert under(app) == third
        await pilot.press("full_stop")
        await pumped(pilot, local)
        assert "gone" not in "\n".join(lines(app))
        assert main(app).queue.row_of(second) is None
        assert under(app) == third

    played(spool, play, now=NOW)


def test_in_another_list_the_cursor_is_on_its_first_message(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("down", "down")
        for query in ("dst:nowhere.example", "dst:mx1.example.net"):
            main(app).set_query(query)
            await pumped(pilot, local)
        assert lines(app)[3].startswith("> ")
        assert main(app).list.cursor == 0
        assert list(main(app).target().words) == [under(app)]

    played(evening, play, now=NOW)


def test_a_directory_that_was_put_in_anothers_place_is_read(spool: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await rested(pilot, app)
        for name in ("D_sender", "D_resend"):
            (spool / name).rename(spool / f"{name}.old")
            shutil.copytree(spool / f"{name}.old", spool / name)
        number = under(app)
        [file] = (file for file in spool.glob(f"D_*/?{number}") if ".old" not in str(file))
        file.write_bytes(file.read_bytes().replace(b"billing@", b"payroll@"))
        await pumped(pilot, local)
        await rested(pilot, app)
        assert under(app) == number
        assert "payroll@example.com" in "\n".join(lines(app))

    played(spool, play, now=NOW)


def test_a_cursor_whose_message_left_stands_for_nothing(spool: Path) -> None:
    """The neighbour that moved up under it was chosen by nobody."""

    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("down", "down")
        number = under(app)
        leave(spool, number)
        await pumped(pilot, local)
        await pilot.press("full_stop")
        await pumped(pilot, local)
        assert f"{number} has left the list" in "\n".join(lines(app))
        assert main(app).target().count == 0
        assert lines(app)[5].startswith("?")
        await pumped(pilot, local)
        await rested(pilot, app)
        assert "no message under the cursor" in "\n".join(lines(app))
        await pilot.press("down")
        assert list(main(app).target().words) == [under(app)]

    played(spool, play, now=NOW)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_every_change_can_be_found_from_the_last_lines(
    evening: Path, size: tuple[int, int]
) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        assert lines(app)[-2].endswith("a all actions")
        assert "? help" in lines(app)[-3]
        assert len(lines(app)[-2]) <= size[0]

    played(evening, play, now=NOW, size=size)


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        (["6"], "spooltool log -f"),
        (["down", "6", "l"], "spooltool log 001njclo -f"),
        (["down", "6", "l", "l"], "spooltool log dst:mx9.example.net -f"),
        (["4"], "spooltool status"),
    ],
)
def test_the_last_line_is_the_command_of_the_pane(
    evening: Path, keys: list[str], command: str
) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        assert lines(app)[-1] == f" = {command}"

    played(evening, play, now=NOW)


def test_the_verdict_of_one_that_has_left_offers_no_change(spool: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("down", "down", "space", "up")
        number = under(app)
        leave(spool, number)
        await pumped(pilot, local)
        await rested(pilot, app)
        text = "\n".join(lines(app))
        assert f"{number} left the queue" in text
        assert "R retarget these" not in text

    played(spool, play, now=NOW)


def test_the_palette_does_what_is_chosen_by_name(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("colon", *"theme", "enter")
        await pilot.pause()
        assert app.theme == "light"

    played(evening, play, now=NOW)


def test_help_has_every_key_with_its_words(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        text = "\n".join(lines(app))
        assert "Type what is to be listed, in the query language" in text
        await pilot.press("escape")
        await pilot.pause()
        assert lines(app)[2].startswith("/ stuck")

    played(evening, play, now=NOW, size=LARGE)


def test_a_directory_that_cannot_be_read_is_told_and_the_rest_is_listed(spool: Path) -> None:
    shutil.rmtree(spool / "D_hold")
    (spool / "D_hold").write_bytes(b"")

    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        assert "INCOMPLETE: D_hold: Not a directory" in lines(app)[0]
        assert len(main(app).queue) == 143

    played(spool, play, now=NOW, size=LARGE)


def test_a_reader_that_has_ended_is_started_again(spool: Path) -> None:
    """What was tagged stays tagged, and the list is there again."""

    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("space", "space")
        first = local.readers.pop()
        first.ended("was ended by SIGKILL")
        first.close()
        await pilot.pause()
        assert "the queue is read anew: was ended by SIGKILL" in "\n".join(lines(app))
        while not local.readers:
            await pilot.pause(0.1)
        await pumped(pilot, local)
        assert lines(app)[1].endswith("143 match of 1,204   2 tagged")

    played(spool, play, now=NOW)


def test_the_mouse_does_what_keys_do(evening: Path) -> None:
    """A key in the last lines, a heading, a row and a pane; by their places on the screen."""

    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        row = next(at for at, line in enumerate(lines(app)) if line.startswith(" / filter"))
        await pilot.click(offset=(lines(app)[row].index("? help") + 1, row))
        await pilot.pause()
        assert "Keys that look" in "\n".join(lines(app))
        await pilot.press("escape")
        heads = next(at for at, line in enumerate(lines(app)) if " SIZE " in line)
        await pilot.click(offset=(lines(app)[heads].index("SIZE"), heads))
        await pumped(pilot, local)
        assert lines(app)[-1] == " = spooltool ls stuck --sort size"
        await pilot.click(offset=(lines(app)[heads].index("SIZE"), heads))
        await pumped(pilot, local)
        assert lines(app)[-1] == " = spooltool ls stuck --sort -size"
        await pilot.click(offset=(60, heads + 4))
        await pilot.pause()
        assert f">R{under(app)}" in lines(app)[heads + 4].replace(" ", "")
        reasons = next(at for at, line in enumerate(lines(app)) if "put-off" in line)
        await pilot.double_click(offset=(4, reasons))
        await pumped(pilot, local)
        assert main(app).filter.text == "reason:put-off"

    played(evening, play, now=NOW, size=LARGE)


def test_an_id_is_copied_by_the_terminal_and_shown(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press("down", "y")
        await pilot.pause()
        assert app.clipboard == f"R{under(app)}"
        assert f"copied: R{under(app)}" in "\n".join(lines(app))

    played(evening, play, now=NOW)


@pytest.mark.parametrize("keys", [["slash"], ["colon"], ["R"], ["Z"]])
def test_nothing_blinks(evening: Path, keys: list[str]) -> None:
    """A screen that repaints twice a second for a cursor is in the way over a slow line."""

    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        inputs = [one for screen in app.screen_stack for one in screen.query(Input)]
        assert inputs
        assert [one for one in inputs if one.cursor_blink] == []

    played(evening, play, now=NOW)


def test_the_equal_command_leads_to_the_same_spool_from_any_shell(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        main(app).sight.located = Located(str(evening), "above here", lasting=False)
        await pilot.press("4")
        assert lines(app)[-1].startswith(f" = spooltool status --spool {evening}"[:70])
        await pilot.press("1", "s")
        assert lines(app)[-1].startswith(" = spooltool ls stuck --sort age --spool ")

    played(evening, play, now=NOW)


def test_in_a_low_terminal_the_list_has_the_room(evening: Path) -> None:
    async def play(pilot: Pilot[int], app: SpoolApp, local: Local) -> None:
        assert sum("refused: connect port 25" in line for line in lines(app)) > 4
        assert not main(app).verdict.display

    played(evening, play, now=NOW, size=(80, 15))
