"""The base of every pane: cursor, scrolling, heads, what is drawn anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from spooltool.tui.grid import Grid
from spooltool.tui.spans import Spans


class Numbers(Grid):
    def __init__(self, rows: int, heads: int = 0, *, pointed: bool = True) -> None:
        super().__init__(id="numbers")
        self.rows = rows
        self.pointed = pointed
        self.drawn: list[int] = []
        self._heads = heads

    @property
    def count(self) -> int:
        return self.rows

    def heads(self, width: int) -> list[Spans]:
        return [[(f"head {at}", "head")] for at in range(self._heads)]

    def empty(self, width: int) -> list[Spans]:
        return [[("nothing", "dim")]]

    def row(self, row: int, width: int) -> Spans:
        self.drawn.append(row)
        return [(f"row {row}", "")]


class Shaded(Numbers):
    """A cell with a ground of its own."""

    def row(self, row: int, width: int) -> Spans:
        return [("plain ", ""), ("shaded", "heat4")]


class Host(App[None]):
    CSS = "Grid { scrollbar-size: 0 0; }"

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.grid = grid
        self.heard: list[tuple[str, int]] = []

    def compose(self) -> ComposeResult:
        yield self.grid

    def on_grid_moved(self, event: Grid.Moved) -> None:
        if type(event) is Grid.Moved:
            self.heard.append(("moved", event.row))

    def on_grid_opened(self, event: Grid.Opened) -> None:
        self.heard.append(("opened", event.row))


def lines(app: App[Any]) -> list[str]:
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def piloted(grid: Grid, play: Callable[[Pilot[None], Host], Coroutine[Any, Any, None]]) -> Host:
    app = Host(grid)

    async def run() -> None:
        async with app.run_test(size=(40, 12)) as pilot:
            grid.reset()
            grid.focus()
            await pilot.pause()
            await play(pilot, app)

    asyncio.run(run())
    return app


def test_only_what_is_seen_is_made_of_a_million_rows() -> None:
    grid = Numbers(1_000_000, heads=2)

    async def play(pilot: Pilot[None], app: Host) -> None:
        assert lines(app)[:3] == ["head 0", "head 1", "row 0"]
        grid.drawn.clear()
        await pilot.press("end")
        await pilot.pause()
        assert lines(app)[-1] == "row 999999"
        assert len(set(grid.drawn)) < 30

    piloted(grid, play)


def test_moving_the_cursor_draws_two_rows() -> None:
    grid = Numbers(100, heads=1)

    async def play(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("j", "j")
        await pilot.pause()
        grid.drawn.clear()
        await pilot.press("j")
        await pilot.pause()
        assert set(grid.drawn) == {2, 3}

    assert piloted(grid, play).heard == [("moved", 1), ("moved", 2), ("moved", 3)]


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["down", "down", "up"], 1),
        (["up"], 0),
        (["pagedown"], 10),
        (["end", "down"], 99),
        (["end", "home"], 0),
        (["end", "pageup"], 89),
    ],
)
def test_keys_move_the_cursor_and_keep_it_in_view(keys: list[str], cursor: int) -> None:
    grid = Numbers(100, heads=1)

    async def play(pilot: Pilot[None], app: Host) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        assert f"row {cursor}" in lines(app)

    piloted(grid, play)
    assert grid.cursor == cursor


def test_enter_and_a_second_click_open() -> None:
    grid = Numbers(100, heads=1)

    async def play(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("enter")
        await pilot.click(grid, offset=(3, 5))
        await pilot.double_click(grid, offset=(3, 6))
        await pilot.click(grid, offset=(3, 0))
        await pilot.pause()

    heard = piloted(grid, play).heard
    assert ("opened", 0) in heard
    assert ("moved", 4) in heard
    assert heard[-1] == ("opened", 5)


def test_an_empty_list_says_so_and_takes_every_key() -> None:
    grid = Numbers(0)

    async def play(pilot: Pilot[None], app: Host) -> None:
        assert lines(app)[0] == "nothing"
        await pilot.press("down", "end", "enter", "pagedown", "home")
        await pilot.pause()

    assert piloted(grid, play).heard == []
    assert grid.cursor == -1


def test_the_cursor_stays_as_far_as_it_can_when_rows_go() -> None:
    grid = Numbers(100)

    async def play(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("end")
        grid.rows = 5
        grid.reset()
        await pilot.pause()
        assert grid.cursor == 4
        assert lines(app)[:6] == [f"row {at}" for at in range(5)] + [""]

    piloted(grid, play)


def test_text_without_a_cursor_scrolls() -> None:
    grid = Numbers(100, pointed=False)

    async def play(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("down", "down")
        await pilot.pause()
        assert lines(app)[0] == "row 2"
        await pilot.press("end")
        await pilot.pause()
        assert lines(app)[-1] == "row 99"

    piloted(grid, play)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("[/b] :smile: [red]", "[/b] :smile: [red]"),
        ("\x1b[2J\x1b]0;x\x07", "^[[2J^[]0;x^G"),
        ("a\u202eb", "a\\u202eb"),
        ("a\nb\tc", "a^Jb^Ic"),
    ],
)
def test_nothing_is_markup_and_nothing_raw_reaches_the_screen(text: str, shown: str) -> None:
    class Hostile(Numbers):
        def row(self, row: int, width: int) -> Spans:
            return [(text, "")]

    async def play(pilot: Pilot[None], app: Host) -> None:
        assert lines(app)[0] == shown

    piloted(Hostile(1), play)


def test_a_ground_of_its_own_is_seen_under_the_cursor() -> None:
    """The darkest cell of a table is often in the first row, where the cursor begins."""
    grid = Shaded(3)

    class Themed(Host):
        CSS = """
        Grid > .grid--heat4 { background: #963c2a; }
        Grid > .grid--cursor { background: blue; }
        """

    async def whole() -> None:
        app = Themed(grid)
        async with app.run_test(size=(20, 5)):
            grid.reset()
            grid.focus()
            strip = grid.render_line(0)
            grounds = {one.text.strip(): one.style.bgcolor.name for one in strip if one.style}
            assert grounds["plain"] == "#0000ff"
            assert grounds["shaded"] == "#963c2a"

    asyncio.run(whole())


def test_a_scroll_bar_that_appears_is_where_the_lines_are() -> None:
    """A log is shown from its end on, before there was a reason for a bar."""
    grid = Numbers(0)

    class Barred(Host):
        CSS = "Grid { scrollbar-size: 0 1; }"

    async def whole() -> None:
        app = Barred(grid)
        async with app.run_test(size=(20, 5)) as pilot:
            await pilot.pause()
            grid.rows = 100
            grid.reset()
            grid.scroll_to(y=95, animate=False, force=True, immediate=True)
            assert not grid.show_vertical_scrollbar
            await pilot.pause()
            assert grid.show_vertical_scrollbar
            assert grid.scroll_y == 95
            assert grid.vertical_scrollbar.position == 95

    asyncio.run(whole())
