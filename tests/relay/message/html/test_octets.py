"""Weeding of octets: what stays as it is, what is written anew and in which charset."""

from __future__ import annotations

import pytest

from relay.message.html import Undecodable, WeededOctets, Weeding, octets, weed_bytes
from relay.message.html.charsets import read

SCRIPT = Weeding(strip_script_tags=True)


def weeded(given: bytes, charset: str | None) -> bytes:
    found = weed_bytes(given, charset, SCRIPT)
    assert isinstance(found, WeededOctets)
    return found.octets


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8", "<p>Grüße €</p>"),
        ("iso-8859-1", "<p>Grüße</p>"),
        ("windows-1252", "<p>Grüße €</p>"),
        ("koi8-r", "<p>Привет</p>"),
        ("iso-2022-jp", "<p>こんにちは世界</p>"),
        ("shift_jis", "<p>表示ソ</p>"),
        ("gb2312", "<p>你好</p>"),
        ("big5", "<p>你好</p>"),
        ("euc-kr", "<p>안녕</p>"),
        ("utf-16", "<p>Grüße</p>"),
        ("utf-7", "<p>Grüße</p>"),
    ],
)
def test_each_charset_is_kept(charset: str, text: str) -> None:
    clean = text.encode(charset)
    assert weeded(clean, charset) == clean
    dirty = text.replace("</p>", "<script>x</script></p>").encode(charset)
    left = weeded(dirty, charset).decode(charset)
    assert text in left
    assert "script" not in left


def test_octets_that_are_no_text_of_their_charset_stay_where_nothing_is_found() -> None:
    for charset in ("utf-8", "shift_jis", "us-ascii", None):
        assert weeded(b"<p>Gr\xfc\xdfe\x81</p>", charset) == b"<p>Gr\xfc\xdfe\x81</p>"


def test_what_a_charset_lacks_becomes_a_reference() -> None:
    assert b"<p>&#8364; \xfc</p>" in weeded(b"<p onx=1>&euro; \xfc</p>", "iso-8859-2")


def test_a_byte_order_mark_stays_in_front() -> None:
    assert weeded(b"\xef\xbb\xbf<p onx=1>a", None).startswith(b"\xef\xbb\xbf<html>")


def test_charsets_that_disagree_end_in_what_all_read_alike() -> None:
    given = b"<meta charset=utf-8><p onx=1>Gr\xc3\xbc\xc3\x9fe"
    assert {one.codec for one in read(given, "iso-8859-1")} == {"cp1252", "utf-8"}
    assert not weed_bytes(weeded(given, "iso-8859-1"), "iso-8859-1", SCRIPT).changed  # type: ignore[union-attr]


@pytest.mark.parametrize("charset", ["x-nobody-knows", "rot13", "unicode_escape", "idna", "\0"])
def test_an_unknown_charset_is_not_clean(charset: str) -> None:
    assert isinstance(weed_bytes(b"<p>a", charset, SCRIPT), Undecodable)


def test_an_unknown_charset_named_inside_counts_where_none_is_declared() -> None:
    given = b"<meta charset=x-nobody-knows><p>a"
    assert isinstance(weed_bytes(given, None, SCRIPT), Undecodable)
    assert weeded(given, "utf-8") == given


def test_a_part_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(octets, "LARGEST", 100)
    assert isinstance(weed_bytes(b"<p>" * 40, "utf-8", SCRIPT), Undecodable)
    assert weeded(b"<p>" * 30, "utf-8") == b"<p>" * 30
