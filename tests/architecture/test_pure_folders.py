"""A folder is all pure or all shell, and its path tells which.

import-linter keeps the arrows between packages; here stands what no import shows:
coroutines, `open(`, the clock of `datetime`, the paths of `pathlib`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PURE = {
    "spooltool": {"errors", "query", "spool", "logs", "diagnose", "control", "render"},
    "relay": {"smtp", "message", "policy", "queue", "config", "replay"},
}
PURE_WITHIN = {"relay": {"antivirus/wire"}}
"""Pure folders inside a folder of the shell."""

SHELL = {
    "spooltool": {"store", "live", "look", "change", "workers", "cli", "tui"},
    "relay": {
        "intake",
        "dequeue",
        "content",
        "delivery",
        "antivirus",
        "control",
        "certificates",
        "checkpoint",
        "notify",
        "replaying",
        "account",
        "service",
        "source",
        "options",
        "reloading",
        "matching",
        "scanning",
        "supervisor",
    }
    | {"logs", "tls"},
}
RELAY_SEES = {"spool", "store", "control", "logs", "errors"}
SHOWN_BY = "spooltool.render.text"
"""How text is shown: `relay/replay` sees it, too, and nothing else of `render`."""

CALLS = {"open", "print", "input", "breakpoint", "exec", "eval"}
METHODS = {
    *("now", "utcnow", "today"),
    *("read_text", "write_text", "read_bytes", "write_bytes", "iterdir", "glob", "rglob"),
    *("formatdate", "localtime", "make_msgid"),
}
IMPURE_NAMES = {("pathlib", "Path"), ("email.utils", "formatdate"), ("email.utils", "make_msgid")}


def part(package: str, name: str) -> list[Path]:
    """The source files of one folder or module of a package."""
    folder = ROOT / package / name
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def parts(package: str) -> set[str]:
    """Names of the folders and modules that a package holds."""
    return {
        path.stem
        for path in (ROOT / package).iterdir()
        if (path.suffix == ".py" and not path.stem.startswith("__"))
        or (path.is_dir() and any(path.rglob("*.py")))
    }


def impurities(tree: ast.AST) -> Iterator[str]:
    """What a pure module may not contain, each with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef() | ast.AsyncFor() | ast.AsyncWith() | ast.Await():
                yield f"{node.lineno}: async"
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield f"{node.lineno}: {name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
                yield f"{node.lineno}: .{name}()"
            case ast.ImportFrom(module=str(module)):
                for alias in node.names:
                    if (module, alias.name) in IMPURE_NAMES:
                        yield f"{node.lineno}: from {module} import {alias.name}"


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of the modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


PURE_FILES = [
    path
    for package, names in PURE.items()
    for name in sorted(names & parts(package))
    for path in part(package, name)
] + [
    path for package, names in PURE_WITHIN.items() for name in names for path in part(package, name)
]


@pytest.mark.parametrize("path", PURE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_pure_module_only_computes(path: Path) -> None:
    assert list(impurities(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("package", ["spooltool", "relay"])
def test_every_folder_is_declared_pure_or_shell(package: str) -> None:
    assert parts(package) - PURE[package] - SHELL[package] == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "relay").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_relay_sees_five_parts_of_spooltool(path: Path) -> None:
    found = imported(ast.parse(path.read_text(encoding="utf-8")))
    shows = path.parent.name == "replay"
    names = [n.split(".") for n in found if not (shows and n.startswith(SHOWN_BY))]
    seen = {n[1] for n in names if n[0] == "spooltool" and len(n) > 1}
    assert seen - RELAY_SEES == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("async def f(): ...", ["1: async"]),
        ("x = open('f')", ["1: open()"]),
        ("import datetime\nd = datetime.datetime.now(tz=None)", ["2: .now()"]),
        ("from pathlib import Path", ["1: from pathlib import Path"]),
        ("from pathlib import PurePosixPath", []),
        ("def f(now: float) -> float:\n    return now + 1", []),
    ],
)
def test_the_search_itself(source: str, found: list[str]) -> None:
    assert list(impurities(ast.parse(source))) == found
