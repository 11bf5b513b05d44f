"""The application: themes, the processes beside it, the one screen."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import ClassVar

import textual
from rich.segment import Segments
from rich.traceback import Traceback
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType

from spooltool.look.sight import Sight
from spooltool.tui.changes.plan_dialog import PlanDialog
from spooltool.tui.feeds import Feeds
from spooltool.tui.glyphs import Glyphs, glyphs_for_terminal
from spooltool.tui.keys import Where, bindings
from spooltool.tui.panes.pane import Pane
from spooltool.tui.screen import MainScreen
from spooltool.tui.themes import THEME_NAMES, THEMES


def _settle() -> None:
    """What was made to begin with lives to the end: no collection need look at it again."""
    gc.collect()
    gc.freeze()


_TOUCHES = (events.Key, events.MouseDown, events.Paste)


class SpoolApp(App[int]):
    """The whole queue, live.  Its result is an exit code."""

    CSS_PATH = Path(__file__).with_name("spool.tcss")
    TITLE = "spooltool"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Where.APP),
        Binding("ctrl+q", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        sight: Sight,
        feeds: Feeds,
        *,
        query: str = "stuck",
        theme: str = "dark",
        glyphs: Glyphs | None = None,
        read_only: str = "",
    ) -> None:
        super().__init__()
        self.sight = sight
        self.feeds = feeds
        self.first_query = query
        self.read_only = read_only
        self.main: MainScreen | None = None
        self.glyphs = glyphs or glyphs_for_terminal()
        self.animation_level = "none"
        for one in THEMES:
            self.register_theme(one)
        self.theme = theme

    def on_mount(self) -> None:
        """The one screen."""
        self.set_class(self.glyphs.ascii, "-ascii")
        self.main = MainScreen(
            self.sight, self.glyphs, self.feeds, query=self.first_query, read_only=self.read_only
        )
        self.push_screen(self.main)
        self.call_after_refresh(_settle)

    async def on_event(self, event: events.Event) -> None:
        """Every key and click freezes the list for a moment; a key of a pane is done at once."""
        if isinstance(event, _TOUCHES) and self.main is not None:
            self.main.touched()
        if not (isinstance(event, events.Key) and await self._done(event)):
            await super().on_event(event)

    async def _done(self, event: events.Key) -> bool:
        """Do what a key is bound to in a pane; whether there was something to do.

        Textual sends a key down to the pane and up again through all around it before it
        looks at bindings.  Over a slow line `/dst:10.1.5.2` comes in one piece, and what is
        behind the `/` would be on its way to the list by then.
        """
        pane = self.focused
        if event.is_forwarded or not isinstance(pane, Pane) or pane.takes(event.key):
            return False
        key = event.key
        return await self._check_bindings(key, priority=True) or await self._check_bindings(key)

    def on_key(self, event: events.Key) -> None:
        """A key that was on its way to the list when a plan opened over it is the plan's."""
        if isinstance(self.screen, PlanDialog) and self.screen.typed_behind(event):
            event.stop()
            event.prevent_default()

    def _fatal_error(self) -> None:
        """A mistake of ours: the trace goes out without values, for those are people's mail."""
        trace = Traceback(show_locals=False, width=None, suppress=[textual])
        self._exit_renderables.append(Segments(self.console.render(trace, self.console.options)))
        self._close_messages_no_wait()

    def action_theme(self) -> None:
        """The next theme: dark, light, high contrast."""
        self.theme = THEME_NAMES[(THEME_NAMES.index(self.theme) + 1) % len(THEME_NAMES)]

    async def action_quit(self) -> None:
        """Leave; nothing is lost by that."""
        self.exit(0)
