"""What the filter bar offers."""

from __future__ import annotations

import pytest

from spooltool.query import parse_text
from spooltool.query.completing import completions
from spooltool.query.grammar import GRAMMAR, KEYWORDS


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("", []),
        ("stuck", []),
        ("stu", ["stuck"]),
        ("ds", ["dst:"]),
        ("stuck res", ["stuck resource:"]),
        ("reason:ref", ["reason:refused"]),
        ("reason:refused,time", ["reason:refused,timeout"]),
        ("stuck not (hel", ["stuck not (held"]),
        ("dir:qua", ["dir:quarantine"]),
        ("nothing:x", []),
        ("dst:mx", ["dst:mx1.example.net"]),
        ("dst:10.1.5.2,MX", ["dst:10.1.5.2,mx1.example.net"]),
    ],
)
def test_the_last_word_is_completed(text: str, offered: list[str]) -> None:
    assert completions(text, {"dst": ["10.1.5.2", "mx1.example.net"]}) == offered


@pytest.mark.parametrize("keyword", KEYWORDS, ids=lambda keyword: keyword.word)
def test_every_keyword_is_found_by_its_beginning(keyword: object) -> None:
    word = getattr(keyword, "word", "")
    assert word in completions(word[:-1])
    parse_text(word)


@pytest.mark.parametrize("field", GRAMMAR, ids=lambda field: field.name)
def test_every_field_is_found_by_its_beginning(field: object) -> None:
    name = getattr(field, "name", "")
    assert f"{name}:" in completions(name)
