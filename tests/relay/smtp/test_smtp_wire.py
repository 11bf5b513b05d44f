"""Content on the wire: tables, every cut, and the round trip through the decoder."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.smtp import wire
from relay.smtp.content import Decoder
from tests.relay.smtp.playbook import bytewise, split_at


@pytest.mark.parametrize(
    ("content", "encoded"),
    [
        (b"", b".\r\n"),
        (b"\n", b"\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\n", b"a\r\n.\r\n"),
        (b".", b"..\r\n.\r\n"),
        (b".\n", b"..\r\n.\r\n"),
        (b"a\n.\n..b\n\n.c", b"a\r\n..\r\n...b\r\n\r\n..c\r\n.\r\n"),
        (b"a.b\n", b"a.b\r\n.\r\n"),
        (b"\0\xff\n", b"\0\xff\r\n.\r\n"),
    ],
)
def test_encode(content: bytes, encoded: bytes) -> None:
    assert wire.encode([content]) == encoded
    for cut in [bytewise, *(split_at(place) for place in range(len(content)))]:
        parts = list(cut(content))
        assert wire.encode(parts) == encoded
        encoder = wire.Encoder()
        assert b"".join([*map(encoder.encode, parts), encoder.end()]) == encoded
        start, out = True, b""
        for part in parts:
            out += wire.encode_chunk(part, start)
            start = part.endswith(b"\n") if part else start
        assert out + wire.end(start) == encoded


@pytest.mark.parametrize(
    "content", [b"\r", b"a\r\n", b"a\rb\n", b"a\n\r", b"a\n.\r\n", b"\n.\r.\n"]
)
def test_bare_cr_is_never_sent(content: bytes) -> None:
    assert wire.find_bare(content) == content.index(b"\r")
    with pytest.raises(wire.BareLineEndError):
        wire.encode([content])
    for part in (content, content[content.index(b"\r") :]):
        with pytest.raises(wire.BareLineEndError):
            wire.Encoder().encode(part)
    assert wire.find_bare(b"a\n") == -1


@pytest.mark.parametrize("content", [b"\n", b"a\n\r\n", b"a\r\r\n", b"a\rb", b"a\r", b"\r\n\r\n\n"])
def test_crlf_content_with_a_bare_end(content: bytes) -> None:
    for cut in [bytewise, *(split_at(place) for place in range(len(content)))]:
        encoder = wire.Encoder(crlf=True)
        with pytest.raises(wire.BareLineEndError):
            b"".join([*map(encoder.encode, cut(content)), encoder.end()])


CONTENT = st.lists(
    st.sampled_from([b"a", b"\n", b".", b"\n.", b"\n.\n", b"\0", b"\xff", b"From "]), max_size=24
).map(b"".join)


@settings(deadline=None)
@given(CONTENT, st.lists(st.integers(0, 40), max_size=6), st.lists(st.integers(0, 60), max_size=6))
def test_round_trip(content: bytes, places: list[int], cuts: list[int]) -> None:
    encoder = wire.Encoder()
    encoded = b"".join([*map(encoder.encode, split_at(*places)(content)), encoder.end()])
    assert encoded == wire.encode([content])
    assert encoded.count(b"\r") == encoded.count(b"\n") == encoded.count(b"\r\n")
    decoder = Decoder()
    decoded, rest = b"", b""
    for part in split_at(*cuts)(encoded):
        assert not decoder.done
        chunk, rest = decoder.feed(part)
        decoded += chunk
    assert decoder.done
    assert not decoder.bare
    assert rest == b""
    assert decoded == (content if content.endswith(b"\n") or not content else content + b"\n")


@settings(deadline=None)
@given(CONTENT, st.lists(st.integers(0, 60), max_size=6))
def test_crlf_content_reads_as_lf_content(content: bytes, places: list[int]) -> None:
    encoder = wire.Encoder(crlf=True)
    parts = split_at(*places)(content.replace(b"\n", b"\r\n"))
    assert b"".join([*map(encoder.encode, parts), encoder.end()]) == wire.encode([content])


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_a_lenient_peer_sees_one_message(content: bytes) -> None:
    """A peer for which CR, LF and NUL end lines meets its first lone dot at the end."""
    try:
        encoded = wire.encode([content])
    except wire.BareLineEndError:
        assert b"\r" in content
        return
    lines = encoded.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2]
