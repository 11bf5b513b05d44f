"""The last lines: what happened last, which keys there are, and the equal command."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from spooltool.render.text import columns, cut
from spooltool.tui.grid import Grid
from spooltool.tui.keys import Key
from spooltool.tui.spans import Span, Spans


class Footer(Grid):
    """What happened last; the keys that look, those that change; the equal command.

    A click on a key does what the key does.
    """

    can_focus = False
    pointed = False

    def __init__(self, look: Sequence[Key], change: Sequence[Key]) -> None:
        super().__init__(id="footer")
        self.command = ""
        self._look = look
        self._change = change
        self._notice: Span = ("", "")
        self._last: Span = ("", "")

    def notice(self, text: str, style: str = "note") -> None:
        """Something to be told now; "" takes it away."""
        self._notice = (text, style)
        self.redraw()

    def last(self, text: str) -> None:
        """What an operator did last: shown where there is no notice."""
        if text != self._last[0]:
            self._last = (text, "")
            self.redraw()

    def equal(self, command: str) -> None:
        """The command that shows what the screen shows."""
        if command != self.command:
            self.command = command
            self.redraw()

    @property
    def count(self) -> int:
        """Four lines; three where nothing may be changed."""
        return 4 if self._change else 3

    def row(self, row: int, width: int) -> Spans:
        """One of them."""
        if row == 0:
            text, style = self._notice if self._notice[0] else self._last
            return [(" " + cut(text, width - 2), style)]
        if row == self.count - 1:
            return [(" = ", "dim"), (cut(self.command, width - 4), "note")]
        return [span for span, _ in self._keys(self._keys_of(row), width)]

    def _keys_of(self, row: int) -> Sequence[Key]:
        return self._look if row == 1 else self._change

    def _keys(self, keys: Sequence[Key], width: int) -> list[tuple[Span, Key]]:
        """As many as fit, the most needed first."""
        shown: list[tuple[Span, Key]] = []
        room = width - 1
        for key in keys:
            if not key.label:
                continue
            text = f"{key.shown} {key.label}"
            room -= columns(text) + 2
            if room < -1:
                break
            shown += [((" " + key.shown, "key"), key), ((f" {key.label} ", ""), key)]
        return shown

    def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        if not 0 < event.y < self.count - 1:
            return
        at = 0
        for (text, _), key in self._keys(self._keys_of(event.y), self.size.width):
            at += columns(text)
            if event.x < at:
                self.app.simulate_key(key.pressed)
                return
