"""What reaches a screen is what is there, and nothing that a screen obeys."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.render.text import columns, cut, fit, fit_right, visible, wrapped

NAUGHTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x00\x07\x1b\x7f\x85\x9b\u202e\u2066\u200b\udcff\ufeff\u00ad漢e\u0301"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred\x07", "^[[31mred^G"),
        ("a\tb\nc\rd", "a^Ib^Jc^Md"),
        ("\x7f", "^?"),
        ("\x9b31m\x85", "\\u009b31m\\u0085"),
        ("abc\u202efdp.exe", "abc\\u202efdp.exe"),
        ("\u2028\u200b\ufeff", "\\u2028\\u200b\\ufeff"),
        (b"\xff\xfe".decode("utf-8", "surrogateescape"), "\\xff\\xfe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("[b]bold[/b] :smile: [@click=app.quit]x[/]", "[b]bold[/b] :smile: [@click=app.quit]x[/]"),
        ("用户@例え.example", "用户@例え.example"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def harmless(text: str) -> bool:
    """No control character, no surrogate, nothing that turns the line round."""
    return not any(
        unicodedata.category(ch) in ("Cc", "Cs", "Cf", "Zl", "Zp") and ch not in "\u0600\u110bd"
        for ch in text
        if ch in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        or unicodedata.category(ch) in ("Cc", "Cs", "Zl", "Zp")
    )


@given(NAUGHTY)
def test_visible_leaves_nothing_that_a_screen_obeys(text: str) -> None:
    shown = visible(text)
    assert harmless(shown)
    assert visible(shown) == shown
    shown.encode("utf-8")


@given(NAUGHTY, st.integers(0, 40))
def test_fitting_keeps_the_width(text: str, width: int) -> None:
    shown = visible(text)
    assert columns(cut(shown, width)) <= width
    assert columns(fit(shown, width)) == width
    assert columns(fit_right(shown, width)) == width


def test_cutting() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde~"
    assert cut("漢字漢字", 5) == "漢字~"
    assert cut("漢字漢字", 4) == "漢~"
    assert fit_right("5h", 5) == "   5h"
    assert cut("abc", 0) == ""


def test_wrapping() -> None:
    assert wrapped("a bb ccc dddd", 6, "  ") == ["  a bb", "  ccc", "  dddd"]
    assert wrapped("", 10) == [""]
    assert wrapped("longer-than-that", 5) == ["longer-than-that"]
