"""Help and palette of the main screen: every action with its words, by key or by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from spooltool.tui.help import HelpScreen, documented
from spooltool.tui.keys import Key, Where
from spooltool.tui.palette import Choice, Palette
from spooltool.tui.panes.registry import LOOK

if TYPE_CHECKING:
    from spooltool.tui.screen import MainScreen

WIDEST = 108


class Menus:
    """What can be done from the main screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen

    def help(self) -> None:
        """What every key does, and the words of the filter."""
        screen = self._screen
        said = [(key.shown, documented(self._owner(key), key.action)) for key in LOOK]
        width = min(WIDEST, screen.size.width - 4)
        screen.app.push_screen(HelpScreen(said, screen.changing.said(), width))

    def palette(self) -> None:
        """Every action by name."""
        looks = [
            Choice(key.shown, key.name, documented(self._owner(key), key.action), self._act(key))
            for key in LOOK
            if key.action != "palette"
        ]
        self._screen.app.push_screen(Palette([*looks, *self._screen.changing.choices()]))

    def changes(self) -> None:
        """Every change by name."""
        self._screen.app.push_screen(Palette(self._screen.changing.choices()))

    def _owner(self, key: Key) -> object:
        """Whose action a key is."""
        screen = self._screen
        return {Where.SCREEN: screen, Where.LIST: screen.list, Where.APP: screen.app}[key.where]

    def _act(self, key: Key) -> Callable[[], object]:
        screen = self._screen
        run = screen.list.run_action if key.where is Where.LIST else screen.run_action
        action = f"app.{key.action}" if key.where is Where.APP else key.action
        return lambda: screen.call_later(run, action)
