"""When the list stands still: after a key, while something is tagged, while a plan is open."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

from spooltool.workers.queue import Ask, Freeze

STILL = 2.0
"""Seconds for which the list stays as it is after a key."""


class Stillness:
    """Freezes the list and lets it go; `needed` says whether something else wants it still."""

    def __init__(
        self, screen: Screen[None], ask: Callable[[Ask], None], needed: Callable[[], bool]
    ) -> None:
        self._screen = screen
        self._ask = ask
        self._needed = needed
        self._frozen = False
        self._timer: Timer | None = None

    def touched(self) -> None:
        """A key or a click: for a while nothing moves."""
        self._freeze(True)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(STILL, self._settle)

    def forget(self) -> None:
        """Another reader: it knows of nothing frozen."""
        self._frozen = False

    def _settle(self) -> None:
        self._timer = None
        if not self._needed():
            self._freeze(False)

    def _freeze(self, on: bool) -> None:
        if on != self._frozen:
            self._frozen = on
            self._ask(Freeze(on))
