"""docs/fine-print.md names what exists: each place, each test, each number once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/fine-print.md"

_SECTION = re.compile(r"## (.+)\Z")
_ROW = re.compile(r"\| (\d+) \| (.+) \| (.+) \| (.+) \|\Z")
_NAME = re.compile(r"`([^`\s]+)::([^`\s]+)`")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the document."""

    section: str
    number: int
    text: str
    places: tuple[tuple[str, str], ...]
    tests: tuple[tuple[str, str], ...]


def rules() -> Iterator[Rule]:
    section = ""
    for line in DOCUMENT.read_text().splitlines():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif row := _ROW.match(line):
            names = [tuple((one[1], one[2]) for one in _NAME.finditer(row[at])) for at in (3, 4)]
            yield Rule(section, int(row[1]), row[2], *names)


@cache
def names_of(path: str) -> frozenset[str]:
    """Functions, classes, methods and constants of a module, as `name` and `Class.name`."""
    return frozenset(_names(ast.parse((ROOT / path).read_text()), ""))


def _names(node: ast.AST, within: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield within + child.name
        elif isinstance(child, ast.ClassDef):
            yield within + child.name
            yield from _names(child, f"{within}{child.name}.")
        elif isinstance(child, ast.Assign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            yield from (within + one.id for one in targets if isinstance(one, ast.Name))


def test_every_line_of_a_table_reads_as_a_rule() -> None:
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    heads = [line for line in lines if line.startswith(("| # ", "|---"))]
    assert len(lines) - len(heads) == len(list(rules()))


def test_each_section_is_numbered_without_a_gap() -> None:
    numbers: dict[str, list[int]] = {}
    for rule in rules():
        numbers.setdefault(rule.section, []).append(rule.number)
    assert len(numbers) > 5
    for section, found in numbers.items():
        assert (section, found) == (section, list(range(1, len(found) + 1)))


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: f"{rule.section} {rule.number}")
def test_a_rule_names_places_and_tests_that_exist(rule: Rule) -> None:
    assert rule.places and rule.tests
    for path, name in (*rule.places, *rule.tests):
        assert name in names_of(path), f"{path} has no {name}"
    for path, name in rule.tests:
        assert path.startswith("tests/") and name.rpartition(".")[2].startswith("test_")
    for path, _ in rule.places:
        assert path.startswith(("relay/", "spooltool/"))
