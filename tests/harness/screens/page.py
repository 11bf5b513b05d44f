"""docs/tui.md: what is generated in it is written between marks, the rest is left as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spooltool.tui.app import SpoolApp
from spooltool.tui.changes.registry import CHANGES
from spooltool.tui.help import documented
from spooltool.tui.keys import Key, Where
from spooltool.tui.panes.queue import QueuePane
from spooltool.tui.panes.registry import LOOK
from spooltool.tui.screen import MainScreen
from tests.harness.screens.scenes import ROOT, TABLE

PAGE = ROOT / "docs" / "tui.md"
_OWNERS: dict[Where, object] = {
    Where.SCREEN: MainScreen,
    Where.LIST: QueuePane,
    Where.APP: SpoolApp,
}


def page() -> str:
    """The page as it is to be."""
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in (("look", _look()), ("change", _change()), ("pictures", _pictures())):
        marks = re.compile(rf"(?<=<!-- {name}: )(.*? -->\n).*?(?=<!-- end -->)", re.DOTALL)
        made = "".join(f"{line}\n" for line in lines).replace("\\", r"\\")
        text, found = marks.subn(rf"\1\n{made}\n", text)
        if found != 1:
            raise ValueError(f"{PAGE.name}: no single place for {name}")
    return text


def _look() -> Iterator[str]:
    yield from ("| key | what it does |", "|---|---|")
    for key in LOOK:
        if not (key.shown.isdigit() and key.pressed == key.shown):
            yield f"| `{key.shown}` | {_cell(_said(key))} |"
    yield "| `j` `k` | Down and up; also the arrows, PgUp, PgDn, Home, End. |"


def _said(key: Key) -> str:
    return documented(_OWNERS[key.where], key.action)


def _change() -> Iterator[str]:
    yield from ("| key | change | what it does |", "|---|---|---|")
    for one in CHANGES:
        key = f"`{one.key}`" if one.key else "`a`, then its name"
        yield f"| {key} | {one.label} | {_cell(one.help)} |"


def _pictures() -> Iterator[str]:
    """Every scene, its two sizes in one line."""
    yield from ("| picture | what it shows |", "|---|---|")
    for scene in TABLE:
        small = f"[{scene.name}](screens/{scene.file.name})"
        yield f"| {small} [160×48](screens/{scene.large.file.name}) | {scene.about} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
