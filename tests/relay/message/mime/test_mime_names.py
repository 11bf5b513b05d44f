"""Names: the readings of parameters, and what a name looks like to others."""

from __future__ import annotations

import pytest

from relay.message.mime.charsets import texts
from relay.message.mime.fields import read_fields
from relay.message.mime.names import MOST_CHARACTERS, MOST_READINGS, readings
from relay.message.mime.parameters import MOST, parameters
from relay.message.mime.word_readings import decode_all


def names(field: bytes) -> tuple[str, ...]:
    return read_fields(field + b"\n").names


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"Content-Type: a/b; name=x.zip", {"x.zip"}),
        (b'Content-Type: a/b; name="a b.zip"', {"a b.zip"}),
        (b"Content-Disposition: attachment; filename=a; filename=b", {"a", "b"}),
        (b"Content-Type: a/b; name=a\nContent-Disposition: x; filename=b", {"a", "b"}),
        (b'Content-Type: a/b; name="a;b"', {"a;b", "a"}),
        (b"Content-Type: a/b; name=a b", {"a b", "a"}),
        (b'Content-Type: a/b; name="a\\"b"', {'a"b', "ab"}),
        (b"Content-Type: a/b; name=a(c)b", {"a(c)b", "ab", "a", "b"}),
        (b"Content-Type: a/b; name*0=a; name*1=b; name*2=c", {"abc"}),
        (b"Content-Type: a/b; name*1=b; name*0=a", {"ab", "ba"}),
        (b"Content-Type: a/b; name*0=a; name*2=c", {"a", "ac"}),
        (b"Content-Type: a/b; name*=iso-8859-1'de'%E4", {"ä"}),
        (b"Content-Type: a/b; name*0*=utf-8''%C3; name*1*=%A4", {"ä"}),
        (b"Content-Type: a/b; name==?utf-8?q?=C3=A4?=", {"ä"}),
        (b'Content-Type: a/b; name="=?utf-8?b?w6Q=?= =?utf-8?q?b?="', {"äb"}),
        (b"Content-Type: a/b; name=\xc3\xa4", {"ä", "Ã¤"}),
        (b"Content-Type: a/b; name=a+AC4-b", {"a+AC4-b", "a.b"}),
        (b"Content-Description: a.zip", {"a.zip"}),
        (b"Content-Location: http://x/y/a.zip?q", {"a.zip"}),
        (b"Subject: name=a.zip", set()),
    ],
)
def test_fields(field: bytes, expected: set[str]) -> None:
    found = set(names(field))
    assert expected <= found if expected else not found


def test_a_plain_name_has_one_reading() -> None:
    assert names(b'Content-Disposition: attachment; filename="Report 2024.pdf"') == (
        "Report 2024.pdf",
    )


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("a.zip. .", "a.zip"),
        ("a.zip\0.txt", "a.zip"),
        ("a\u202epiz.exe", "aexe.zip"),
        ("a.z\u200bip", "a.zip"),
        ("a\uff0ezip", "a.zip"),
        ("a\u3002zip", "a.zip"),
        ("c:\\x\\a.zip", "a.zip"),
        ("x/a.zip", "a.zip"),
        ("a.zip:stream", "a.zip"),
        ("a.z ip", "a.zip"),
        ("a%2Ezip", "a.zip"),
        ("a.zip.{CLSID}", "a.zip"),
        ("a.zip.001", "a.zip"),
        ("=?utf-8?q?=2Ezip?=", ".zip"),
        ("=?utf-8?q?=3D=3Futf-8=3Fq=3F=2Ezip=3F=3D?=", ".zip"),
    ],
)
def test_forms_of_a_name(name: str, reading: str) -> None:
    found, complete = readings(iter([name]))
    assert complete and reading in found and found[0] == name


def test_a_second_extension_is_no_reading_of_its_own() -> None:
    assert readings(iter(["www.example.com.pdf"]))[0] == ["www.example.com.pdf"]


def test_readings_are_bounded_and_it_is_told() -> None:
    found, complete = readings(f"a{number}.b" for number in range(1000))
    assert not complete and len(found) <= MOST_READINGS + 1
    found, complete = readings(str(number) * 1000 for number in range(100, 200))
    assert not complete and sum(map(len, found)) < MOST_CHARACTERS + 4000
    assert len(list(parameters(b";name=a" * 10_000))) == MOST + 1


@pytest.mark.parametrize(
    "charset", ["rot_13", "hex", "idna", "unicode_escape", "no-such", "../x", "a\0b", "x" * 5000]
)
def test_what_is_no_charset_is_never_looked_up(charset: str) -> None:
    assert list(texts(b"a.zip", charset)) == ["a.zip"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?q?a=2Eb?=", "a.b"),
        ("=?utf-8?B?YS5i?=", "a.b"),
        ("=?utf-8?b?YS5i", "a.b"),
        ("=?utf-8?b?YS5i?", "a.b"),
        ("=?utf-8?b?Y S5 i?=", "a.b"),
        ("=?utf-8?b?YS5iY?=", "a.b"),
        ("x=?utf-8?q?_y?=", "x y"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
        ("=?no-such?q?a?=", "a"),
    ],
)
def test_encoded_words_as_they_come(text: str, expected: str) -> None:
    assert expected in list(decode_all(text))


def test_without_an_encoded_word_there_is_no_other_reading() -> None:
    assert list(decode_all("a =? b")) == []
