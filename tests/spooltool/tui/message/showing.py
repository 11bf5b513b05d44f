"""A message pane on a screen of its own, as a person sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from spooltool.look.sight import Sight
from spooltool.spool.names import SpoolName, parse_path
from spooltool.tui.message.pane import MessagePane
from spooltool.tui.spans import STYLES
from tests.spooltool.cli.calling import AS_OF

_COLOURS = {
    "dim": "#9a9a9a",
    "title": "#8ab4f8",
    "head": "#b0b0b0",
    "strong": "#ffffff",
    "good": "#7fd88f",
    "warn": "#f0c674",
    "bad": "#ff8a80",
    "note": "#8fd3e8",
    "key": "#f0c674",
    "tag": "#f5a3ff",
    "added": "#7fd88f",
    "removed": "#ff8a80",
    "found": "#ffe082",
}
SMALL, LARGE = (80, 24), (160, 48)
SIZES = (SMALL, LARGE)


class Shown(App[None]):
    """One pane, and nothing else."""

    CSS = "".join(
        f"MessagePane > .grid--{name} {{ color: {_COLOURS[name]}; }}\n" for name in STYLES
    ) + (
        "MessagePane > .grid--cursor { background: #30364a; }\n"
        "MessagePane > .grid--cursor-away { background: #24262e; }\n"
        "MessagePane { height: 1fr; background: #121212; color: #e0e0e0; }\n"
        "Screen { background: #121212; }\n"
    )

    def __init__(self) -> None:
        super().__init__()
        self.pane = MessagePane()
        self.wanted: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_message_pane_log_wanted(self, event: MessagePane.LogWanted) -> None:
        self.wanted.append(event.number)

    @property
    def text(self) -> list[str]:
        """The lines of the pane as they are on the screen."""
        pane = self.pane
        return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]


def sight_of(spool: Path) -> Sight:
    """A spool at the moment for which the fixtures stand."""
    return Sight(spool_option=str(spool), as_of=str(AS_OF))


def name_of(file: str) -> SpoolName:
    """`D_resend/R001njd6k` as a name."""
    name = parse_path(file)
    assert name is not None
    return name


@asynccontextmanager
async def showing(
    spool: Path, file: str = "", size: tuple[int, int] = SMALL
) -> AsyncIterator[tuple[Shown, Pilot[None], Sight]]:
    """The pane on a screen of this size, a message in it if one is named."""
    app = Shown()
    sight = sight_of(spool)
    try:
        async with app.run_test(size=size) as pilot:
            app.pane.focus()
            if file:
                app.pane.show(sight, name_of(file))
            await pilot.pause()
            yield app, pilot, sight
    finally:
        sight.close()


async def at_rest(app: Shown, pilot: Pilot[None]) -> None:
    """Wait until the pane has no work left."""
    while app.pane.working:
        await pilot.pause(0.01)
    await pilot.pause()
