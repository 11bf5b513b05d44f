"""What is the same in every picture: clock, zone, disk, a host that is looked at, the spools."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from spooltool.diagnose.probing import Probe, Step, Visit
from spooltool.look.locate import Located
from spooltool.look.sight import Sight
from spooltool.render.screen import Disk
from spooltool.spool.hosts import HostPort
from tests.harness.evening import make_evening
from tests.harness.scene import NOW

PLACE = "gw1:/var/spool/relay"
ZONE = "CET-1"
FREE = 41 << 30
FIXTURES = Path(__file__).parents[3] / "fixtures" / "spool"


class PlacedSight(Sight):
    """A look at a spool that is told to stand in its usual place."""

    place = PLACE  # type: ignore[assignment]


def sight_of(spool: Path) -> PlacedSight:
    """A look at a spool of a picture."""
    sight = PlacedSight()
    sight.located = Located(str(spool), "--spool", False)
    return sight


@contextmanager
def same_world() -> Iterator[None]:
    """Clock, zone, disk and network as they are in every picture."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {"TZ": ZONE, "EDITOR": _EDITOR}))
        os.environ.pop("VISUAL", None)
        time.tzset()
        for what, value in _SAME.items():
            stack.enter_context(mock.patch(what, value))
        try:
            yield
        finally:
            stack.close()
            time.tzset()


def _looked_at(host: HostPort, **how: Any) -> Probe:
    """A host that is well: what a live look at it shows."""
    said = "10.1.5.9:25"
    visit = Visit(
        "10.1.5.9",
        [
            Step("connect", True, said, 1.2),
            Step("greeting", True, "220 mx2.example.org ESMTP", 1.9),
            Step("EHLO", True, "SIZE 52428800 8BITMIME", 2.1),
        ],
        {"SIZE": "52428800", "8BITMIME": ""},
    )
    found = Probe(host, Step("resolve", True, "10.1.5.9", 0.1), ("10.1.5.9",), [visit])
    resolved: Callable[[Probe], None] = how.get("resolved", lambda _: None)
    told: Callable[[Visit], None] = how.get("told", lambda _: None)
    resolved(found)
    told(visit)
    return found


_EDITOR = "sed -i s/^DST:.*/DST:10.1.5.9/"
_SAME: dict[str, Any] = {
    "time.time": lambda: NOW,
    "spooltool.tui.stillness.STILL": 0.01,
    "spooltool.workers.reading.beside.disk_of": lambda _: Disk(FREE, 3 * FREE, 10**7, 10**8),
    "spooltool.change.carrying.time": SimpleNamespace(monotonic=lambda: 0.0),
    "spooltool.change.work.free_space": lambda _: FREE,
    "spooltool.change.new_host.probe": _looked_at,
    "spooltool.workers.handling.probe": _looked_at,
}


class Spools:
    """Every kind of spool, made once; a changing scene gets a copy."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copies = 0

    def of(self, kind: str, *, changes: bool) -> Path:
        """A spool of a kind."""
        made = self._folder / kind / "spool"
        if not made.exists():
            _MAKERS[kind](made)
        if not changes:
            return made
        self._copies += 1
        return Path(shutil.copytree(made, self._folder / f"copy{self._copies}" / "spool"))


def _hostile(spool: Path) -> None:
    """The gateway of the fixtures: odd, broken and hostile files among the good ones."""
    shutil.copytree(FIXTURES / "gw", spool)
    (spool / ".spooltool" / "log").mkdir(parents=True)
    for path in spool.glob("*/*"):
        os.utime(path, (NOW - 7800, NOW - 7800))


def _empty(spool: Path) -> None:
    for name in ("D_state", "D_sender", "D_resend", ".spooltool/log"):
        (spool / name).mkdir(parents=True)


_MAKERS: dict[str, Callable[[Path], None]] = {
    "evening": make_evening,
    "hostile": _hostile,
    "empty": _empty,
}
