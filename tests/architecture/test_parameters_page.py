"""docs/parameters.md: every parameter has a place that exists and a test, and the page is new."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.harness.parameter_places import PLACES
from tests.harness.parameters_page import PAGE, ROOT, marked, names, page

RENAMED = {
    "maxrecipients": "recipients",
    "rule.resource": "resource",
    "resource.action_1.sender": "sender",
    "resource.action_1.recipient": "recipient",
    "resource.action_1.custom_field": "custom",
    "resource.match.sender": "match_sender",
    "resource.match.recipient": "match_recipient",
}
"""What a parameter is called in the source, where that is another word."""

NO_EFFECT = "relay/config/tables.py::TableReader"


@pytest.mark.parametrize("name", names())
def test_a_parameter_has_a_test(name: str) -> None:
    tests = [one.test for one in marked() if name in one.names]
    assert tests


def test_a_marker_names_parameters() -> None:
    wrong = {one.test: set(one.names) - set(names()) for one in marked()}
    assert {test: unknown for test, unknown in wrong.items() if unknown} == {}
    assert all(one.names for one in marked())


@pytest.mark.parametrize("name", sorted({*names(), *PLACES}))
def test_a_parameter_has_places_that_speak_of_it(name: str) -> None:
    assert name in names()
    word = RENAMED.get(name, name.rpartition(".")[2])
    for place in PLACES[name]:
        path, _, qualified = place.partition("::")
        text = sources(path)[qualified]
        assert place == NO_EFFECT or re.search(rf"\b{word}\b", text), f"{place} has no {word}"


@cache
def sources(path: str) -> dict[str, str]:
    """The text of each function, class and method of a module, by its qualified name."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found: dict[str, str] = {}

    def walk(node: ast.AST, within: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[within + child.name] = ast.get_source_segment(text, child) or ""
                walk(child, f"{within}{child.name}.")

    walk(ast.parse(text), "")
    return found


def test_the_page_is_what_the_code_says() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()
