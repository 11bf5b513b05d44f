"""The header block: where it ends, what it refuses, how it is read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.message.headers import (
    HeaderCollector,
    HeaderLimits,
    count_fields,
    fields,
    find,
    is_eightbit,
    needs_smtputf8,
    unfold,
    value_of,
)

SMALL = HeaderLimits(size=60, fields=5)


def collect(
    content: bytes, cuts: list[int] | None = None, limits: HeaderLimits | None = None
) -> tuple[HeaderCollector, bytes]:
    """The collector after the content came in pieces, and what it was never fed."""
    collector = HeaderCollector(limits or HeaderLimits())
    edges = [0, *sorted(min(cut, len(content)) for cut in cuts or []), len(content)]
    for start, stop in itertools.pairwise(edges):
        if collector.feed(content[start:stop]):
            return collector, content[stop:]
    collector.end()
    return collector, b""


@pytest.mark.parametrize(
    ("content", "block", "separator", "body"),
    [
        (b"Subject: x\n\nbody", b"Subject: x\n", b"\n", b"body"),
        (b"Subject: x\n\n\nbody\n", b"Subject: x\n", b"\n", b"\nbody\n"),
        (b"A: 1\n b\n\tc\nB:\n\n", b"A: 1\n b\n\tc\nB:\n", b"\n", b""),
        (b"A: 1\n \n\nx\n", b"A: 1\n \n", b"\n", b"x\n"),
        (b"\nbody\n", b"", b"\n", b"body\n"),
        (b"\n", b"", b"\n", b""),
        (b"", b"", b"", b""),
        (b"Subject: x\n", b"Subject: x\n", b"", b""),
        (b"Subject: x", b"", b"", b"Subject: x"),
        (b"A: 1\nB: 2", b"A: 1\n", b"", b"B: 2"),
        (b"A: 1\n folded", b"A: 1\n", b"", b" folded"),
        (b"just text\n\nmore\n", b"", b"", b"just text\n\nmore\n"),
        (b"A: 1\njust text\n\nmore\n", b"A: 1\n", b"", b"just text\n\nmore\n"),
        (b" folded first\nA: 1\n\n", b"", b"", b" folded first\nA: 1\n\n"),
        (b": no name\n\n", b"", b"", b": no name\n\n"),
        (b"From a@example.org Tue\nA: 1\n\n", b"", b"", b"From a@example.org Tue\nA: 1\n\n"),
        (b"A \t: blanks\n\n", b"A \t: blanks\n", b"\n", b""),
        (b"A B: no\n\n", b"", b"", b"A B: no\n\n"),
        (b"Caf\xc3\xa9: no\n\n", b"", b"", b"Caf\xc3\xa9: no\n\n"),
        (b"A: caf\xe9\n\nx", b"A: caf\xe9\n", b"\n", b"x"),
        (b"A: 1\n\r\nx", b"A: 1\n", b"", b"\r\nx"),
        (b"A: 1\n\nnul \0 in body\n", b"A: 1\n", b"\n", b"nul \0 in body\n"),
        (b"n" * 998 + b": longest name\n\n", b"n" * 998 + b": longest name\n", b"\n", b""),
        (b"n" * 999 + b": too long\n\n", b"", b"", b"n" * 999 + b": too long\n\n"),
    ],
)
def test_split(content: bytes, block: bytes, separator: bytes, body: bytes) -> None:
    whole, _ = collect(content)
    assert (whole.block, whole.separator, whole.rest) == (block, separator, body)
    assert whole.problem is None
    by_byte, unfed = collect(content, list(range(len(content))))
    assert (by_byte.block, by_byte.separator, by_byte.rest + unfed) == (block, separator, body)


LINES = st.lists(
    st.sampled_from(
        [
            b"A: 1",
            b"Name : v",
            b"A:",
            b" fold",
            b"\tfold",
            b"",
            b"text",
            b"x y: z",
            b":",
            b"\0",
            b"\xff",
        ]
    ),
    max_size=9,
)
CONTENT = st.one_of(
    LINES.map(b"\n".join),
    LINES.map(lambda lines: b"".join(line + b"\n" for line in lines)),
    st.binary(max_size=80),
    st.text(alphabet="aA: \t\n.\0", max_size=120).map(str.encode),
)


@given(CONTENT, st.lists(st.integers(0, 120), max_size=12))
@example(b"A: 1\n\nx", [1, 2, 3, 4, 5, 6])
def test_any_chunking_gives_the_same_split(content: bytes, cuts: list[int]) -> None:
    whole, _ = collect(content, limits=SMALL)
    pieces, unfed = collect(content, cuts, SMALL)
    assert pieces.problem == whole.problem
    if whole.problem is None:
        assert (pieces.block, pieces.separator) == (whole.block, whole.separator)
        assert pieces.block + pieces.separator + pieces.rest + unfed == content


@given(CONTENT)
def test_a_block_is_empty_or_ends_in_a_line_end(content: bytes) -> None:
    block = collect(content)[0].block
    assert block == b"" or block.endswith(b"\n")
    assert b"\n\n" not in block and not block.startswith((b"\n", b" ", b"\t"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"A: " + b"x" * 56 + b"\n\n", None),
        (b"A: " + b"x" * 57 + b"\n\n", "552 5.3.4 header block is larger than 60 bytes"),
        (b"A: 1\n" * 5 + b"\n", None),
        (b"A: 1\n f\n\tf\n" * 5 + b"\n", None),
        (b"A: 1\n" * 6 + b"\n", "554 5.6.0 more than 5 header fields"),
        (b"A: \0\n\n", "554 5.6.0 NUL in the header block"),
        (b"A: 1\n \0\n\n", "554 5.6.0 NUL in the header block"),
        (b"A: 1\nno header here\n" * 20, None),
        (b"no header" * 20, None),
    ],
)
@pytest.mark.parametrize("by_byte", [False, True])
def test_limits(content: bytes, expected: str | None, by_byte: bool) -> None:
    collector, _ = collect(content, list(range(len(content))) if by_byte else [], SMALL)
    assert (str(collector.problem) if collector.problem else None) == expected


@pytest.mark.parametrize(
    "chunk", [b"x" * 1000, b"a: b\n" * 200, b"a:\n" * 300, b"\n " * 500], ids=repr
)
def test_an_endless_header_ends_at_the_limit(chunk: bytes) -> None:
    collector = HeaderCollector(HeaderLimits(size=20_000, fields=10**6))
    collector.feed(b"Subject: x")
    fed = 0
    while not collector.feed(chunk):
        fed += 1
        assert fed <= 25, "held without bound"
    assert collector.problem is not None
    assert collector.problem.code == 552


def test_an_endless_first_line_without_a_colon_is_body_at_once() -> None:
    collector = HeaderCollector()
    assert not collector.feed(b"x" * 900)
    assert collector.feed(b"x" * 900)
    assert (collector.block, collector.rest, collector.problem) == (b"", b"x" * 1800, None)


def test_feeding_on_is_a_bug() -> None:
    collector, _ = collect(b"A: 1\n\n")
    with pytest.raises(ValueError, match="ended"):
        collector.feed(b"more")


BLOCK = (
    b"Received: from a by b;\n\tTue, 24 Nov 2026 21:43:11 +0000\n"
    b"SUBJECT :  Minutes\n of\n\tMonday \n"
    b"X-Empty:\n"
    b"X-Empty-Folded:\n \n"
    b"subject: second\n"
    b"To: Subject: not me <a@example.org>\n"
)


def test_fields_are_byte_ranges() -> None:
    found = list(fields(BLOCK))
    assert [field.name for field in found] == [
        b"Received",
        b"SUBJECT",
        b"X-Empty",
        b"X-Empty-Folded",
        b"subject",
        b"To",
    ]
    assert [BLOCK[field.start : field.name_end] for field in found] == [f.name for f in found]
    assert [BLOCK[field.value : field.end] for field in found] == [
        b" from a by b;\n\tTue, 24 Nov 2026 21:43:11 +0000",
        b"  Minutes\n of\n\tMonday ",
        b"",
        b"\n ",
        b" second",
        b" Subject: not me <a@example.org>",
    ]
    assert b"".join(BLOCK[field.start : field.end] + b"\n" for field in found) == BLOCK
    assert count_fields(BLOCK) == len(found)


@given(CONTENT)
def test_fields_cover_a_collected_block(content: bytes) -> None:
    block = collect(content)[0].block
    found = list(fields(block))
    assert b"".join(block[field.start : field.end] + b"\n" for field in found) == block
    assert count_fields(block) == len(found)


@given(st.binary(max_size=80))
def test_fields_of_anything_are_in_order_and_inside(block: bytes) -> None:
    last = 0
    for field in fields(block):
        assert last <= field.start < field.name_end < field.value <= field.end <= len(block)
        last = field.end


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", b"Minutes of\tMonday"),
        ("sUBJECT", b"Minutes of\tMonday"),
        ("X-Empty", b""),
        ("X-Empty-Folded", b""),
        ("X", None),
        ("Minutes", None),
        ("not me <a@example.org>", None),
    ],
)
def test_find_and_unfold(name: str, value: bytes | None) -> None:
    assert value_of(BLOCK, name) == value
    assert (find(BLOCK, name) is None) == (value is None)


def test_find_gives_the_field_that_fields_gives() -> None:
    assert find(BLOCK, "Subject") == list(fields(BLOCK))[1]


@pytest.mark.parametrize(
    ("value", "line"),
    [(b" a", b"a"), (b"a\n b", b"a b"), (b"a\r\n\tb\r", b"a\tb"), (b"", b""), (b"\n ", b"")],
)
def test_unfold(value: bytes, line: bytes) -> None:
    assert unfold(value) == line


def test_what_a_hop_must_carry() -> None:
    assert (is_eightbit(b"plain"), is_eightbit(b"caf\xc3\xa9")) == (False, True)
    assert (needs_smtputf8(b"Subject: x\n"), needs_smtputf8(b"Subject: \xe9\n")) == (False, True)
