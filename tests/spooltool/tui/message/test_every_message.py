"""Every tab over every message of the fixtures, hostile and broken ones among them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.cells import cell_len

from fixtures.hostile import KINDS
from spooltool.render.text import HIDDEN
from spooltool.tui.message.tabs import TABS
from tests.spooltool.tui.message.showing import LARGE, SIZES, at_rest, name_of, showing


def files_of(spool: Path) -> list[str]:
    """Every message, as its path inside the spool."""
    return sorted(f"{path.parent.name}/{path.name}" for path in spool.glob("D_*/*"))


@pytest.mark.parametrize("size", SIZES)
def test_every_tab_shows_every_message(gateway: Path, size: tuple[int, int]) -> None:
    files = files_of(gateway)
    assert len(files) >= 70

    async def play() -> None:
        async with showing(gateway, size=size) as (app, pilot, sight):
            for file in files:
                app.pane.show(sight, name_of(file))
                for tab in TABS:
                    app.pane.choose(tab.name)
                    while app.pane.working:
                        await pilot.pause(0.01)
                    lines = app.text
                    assert lines[0].startswith(f"- 5 {name_of(file).base} "), file
                    assert f"[{tab.name}]" in lines[0]
                    assert any(lines[1:]), (file, tab.name)
                    assert max(map(cell_len, lines)) <= size[0]
                    assert [line for line in lines if HIDDEN.search(line)] == []
                    app.pane.action_edge(1)
                    assert any(app.text[1:]), (file, tab.name)
            assert app.is_running

    asyncio.run(play())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_hostile_text_is_shown_as_it_is_and_does_nothing(gateway: Path, kind: str) -> None:
    async def play() -> None:
        async with showing(gateway, f"D_resend/R{kind}", LARGE) as (app, pilot, _):
            title = app.title
            for tab in TABS:
                app.pane.choose(tab.name)
                await at_rest(app, pilot)
                for y in (3, 8):
                    await pilot.click(app.pane, offset=(24, y))
            assert (app.is_running, app.title, app.return_code) == (True, title, None)

    asyncio.run(play())


@pytest.mark.parametrize("tab", ["why", "envelope", "headers", "raw"])
def test_markup_is_text(gateway: Path, tab: str) -> None:
    async def play() -> None:
        async with showing(gateway, "D_resend/Rmarkup", LARGE) as (app, pilot, _):
            app.pane.choose(tab)
            await at_rest(app, pilot)
            app.pane.scroll_to(y=18 if tab == "envelope" else 0, animate=False)
            assert "[@click=app.quit]x[/] [/b]" in "\n".join(app.text)

    asyncio.run(play())
