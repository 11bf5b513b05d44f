"""A scene is played: the screen over its spool, its keys pressed, the picture taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from textual.pilot import Pilot

from spooltool.tui.app import SpoolApp
from spooltool.tui.glyphs import ASCII, UNICODE
from spooltool.tui.screen import MainScreen
from tests.harness.evening import ORDER, evening_status
from tests.harness.scene import numbers_of
from tests.harness.screens.drawing import drawn
from tests.harness.screens.scenes import Scene
from tests.harness.screens.stage import Stage
from tests.harness.screens.world import PlacedSight, Spools, same_world, sight_of
from tests.spooltool.cli.told_relay import ToldRelay


class _Pictured(SpoolApp):
    """An editor needs no terminal here."""

    def suspend(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()


def picture(scene: Scene, spools: Spools) -> str:
    """The scene as SVG."""
    spool_of = spools.of(scene.spool, changes=scene.changes)
    with spool_of as spool, same_world(), _relay(spool, up=scene.relay):
        return asyncio.run(_played(scene, spool))


@contextlib.contextmanager
def _relay(spool: Path, *, up: bool) -> Iterator[None]:
    if not up:
        yield
        return
    with ToldRelay(spool) as relay:
        relay.status = evening_status()
        relay.waiting = 14
        relay.orders[ORDER.host] = ORDER
        yield


async def _played(scene: Scene, spool: Path) -> str:
    made = Stage(spool, glimpse=scene.glimpse)
    with contextlib.closing(made) as stage, contextlib.closing(sight_of(spool)) as sight:
        return await _played_on(stage, sight, scene)


async def _played_on(stage: Stage, sight: PlacedSight, scene: Scene) -> str:
    app = _Pictured(
        sight,
        stage,
        query=scene.query,
        theme=scene.theme,
        glyphs=ASCII if scene.ascii else UNICODE,
        read_only=scene.read_only,
    )
    app.title = "spooltool tui"
    async with app.run_test(size=scene.size) as pilot:
        await pilot.pause()
        await stage.settle(pilot)
        for token in scene.keys.split():
            await _press(token, pilot, stage)
            await stage.settle(pilot)
        return drawn(app.export_screenshot(simplify=True))


async def _press(token: str, pilot: Pilot[int], stage: Stage) -> None:
    """A key by its name, `=TEXT` typed, `KEYxN` N times, `!EVENT` something that happens."""
    name, _, times = token.partition("x")
    if token.startswith("!"):
        _EVENTS[token[1:]](_main(pilot), stage)
    elif token.startswith("="):
        await pilot.press(*(_NAMES.get(ch, ch) for ch in token[1:]))
    else:
        key = name if times.isdigit() else token
        await pilot.press(*[_NAMES.get(key, key)] * int(times if times.isdigit() else 1))


def _main(pilot: Pilot[int]) -> MainScreen:
    app = pilot.app
    assert isinstance(app, SpoolApp) and app.main is not None
    return app.main


_NAMES = {"=": "equals_sign", ".": "full_stop", ":": "colon", "-": "minus"} | {
    "@": "at", "/": "slash", "<": "less_than_sign", ">": "greater_than_sign", "*": "asterisk",
    "]": "right_square_bracket",
}  # fmt: skip


def _some_leave(main: MainScreen, stage: Stage) -> None:
    """Two of those on the screen are delivered."""
    for row in (5, 8):
        _leaves(main, stage, row)


def _this_leaves(main: MainScreen, stage: Stage) -> None:
    """The one under the cursor is delivered."""
    _leaves(main, stage, main.list.cursor)


def _leaves(main: MainScreen, stage: Stage, row: int) -> None:
    (path,) = stage.spool.glob(f"D_*/[RE]{main.queue[row].number}")
    path.unlink()
    stage.look_again()


def _some_come(main: MainScreen, stage: Stage) -> None:
    """Four of those held are put among those that fail."""
    for number in numbers_of("", "D_hold")[:4]:
        name = f"R{number}"
        (stage.spool / "D_hold" / name).rename(stage.spool / "D_resend" / f"E{number}")
    stage.look_again()


_EVENTS: dict[str, Callable[[MainScreen, Stage], None]] = {
    "leave": _some_leave,
    "leaves": _this_leaves,
    "come": _some_come,
}
