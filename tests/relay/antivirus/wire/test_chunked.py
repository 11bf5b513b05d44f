"""Chunked bodies, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.antivirus.wire.chunked import LAST, ChunkedReader, chunk_of


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(0, 300)), st.binary())
def test_round_trip_in_any_pieces(bodies: list[bytes], cuts: list[int], behind: bytes) -> None:
    wire = b"".join(map(chunk_of, bodies)) + LAST + behind
    reader = ChunkedReader()
    found = b""
    start = 0
    for end in [*sorted(cuts), len(wire)]:
        found += b"".join(reader.feed(wire[start:end]))
        start = max(start, end)
    assert (found, reader.ended, reader.broken, reader.rest) == (
        b"".join(bodies),
        True,
        "",
        behind,
    )


@pytest.mark.parametrize(
    "wire", [b"5\r\nhello\r\n0\r\n\r\n", b"A ; x=1\r\n0123456789\r\n0\r\nT: 1\r\n\r\n"]
)
def test_without_its_last_byte_it_has_not_ended(wire: bytes) -> None:
    for at in range(len(wire)):
        reader = ChunkedReader()
        reader.feed(wire[:at])
        assert not reader.ended and not reader.broken
        reader.feed(wire[at:])
        assert reader.ended


@pytest.mark.parametrize(
    "wire",
    [
        b"\r\n",
        b"-5\r\nhello\r\n",
        b"x\r\n",
        b"5\r\nhello!\r\n",
        b"0x5\r\nhello\r\n",
        b"1" * 16 + b"\r\n",
        b"5" + b" " * 2000,
        b"0\r\n" + b"x: y\r\n" * 5000,
    ],
)
def test_what_is_no_chunk_breaks_it(wire: bytes) -> None:
    reader = ChunkedReader()
    reader.feed(wire)
    assert reader.broken and not reader.ended
    assert reader.feed(b"0\r\n\r\n") == [] and not reader.ended


def test_no_data_is_no_chunk() -> None:
    assert chunk_of(b"") == b""
