"""The three parts: by SIZES, else by blank lines."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.build import CHAPTER_17, sealed
from spooltool.spool.codec import Parts, parse
from spooltool.spool.compose import NewMessage
from spooltool.spool.parts import parts_by_blank_lines, parts_by_sizes
from spooltool.spool.recipient import Path
from tests.spooltool.spool.spool_files import anything

MESSAGE = NewMessage({"SRC": "1.2.3.4", "SPORT": "5", "DST": "a", "ERR_SERVER": "a"}, 1.5,
                     Path(""), [Path("a@b")])  # fmt: skip


def read(data: bytes, parts: Parts) -> tuple[bytes, bytes, bytes]:
    spans = (parts.original, parts.modified, parts.body)
    assert all(0 <= offset <= offset + length <= len(data) for offset, length in spans)
    first, second, third = (data[offset : offset + length] for offset, length in spans)
    return first, second, third


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_sizes_divide_any_content(original: bytes, modified: bytes, body: bytes) -> None:
    data = sealed(MESSAGE, original, modified, body)
    parts = parts_by_sizes(parse(data))
    assert parts is not None and read(data, parts) == (original, modified, body)
    assert parts_by_sizes(parse(data + b"x")) is None
    assert parts_by_sizes(parse(data[:-1])) is None


@pytest.mark.parametrize(
    ("change", "defect"),
    [
        (lambda data: data[:-1], "torn"),
        (lambda data: data + b"x", "edited"),
        (lambda data: re.sub(rb"SIZES:.*\n", b"SIZES:\t1 2\n", data), "sizes-bad"),
        (lambda data: re.sub(rb"SIZES:.*\n", b"", data), "sizes-bad"),
    ],
)
def test_where_sizes_does_not_fit_blank_lines_divide_and_a_defect_says_so(
    change: Callable[[bytes], bytes], defect: str
) -> None:
    data = change(sealed(MESSAGE, b"A: 1\n", b"B: 2\n", b"body\n"))
    env = parse(data)
    assert parts_by_sizes(env) is None
    assert defect in [one.code for one in env.defects]
    found, _ = parts_by_blank_lines(env, data[env.end :])
    assert read(data, found)[:2] == (b"A: 1\n", b"B: 2\n")


@pytest.mark.parametrize("eol", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("content", "parts", "defects"),
    [
        (b"A: 1\n\nB: 2\n\nbody\n", (b"A: 1\n", b"B: 2\n", b"body\n"), []),
        (b"A: 1\n x\n\nB: 2\n\nb\n\nb\n", (b"A: 1\n x\n", b"B: 2\n", b"b\n\nb\n"), []),
        (b"A: 1\n\nB: 2\n", (b"A: 1\n", b"B: 2\n", b""), []),
        (b"A: 1\n\nB: 2\n\n", (b"A: 1\n", b"B: 2\n", b""), []),
        (
            b"A: 1\n\nno header here\n",
            (b"A: 1\n", b"A: 1\n", b"no header here\n"),
            ["one-header-set"],
        ),
        (b"A: 1\n\n", (b"A: 1\n", b"A: 1\n", b""), ["one-header-set"]),
        (b"A: 1\n", (b"A: 1\n", b"A: 1\n", b""), ["one-header-set"]),
        (b"\nB: 2\n\nbody\n", (b"", b"B: 2\n", b"body\n"), []),
        (b"", (b"", b"", b""), ["no-headers"]),
    ],
)
def test_blank_lines(
    eol: bytes, content: bytes, parts: tuple[bytes, ...], defects: list[str]
) -> None:
    data = (CHAPTER_17 + b"\n" + content).replace(b"\n", eol)
    env = parse(data)
    found, wrong = parts_by_blank_lines(env, data[env.end :])
    assert read(data, found) == tuple(part.replace(b"\n", eol) for part in parts)
    assert [defect.code for defect in wrong] == defects


@given(anything, st.integers(0, 200))
def test_any_file_has_parts_within_it(data: bytes, short: int) -> None:
    env = parse(data)
    tail = data[env.end :] if env.end >= 0 else b""
    for seen in (tail, tail[: len(tail) - short]):
        read(data, parts_by_blank_lines(env, seen)[0])
