"""A message pane on a screen of its own, as a person sees it."""

from __future__ import annotations

import fcntl
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from spooltool.look.sight import Sight
from spooltool.spool.names import SpoolName, parse_path
from spooltool.tui import app as spool_app
from spooltool.tui.glyphs import ASCII
from spooltool.tui.message.pane import MessagePane
from spooltool.tui.themes import THEMES
from tests.spooltool.cli.calling import AS_OF

STYLES_OF_ALL = Path(spool_app.__file__).with_name("spool.tcss")
SMALL, LARGE = (80, 24), (160, 48)
SIZES = (SMALL, LARGE)


def themed(app: App[None]) -> None:
    """The colours of the whole screen."""
    for one in THEMES:
        app.register_theme(one)
    app.theme = THEMES[0].name
    app.animation_level = "none"


class Shown(App[None]):
    """One pane, and nothing else."""

    CSS_PATH = STYLES_OF_ALL
    CSS = "MessagePane { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        themed(self)
        self.pane = MessagePane(ASCII)
        self.pane.digit = 5
        self.wanted: list[str] = []
        self.first: Callable[[], object] = lambda: None

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_message_pane_log_wanted(self, event: MessagePane.LogWanted) -> None:
        self.wanted.append(event.number)

    @classmethod
    def alone(cls, spool: str, file: str, tab: str) -> None:
        """On this process's terminal, which it takes for its own, with a message of a spool."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        app = cls()
        app.first = lambda: (
            app.pane.show(sight_of(Path(spool)), name_of(file)),
            app.pane.choose(tab),
        )
        app.run()

    def on_descendant_focus(self) -> None:
        """The pane has the keys: now there is something to see."""
        self.first()

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
