"""No lock crosses a fork: processes are started by exec, with descriptors closed.

A child that only forks keeps every flock of its parent, and the message that the parent let
go of stays locked as long as the child lives.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from spooltool.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for package in ("relay", "spooltool") for path in (ROOT / package).rglob("*.py")
)
FORKS = {"fork", "forkpty", "fork1", "daemon"}
READING = {"spooltool/look/survey.py": ["fork"]}
"""Large spools are read by two processes; neither holds a lock."""


def forks(tree: ast.AST) -> Iterator[str]:
    """What in a module forks without exec, or may."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.alias(name=name) if name in FORKS:
                yield f"{name}, line {node.lineno}"
            case ast.Import(names=names) if any(one.name == "multiprocessing" for one in names):
                yield f"multiprocessing, line {node.lineno}"
            case ast.ImportFrom(module=str(module)) if module.startswith("multiprocessing"):
                yield f"{module}, line {node.lineno}"
            case ast.Attribute(attr="ProcessPoolExecutor") | ast.alias(name="ProcessPoolExecutor"):
                yield f"ProcessPoolExecutor, line {node.lineno}"
            case ast.keyword(arg="preexec_fn"):
                yield f"preexec_fn, line {node.value.lineno}"
            case ast.keyword(arg="close_fds", value=ast.Constant(value=False)):
                yield f"close_fds=False, line {node.value.lineno}"


def test_it_sees_what_forks() -> None:
    text = (
        "import os, multiprocessing\nos.fork()\nfrom os import forkpty\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "Popen([], preexec_fn=f, close_fds=False)\n"
    )
    assert len(list(forks(ast.parse(text)))) == 6


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_forks_without_exec(path: Path) -> None:
    found = [one.partition(",")[0] for one in forks(ast.parse(path.read_text()))]
    assert found == READING.get(str(path.relative_to(ROOT)), [])


def test_what_forks_holds_no_lock() -> None:
    """A reading command, which takes none; no verb that changes anything comes by it."""
    for name in READING:
        module = name.removesuffix(".py").replace("/", ".")
        users = {
            path.stem
            for path in SOURCES
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module == module
        }
        changing = {verb.module for verb in VERBS if verb.panel not in ("Look", "Keep")}
        assert users
        assert users.isdisjoint({*changing, "changing", "choosing", "carrying", "work"})
