"""Decoders and encoders: round trips in any chunks, and what is junk."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message.mime import Defect, Encoding, decoder, encoder
from relay.message.mime.transfer import decode_head


def decoded(encoding: Encoding, data: bytes, step: int = 1 << 16) -> tuple[bytes, set[Defect]]:
    one = decoder(encoding)
    out = [one.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join([*out, one.end()]), one.defects


def encoded(encoding: Encoding, data: bytes, step: int = 1 << 16, columns: int = 76) -> bytes:
    one = encoder(encoding, columns)
    out = [one.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join([*out, one.end()])


@given(st.binary(max_size=500), st.integers(1, 80))
def test_base64_there_and_back(data: bytes, step: int) -> None:
    text = encoded(Encoding.BASE64, data, step)
    assert text == base64.encodebytes(data)
    assert decoded(Encoding.BASE64, text, step) == (data, set())


@given(st.text("a=é \t.\n", max_size=200).map(str.encode), st.integers(1, 80))
def test_quoted_printable_there_and_back(data: bytes, step: int) -> None:
    text = encoded(Encoding.QUOTED, data, step)
    assert text.isascii() and decoded(Encoding.QUOTED, text, step) == (data, set())


@given(st.binary(max_size=100), st.integers(1, 9))
def test_no_encoding_changes_nothing(data: bytes, step: int) -> None:
    assert encoded(Encoding.IDENTITY, data, step) == data
    assert decoded(Encoding.IDENTITY, data, step) == (data, set())


@given(st.sampled_from([Encoding.BASE64, Encoding.QUOTED]), st.text("QUJD=\n *41", max_size=60))
def test_junk_in_any_chunks_is_the_same_junk(encoding: Encoding, text: str) -> None:
    data = text.encode()
    assert decoded(encoding, data, 1) == decoded(encoding, data)


@pytest.mark.parametrize(
    ("text", "data", "defects"),
    [
        (b"QUJD", b"ABC", set()),
        (b"QUI=", b"AB", set()),
        (b"QQ==\n", b"A", set()),
        (b" Q U\tI\r\n=\n", b"AB", set()),
        (b"QUI", b"AB", {Defect.BASE64_UNPADDED}),
        (b"QQ=", b"A", {Defect.BASE64_UNPADDED}),
        (b"Q", b"", {Defect.BASE64_UNPADDED}),
        (b"QQ==QUJD", b"AABC", {Defect.BASE64_AFTER_END}),
        (b"QQ=QUJD", b"AABC", {Defect.BASE64_AFTER_END}),
        (b"QU.JD", b"ABC", {Defect.BASE64_JUNK}),
        (b"=QUJD", b"ABC", {Defect.BASE64_JUNK}),
        (b"QUJD====", b"ABC", {Defect.BASE64_JUNK}),
        (b"QQ===", b"A", {Defect.BASE64_JUNK}),
    ],
)
def test_base64(text: bytes, data: bytes, defects: set[Defect]) -> None:
    assert decoded(Encoding.BASE64, text) == (data, defects)


@pytest.mark.parametrize(
    ("text", "data", "defects"),
    [
        (b"a=3Db=3d", b"a=b=", set()),
        (b"a=\nb\n", b"ab\n", set()),
        (b"a= \t\nb", b"ab", set()),
        (b"a=", b"a", set()),
        (b"a= ", b"a= ", set()),
        (b"a=ZZb", b"a=ZZb", {Defect.QUOTED_JUNK}),
        (b"a==", b"a=", {Defect.QUOTED_JUNK}),
        (b"a=4", b"a=4", {Defect.QUOTED_JUNK}),
    ],
)
def test_quoted_printable(text: bytes, data: bytes, defects: set[Defect]) -> None:
    assert decoded(Encoding.QUOTED, text) == (data, defects)


def test_a_line_without_end_is_not_kept() -> None:
    one = decoder(Encoding.QUOTED)
    out = sum(len(one.feed(b"a=41" * 1000)) for _ in range(100)) + len(one.end())
    assert out == 200_000 and not one.defects


@pytest.mark.parametrize("columns", [4, 60, 64, 76, 128])
def test_base64_keeps_its_columns(columns: int) -> None:
    lines = encoded(Encoding.BASE64, bytes(1000), columns=columns).split(b"\n")
    assert {len(line) for line in lines[:-2]} == {columns}
    assert binascii.a2b_base64(b"".join(lines)) == bytes(1000)


@pytest.mark.parametrize("columns", [0, 3, 100_000])
def test_columns_that_no_line_may_have_become_76(columns: int) -> None:
    assert len(encoded(Encoding.BASE64, bytes(1000), columns=columns).split(b"\n")[0]) == 76


def test_the_head_of_base64_without_a_label() -> None:
    assert decode_head(base64.encodebytes(b"MZ" * 100)[:50]) == (b"MZ" * 18)
    assert decode_head(b"words, and words") == decode_head(b"") == b""
