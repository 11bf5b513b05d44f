"""The content decoder: a table of flags, linear work, and any cut gives the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.smtp.content import Decoder
from tests.relay.smtp.playbook import Cut, bytewise, split_at, whole

Result = tuple[bytes, bytes, bool, bool, bool, bool, int]


def decode(data: bytes, cut: Cut, *, max_line: int = 10, normalise: bool = False) -> Result:
    decoder = Decoder(max_line, normalise=normalise)
    content, rest = b"", b""
    for part in cut(data):
        if decoder.done:
            rest += part
        else:
            chunk, rest = decoder.feed(part)
            content += chunk
    flags = (decoder.done, decoder.bare, decoder.long_line, decoder.header_nul)
    return (content, rest, *flags, decoder.size)


TABLE: list[tuple[bytes, Result]] = [
    (b".\r\n", (b"", b"", True, False, False, False, 0)),
    (b".\r\n.\r\n", (b"", b".\r\n", True, False, False, False, 0)),
    (b"\r\n.\r\nQUIT\r\n", (b"\n", b"QUIT\r\n", True, False, False, False, 2)),
    (b"a\r\n..\r\n...b\r\n.\r\n", (b"a\n.\n..b\n", b"", True, False, False, False, 11)),
    (b".a\r\n.\r\n", (b"a\n", b"", True, False, False, False, 3)),
    (b"0123456789\r\n.\r\n", (b"0123456789\n", b"", True, False, False, False, 12)),
    (b"0123456789a\r\n.\r\n", (b"0123456789a\n", b"", True, False, True, False, 13)),
    (b"..23456789a\r\n.\r\n", (b".23456789a\n", b"", True, False, False, False, 12)),
    (b"a\r\n0123456789a\r\n.\r\n", (b"a\n0123456789a\n", b"", True, False, True, False, 16)),
    (b"a\0\r\n.\r\n", (b"a\0\n", b"", True, False, False, True, 4)),
    (b"a\r\nb\0\r\n.\r\n", (b"a\nb\0\n", b"", True, False, False, True, 7)),
    (b"a\r\n\r\n\0\r\n.\r\n", (b"a\n\n\0\n", b"", True, False, False, False, 8)),
    (b"\r\n\0\r\n.\r\n", (b"\n\0\n", b"", True, False, False, False, 5)),
]


@pytest.mark.parametrize(("data", "result"), TABLE)
def test_table(data: bytes, result: Result) -> None:
    for cut in [whole, bytewise, *(split_at(place) for place in range(len(data)))]:
        assert decode(data, cut) == result


def test_one_segment_gives_one_chunk() -> None:
    body = b"Subject: x\r\n\r\n" + b"line of text\r\n" * 300
    decoder = Decoder(998)
    chunk, rest = decoder.feed(body + b".\r\nQUIT\r\n")
    assert chunk == body.replace(b"\r\n", b"\n")
    assert rest == b"QUIT\r\n"


def test_endless_line_is_not_kept() -> None:
    decoder = Decoder(998)
    total = 0
    for _ in range(200):
        total += len(decoder.feed(b"x" * 5000)[0])
    assert total == 1_000_000
    assert decoder.long_line
    assert decoder.size == 1_000_000


OCTETS = st.lists(
    st.sampled_from([b"a", b"\r\n", b"\r", b"\n", b".", b"\0", b"\r\n.", b"\xff"]), max_size=24
)
OCTET_STRINGS = OCTETS.map(b"".join)


@settings(deadline=None)
@given(OCTET_STRINGS, st.lists(st.integers(0, 40), max_size=8), st.booleans(), st.integers(0, 4))
def test_any_cut_gives_the_same(
    data: bytes, places: list[int], normalise: bool, max_line: int
) -> None:
    whole_result = decode(data, whole, max_line=max_line, normalise=normalise)
    assert decode(data, split_at(*places), max_line=max_line, normalise=normalise) == whole_result
    assert decode(data, bytewise, max_line=max_line, normalise=normalise) == whole_result


@settings(deadline=None)
@given(OCTET_STRINGS, st.integers(1, 4))
def test_flags_are_what_they_say(data: bytes, max_line: int) -> None:
    """Against the plain reading of RFC 5321, line by line."""
    full = b"\r\n" + data
    end = full.find(b"\r\n.\r\n")
    content, rest, done, bare, long_line, nul, size = decode(data, whole, max_line=max_line)
    assert done == (end >= 0)
    if not done:
        return
    assert rest == full[end + 5 :]
    raw = full[2 : end + 2]
    lines = raw.split(b"\r\n")[:-1]
    plain = [line.removeprefix(b".") for line in lines]
    assert bare == any(b"\r" in line or b"\n" in line for line in plain)
    assert size == sum(len(line) + 2 for line in plain)
    if not bare:
        assert content == b"".join(line + b"\n" for line in plain)
        assert long_line == any(len(line) > max_line for line in plain)
        header = plain[: plain.index(b"")] if b"" in plain else plain
        assert nul == any(b"\0" in line for line in header)


@settings(deadline=None)
@given(OCTET_STRINGS)
def test_normalised_content_has_no_cr(data: bytes) -> None:
    content, _, _, bare, *_ = decode(data, whole, normalise=True)
    assert b"\r" not in content
    assert not bare
