"""Encoded words and text made safe to show."""

from __future__ import annotations

from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message.words import ascii_only, decode_words, plain


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3=A9_au_lait?= now", "café au lait now"),
        ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k?=", "café"),
        ("=?iso-8859-1?Q?caf=E9?= =?utf-8?q?_bar?=", "café bar"),
        ("=?utf-8*fr?q?caf=C3=A9?=", "café"),
        ("=?utf-8?q?caf=E9?=", "caf\ufffd"),
        ("=?no-such-charset?q?x?=", "=?no-such-charset?q?x?="),
        ("=?hex?q?6161?=", "=?hex?q?6161?="),
        ("=?utf-8?b?x?=", "=?utf-8?b?x?="),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("=?utf-8?x?odd?=", "=?utf-8?x?odd?="),
    ],
)
def test_decode_words(text: str, decoded: str) -> None:
    assert decode_words(text) == decoded


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "S")), min_size=1, max_size=60))
def test_what_the_standard_library_encodes_is_decoded(text: str) -> None:
    encoded = Header(text, "utf-8").encode()
    assert decode_words(encoded.replace("\n", "")) == text


@given(st.text(max_size=80))
def test_anything_decodes_to_something(text: str) -> None:
    assert isinstance(decode_words(f"=?{text}?="), str)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is", "as it is"),
        ("two  blanks\r\n\tand a line", "two blanks and a line"),
        ("\x1b[2J\x00\x7f\x9b", "?[2J???"),
        ("a\u202eb\u2066c\ufeff", "a?b?c?"),
        ("caf\udce9 café", "caf? café"),
        ("line\u2028sep", "line sep"),
        ("", ""),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(max_size=40))
def test_plain_is_printable_and_stays_so(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    assert plain(shown) == shown
    assert ascii_only(text).isascii()
    assert ascii_only(text).isprintable()
