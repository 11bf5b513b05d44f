"""Header fields as a person reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.diagnose.headers import decoded, field_values


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?b?R3LDvMOfZQ==?= again", "Grüße again"),
        (b"=?iso-8859-1?q?caf=E9?=", "café"),
        (b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        (b"=?no-such-charset?q?a?=", "a"),
        (b"=?utf-8?b?!!!?=", None),
        ("grüße".encode(), "grüße"),
        (b"\xff", "\udcff"),
    ],
)
def test_values_decode(raw: bytes, text: str | None) -> None:
    assert isinstance(decoded(raw), str)
    if text is not None:
        assert decoded(raw) == text


def test_fields_are_found_by_any_case_and_unfolded() -> None:
    block = b"Subject: one\n two\nTO: a\nsubject : three\nX-Subject: no\n"
    assert field_values(block, "SUBJECT") == ("one two", "three")
    assert field_values(block, "absent") == ()
    assert len(field_values(block, "*")) == 4


@given(st.binary(max_size=200))
def test_nothing_raises(block: bytes) -> None:
    for value in field_values(b"Subject: " + block, "*"):
        assert isinstance(value, str)
    decoded(b"=?" + block + b"?=")


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "zlib", "x\0y", "nonesuch"])
def test_a_charset_that_is_none(charset: str) -> None:
    assert decoded(f"=?{charset}?q?caf=E9?=".encode()) == "caf\ufffd"
