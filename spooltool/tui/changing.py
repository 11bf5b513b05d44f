"""Changes from the main screen: their keys, their plans, what becomes of the list after."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from spooltool.errors import QueryError
from spooltool.render.text import visible
from spooltool.tui.changes.change import Change
from spooltool.tui.changes.hand import Hand
from spooltool.tui.changes.plan_dialog import PlanDialog
from spooltool.tui.changes.registry import BY_KEY, CHANGES
from spooltool.tui.feeds import Feeds
from spooltool.tui.keys import Key
from spooltool.tui.palette import Choice
from spooltool.workers.changes import Done
from spooltool.workers.queue import LookAgain, Thaw

if TYPE_CHECKING:
    from spooltool.tui.screen import MainScreen


class Changing:
    """What may be changed from here; `read_only` says why nothing, "" where it may."""

    def __init__(self, screen: MainScreen, feeds: Feeds, read_only: str) -> None:
        self._screen = screen
        self._read_only = read_only
        self._hand = Hand(feeds)

    def close(self) -> None:
        """The process that changes ends; a change under way ends with its batch first."""
        self._hand.close()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that change, in the order in which they are offered; none when read only."""
        if self._read_only:
            return ()
        changes = (Key(k, k, f"change('{k}')", one.label) for k, one in BY_KEY.items())
        return (*changes, Key("a", "a", "changes", "all actions"))

    def choices(self) -> list[Choice]:
        """Every change by name."""
        if self._read_only:
            return []
        return [Choice(one.key, one.label, one.help, partial(self._open, one)) for one in CHANGES]

    def said(self) -> list[tuple[str, str]]:
        """Key and help of every change; those without a key are found by `a`."""
        return [] if self._read_only else [(one.key or "a", one.help) for one in CHANGES]

    def open_by_key(self, key: str) -> None:
        """Open the plan of a change."""
        self._open(BY_KEY[key])

    def _open(self, change: Change) -> None:
        screen = self._screen
        try:
            target = screen.target()
        except QueryError as error:
            screen.footer.notice(f"the filter cannot be read: {visible(error.message)}", "bad")
            return
        if change.wants_messages and not target.count:
            screen.footer.notice("no message: tag some, or move the cursor to one", "warn")
            return
        screen.app.push_screen(PlanDialog(change, target, self._hand), self._closed)

    def _closed(self, done: Done | None) -> None:
        """What was done is shown, and looked for."""
        screen = self._screen
        if done is not None:
            screen.list.untag()
            screen.ask(LookAgain())
            screen.ask(Thaw())
            screen.footer.notice(done.lines[0] if done.lines else "")
        screen.touched()
