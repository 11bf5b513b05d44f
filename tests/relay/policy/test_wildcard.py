"""The wildcards: a table, a reference by brute force, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.policy.wildcard import BadPattern, compile_pattern, compile_replacement


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*", ["", "a", "a@b\n"], []),
        ("*@example.org", ["a@example.org", "@example.org", "A@EXAMPLE.ORG"], ["a@example.com"]),
        ("+@x", ["a@x"], ["@x", "ab@x"]),
        ("a+c", ["abc", "a+c"], ["ac", "abbc"]),
        ("*@{a.org,b.org}", ["x@a.org", "x@b.org"], ["x@c.org", "x@{a.org,b.org}"]),
        ("*@{ a.org , b.org }", ["x@a.org", "x@b.org"], ["x@ a.org "]),
        ("{a,{b,c}d}", ["a", "bd", "cd"], ["b", "ad"]),
        ("a,b", ["a,b"], ["a", "b"]),
        (r"a\*b", ["a*b"], ["axb"]),
        (r"\{a\,b\}", ["{a,b}"], ["a"]),
        (r"\\", ["\\"], [""]),
        ("", [""], ["a"]),
        ("*a*a*b", ["aab", "xaxaxb"], ["aba", "ab"]),
        ("*.exe", [".exe", "a.EXE"], ["a.exe."]),
        ("Straße", ["STRAßE"], ["strasse"]),
    ],
)
def test_matches(pattern: str, matching: list[str], other: list[str]) -> None:
    compiled = compile_pattern(pattern)
    assert [value for value in (*matching, *other) if compiled.matches(value)] == matching


@pytest.mark.parametrize(
    ("pattern", "replacement", "value", "made"),
    [
        ("*@smtp.weirdal.com", "&@weirdal.com", "user@smtp.weirdal.com", "user@weirdal.com"),
        ("*@smtp.weirdal.com", "&@weirdal.com", "User@SMTP.weirdal.com", "User@weirdal.com"),
        ("*@*.old.org", "&@&.new.org", "eva@mx.old.org", "eva@mx.new.org"),
        ("*-*-*", "&|&|&", "a-b-c-d", "a|b|c-d"),
        ("*", r"a\&&", "b", "a&b"),
        ("*", "", "b", ""),
        ("{x*,y}", "<&>", "y", "<>"),
        ("**", "&", "ab", "ab"),
    ],
)
def test_rewrites(pattern: str, replacement: str, value: str, made: str) -> None:
    found = compile_pattern(pattern).found(value)
    assert found is not None
    assert compile_replacement(replacement).fill(found) == made


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{a,b", "a { without its } (column 1)"),
        ("ab}", "a } without its { (column 3)"),
        ("{a,,b}", "an empty member between braces (column 4)"),
        ("{}", "an empty member between braces (column 2)"),
        ("a\\", "a \\ with nothing behind it (column 2)"),
        ("{" * 11 + "a" + "}" * 11, "braces nested deeper than 10 (column 11)"),
        ("{0,1,2,3,4,5,6,7,8,9}" * 5, "more than 10000 alternatives (column 85)"),
    ],
)
def test_refuses(pattern: str, why: str) -> None:
    with pytest.raises(BadPattern) as raised:
        compile_pattern(pattern)
    assert str(raised.value) == why


def _slow(pattern: str, value: str) -> bool:
    """The meaning of `*` and `+` by the shortest text that has it."""
    if not pattern:
        return not value
    rest = pattern[1:]
    if pattern[0] == "*":
        return any(_slow(rest, value[at:]) for at in range(len(value) + 1))
    return bool(value) and pattern[0] in ("+", value[0]) and _slow(rest, value[1:])


@given(st.text("ab*+", max_size=8), st.text("ab", max_size=10))
def test_is_what_the_wildcards_mean(pattern: str, value: str) -> None:
    assert compile_pattern(pattern).matches(value) is _slow(pattern, value)


@given(st.text("ab*+", max_size=8), st.text("ab", max_size=10))
def test_what_was_found_gives_the_value_back(pattern: str, value: str) -> None:
    found = compile_pattern(pattern).found(value)
    if found is None or "+" in pattern:
        return
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    pieces = pattern.split("*")
    made = pieces[0] + "".join(f + p for f, p in zip(found, pieces[1:], strict=True))
    assert made == value


def test_many_stars_take_linear_time() -> None:
    compiled = compile_pattern("*a" * 20 + "*b")
    assert not compiled.matches("a" * 200_000)


def test_knows_what_takes_everything() -> None:
    assert [compile_pattern(p).any for p in ("*", "**", "{a,*}", "*@*", "+*")] == [
        True,
        True,
        True,
        False,
        False,
    ]
