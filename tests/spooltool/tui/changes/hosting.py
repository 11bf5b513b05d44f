"""A small application that hosts the plan's dialog over a real spool and a real hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from textual.app import App, ComposeResult
from textual.events import Key
from textual.pilot import Pilot

from spooltool.look.sight import Sight
from spooltool.store.journal import Transaction, read_journal
from spooltool.store.root import Spool
from spooltool.tui.changes.hand import Hand
from spooltool.tui.changes.plan_dialog import PlanDialog
from spooltool.tui.changes.plan_frame import Phase
from spooltool.tui.changes.registry import BY_KEY, BY_VERB
from spooltool.tui.changes.target import Target, of_messages
from spooltool.tui.grid import Grid
from spooltool.tui.processes import Processes
from spooltool.tui.spans import text_of
from spooltool.tui.themes import THEMES
from spooltool.workers.changes import Done
from tests.spooltool.cli.changed import values

TCSS = Path(__file__).parents[4] / "spooltool/tui/spool.tcss"
SECONDS = 60.0


class Ground(Grid):
    """What lies under the dialog."""

    @property
    def count(self) -> int:
        return 0


class Hosting(App[None]):
    """`target` is what the capitals are about; `results` is what dialogs ended with."""

    CSS_PATH = TCSS

    def __init__(self, sight: Sight, target: Target) -> None:
        super().__init__()
        self.animation_level = "none"
        self.hand = Hand(Processes(sight))
        self.target = target
        self.results: list[Done | None] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "dark"

    def compose(self) -> ComposeResult:
        yield Ground()

    def on_key(self, event: Key) -> None:
        if isinstance(self.screen, PlanDialog):
            if self.screen.typed_behind(event):
                event.stop()
                event.prevent_default()
        elif change := BY_KEY.get(event.character or ""):
            self.open(change.verb)

    def open(self, verb: str, target: Target | None = None) -> None:
        dialog = PlanDialog(BY_VERB[verb], target or self.target, self.hand)
        self.push_screen(dialog, self.results.append)

    def suspend(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return _aside()

    async def on_unmount(self) -> None:
        self.hand.close()


@contextmanager
def _aside() -> Iterator[None]:
    """An editor of a test needs no terminal."""
    yield


class Play:
    """A person at that application."""

    def __init__(self, app: Hosting, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def dialog(self) -> PlanDialog:
        screen = self.app.screen
        assert isinstance(screen, PlanDialog), screen
        return screen

    @property
    def shown(self) -> str:
        """The words of the dialog, every line of every part."""
        dialog = self.dialog
        grids = (dialog.heading, dialog.text, dialog.equal, dialog.hints)
        width = dialog.columns_inside
        return "\n".join(
            text_of(grid.row(row, width)) for grid in grids for row in range(grid.count)
        )

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"never {what}: {self.shown}")
            await self.pilot.pause(0.01)

    async def phase(self, phase: Phase) -> None:
        """Until the dialog is in this phase, and painted."""

        def there() -> bool:
            screen = self.app.screen
            if not isinstance(screen, PlanDialog):
                return False
            return screen.phase is phase and screen.painted < time.monotonic()

        await self.until(there, f"{phase}")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text as a person does, blanks and signs included."""
        names = {" ": "space", "=": "equals_sign", ".": "full_stop", ":": "colon", "-": "minus"}
        names |= {"@": "at", "/": "slash", "<": "less_than_sign", ">": "greater_than_sign"}
        names |= {"_": "underscore", "[": "left_square_bracket", "]": "right_square_bracket"}
        await self.pilot.press(*(names.get(ch, ch) for ch in text))

    async def plan(self, verb: str, target: Target | None = None) -> None:
        """Open a change and wait for its first plan, or why there is none."""
        self.app.open(verb, target)
        await self.until(
            lambda: (
                isinstance(self.app.screen, PlanDialog)
                and self.dialog.phase in (Phase.OPEN, Phase.SHOWN)
                and self.dialog.painted < time.monotonic()
            ),
            "a plan",
        )

    async def apply(self, *number: str) -> Done:
        """Agree, and wait for the end."""
        await self.phase(Phase.SHOWN)
        await self.press("y", *number, *(("enter",) if number else ()))
        await self.phase(Phase.DONE)
        assert self.dialog.done is not None
        return self.dialog.done

    async def close(self) -> None:
        await self.press("escape")
        await self.until(lambda: not isinstance(self.app.screen, PlanDialog), "closed")


def play(
    spool: Path,
    part: Callable[[Play], Awaitable[None]],
    target: Target,
    size: tuple[int, int] = (80, 24),
    *,
    sight: Sight | None = None,
) -> Hosting:
    """Run a part of a person's life at the screen."""

    async def whole() -> Hosting:
        app = Hosting(sight or Sight(spool_option=str(spool)), target)
        async with app.run_test(size=size) as pilot:
            await part(Play(app, pilot))
        return app

    return asyncio.run(whole())


def journal(spool: Path) -> list[Transaction]:
    with Spool.open(str(spool)) as opened:
        return read_journal(opened)


def number_of(file: str) -> str:
    return file.rpartition("/")[2][1:]


def everything(spool: Path) -> Target:
    return of_messages([number_of(file) for file in values(spool, "DST")])


def results(one: Transaction) -> list[str]:
    return sorted(outcome.result for outcome in one.outcomes)
