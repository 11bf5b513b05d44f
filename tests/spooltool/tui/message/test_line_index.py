"""Rows of long texts, found in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spooltool.tui.message.line_index import PIECE, LineIndex

LINES = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"short\n", b"x" * 40 + b"\n", b"y" * 3000, b"z\r", b"\xff"]),
    max_size=300,
).map(b"".join)


def indexed(data: bytes, room: int) -> LineIndex:
    index = LineIndex(lambda at, length: data[at : at + length], len(data), room)
    while index.step():
        pass
    return index


@given(LINES, st.integers(1, 100), st.integers(1, 3))
def test_rows_are_the_file_without_its_line_ends(data: bytes, room: int, times: int) -> None:
    data *= times
    index = indexed(data, room)
    rows = [index.row(at) for at in range(index.count)]
    ends = [at for at, _ in rows[1:]] + [len(data)][: len(rows)]
    for (at, text), end in zip(rows, ends, strict=True):
        assert at < end
        assert text == data[at:end].rstrip(b"\r\n")
        assert len(text) <= room
    assert [rows[0][0]] == [0] if data else rows == []
    assert [index.find(at) for at, _ in rows] == list(range(len(rows)))


def test_random_access_reads_little() -> None:
    data = b"a line of text\n" * 100_000
    asked: list[int] = []

    def read(at: int, length: int) -> bytes:
        asked.append(length)
        return data[at : at + length]

    index = LineIndex(read, len(data), 80)
    steps = 1
    while index.step():
        steps += 1
    assert steps <= len(data) // PIECE + 2
    asked.clear()
    assert index.row(99_999) == (len(data) - 15, b"a line of text")
    assert index.row(50_000) == (50_000 * 15, b"a line of text")
    assert len(asked) == 2 and max(asked) <= 64 * 15


def test_a_file_that_is_shorter_than_it_was() -> None:
    for left in (b"", b"cut", b"one\ntwo"):
        index = LineIndex(lambda at, length, left=left: left[at : at + length], 10**6, 80)
        steps = 1
        while index.step():
            steps += 1
        assert (steps <= 3, index.done, index.count) == (True, True, left.count(b"\n") + bool(left))
