"""What is the same in every picture: clock, zone, disk, a host that is looked at, the spools."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from spooltool.diagnose.probing import Probe, Step, Visit
from spooltool.look.locate import Located
from spooltool.look.settings import Settings
from spooltool.look.sight import Sight
from spooltool.render.screen import Disk
from spooltool.spool.hosts import HostPort
from spooltool.store.root import Spool
from spooltool.store.trash import Trashed, trash_files
from tests.harness.evening import make_evening
from tests.harness.scene import NOW

PLACE = "gw1:/var/spool/relay"
ZONE = "CET-1"
FREE = 41 << 30
FIXTURES = Path(__file__).parents[3] / "fixtures" / "spool"


RELAY_TOML = """\
hostname = "gw1.example.com"
listen = ["192.168.230.1:25"]

[[rule]]
name = "mail for our people"
source = "any"
resource = "smtp_in"
action = "accept"

[resource.smtp_in]
mail_delivery_server = "10.1.5.2"
match.recipient = "*@example.org"
"""


class PlacedSight(Sight):
    """A look at a spool that is told to stand in its usual place."""

    place = PLACE


def sight_of(spool: Path) -> PlacedSight:
    """A look at a spool of a picture, whose relay goes by RELAY_TOML."""
    sight = PlacedSight()
    sight.located = Located(str(spool), "the usual place")
    config = spool.parent / "relay.toml"
    if not config.exists():
        config.write_text(RELAY_TOML)
    sight.settings = Settings(path=str(config), rundir=str(spool))
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
    """What a live look shows: 10.1.5.2 refuses, every other host is well."""
    visit = Visit(host.host)
    if host.host == "10.1.5.2":
        visit.steps = [Step("connect", False, "Connection refused", 0.3)]
    else:
        visit.extensions = {"SIZE": "52428800", "8BITMIME": ""}
        visit.steps = [
            Step("connect", True, f"{host.host}:25", 1.2),
            Step("greeting", True, "220 mx2.example.org ESMTP", 1.9),
            Step("EHLO", True, "SIZE 52428800 8BITMIME", 2.1),
        ]
    found = Probe(host, Step("resolve", True, host.host, 0.1), (host.host,), [visit])
    resolved: Callable[[Probe], None] = how.get("resolved", lambda _: None)
    told: Callable[[Visit], None] = how.get("told", lambda _: None)
    resolved(found)
    told(visit)
    return found


def _trash(spool: Spool) -> list[Trashed]:
    """All of it lies there since three days: else the machine's clock would tell."""
    return [replace(one, since=NOW - 3 * 86400) for one in trash_files(spool)]


_EDITOR = "sed -i s/^DST:.*/DST:10.1.5.9/"
_SAME: dict[str, Any] = {
    "time.time": lambda: NOW,
    "spooltool.tui.stillness.STILL": 0.01,
    "spooltool.tui.pace.EVERY": 0.01,
    "spooltool.tui.pace.AFTER_KEY": 0.01,
    "spooltool.workers.reading.beside.disk_of": lambda _: Disk(FREE, 3 * FREE, 10**7, 10**8),
    "spooltool.change.delete.trash_files": lambda spool: _trash(spool),
    "spooltool.workers.reading.beside.trash_files": lambda spool: _trash(spool),
    "spooltool.change.carrying.time": SimpleNamespace(monotonic=lambda: 0.0),
    "spooltool.change.work.free_space": lambda _: FREE,
    "spooltool.change.new_host.probe": _looked_at,
    "spooltool.workers.handling.probe": _looked_at,
}


class Spools:
    """Every kind of spool, made once below a folder; a changing scene gets a copy."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def of(self, kind: str, *, changes: bool) -> Iterator[Path]:
        """A spool of a kind."""
        made = self._folder / kind / "spool"
        if not made.exists():
            _MAKERS[kind](made)
        if not changes:
            yield made
            return
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            yield Path(shutil.copytree(made, Path(folder) / "spool"))


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
