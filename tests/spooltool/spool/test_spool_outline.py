"""Long envelopes, line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spooltool.spool.codec import parse
from spooltool.spool.outline import Outline

PIECES = st.sampled_from(
    [b"RCPT:\tD 250", b"RCPT: <a@b>", b"KEY: value", b"\n", b"\n\n", b"\r\n", b"\n", b"x" * 30]
)


def outlined(data: bytes, window: int, *, crlf: bool = False) -> Outline:
    outline = Outline(crlf)
    while not outline.done:
        piece = data[outline.at : outline.at + window]
        outline.feed(piece, last=outline.at + len(piece) >= len(data))
    return outline


@given(st.lists(PIECES, max_size=40).map(b"".join), st.integers(8, 50))
def test_lines_stand_where_the_parser_finds_them(data: bytes, window: int) -> None:
    envelope = parse(data)
    outline = outlined(data, window, crlf=envelope.crlf)
    lines = [data[at : at + length] for at, length in map(outline.span, range(len(outline.starts)))]
    assert outline.end == envelope.end
    stop = len(data) if outline.end < 0 else outline.end - (2 if envelope.crlf else 1)
    assert b"".join(lines) == data[:stop]
    assert [line.endswith(b"\n") for line in lines[:-1]] == [True] * (len(lines) - 1)
    by_key = {number + 1: line for number, line in enumerate(lines) if line.startswith(b"RCPT:")}
    assert sorted(by_key) == [one.number for one in envelope.all("RCPT")]
    assert [number - 1 for number in sorted(by_key)] == list(outline.recipients)


def test_recipients_are_counted_by_their_marks() -> None:
    lines = [b"FROM:\t<>", b"RCPT:\t P 000 <a@b>", b"RCPT:\tD 250 <b@b>", b"RCPT:\t<c@b>", b""]
    assert outlined(b"\n".join(lines) + b"\n", 1000).marks == {"P": 2, "D": 1}
