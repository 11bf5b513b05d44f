"""Header sets beside each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.render.header_pairs import FieldPair, header_pairs
from spooltool.render.text import visible


def told(original: bytes, modified: bytes) -> list[tuple[str, str]]:
    """Each pair, changed words in brackets."""
    return [(_side(pair.before), _side(pair.after)) for pair in header_pairs(original, modified)]


def _side(pieces: tuple[tuple[str, bool], ...] | None) -> str:
    if pieces is None:
        return "-"
    return "".join(f"[{text}]" if changed else text for text, changed in pieces)


def test_changed_words_are_marked_and_the_rest_is_paired() -> None:
    original = b"From: a@x\nTo: anna@old.example,\n ben@x\nX-Spam: no\nSubject: s\n"
    modified = b"Received: by gw\nFrom: a@x\nTo: anna@new.example,\n ben@x\nSubject: s\n"
    assert told(original, modified) == [
        ("-", "Received: by gw"),
        ("From: a@x", "From: a@x"),
        ("To: [anna@old.example,]\n ben@x", "To: [anna@new.example,]\n ben@x"),
        ("X-Spam: no", "-"),
        ("Subject: s", "Subject: s"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (b"A: 1\nA: 2\n", b"A: 1\nA: 3\n", [("A: 1", "A: 1"), ("A: [2]", "A: [3]")]),
        (b"A: 1\nB: 2\n", b"B: 9\nA: 1\n", [("-", "B: 9"), ("A: 1", "A: 1"), ("B: 2", "-")]),
        (b"a: 1\n", b"A: 1\n", [("[a:] 1", "[A:] 1")]),
        (b"no field\n", b"", [("no field", "-")]),
        (b"A: 1\r\n", b"A: 1\n", [("A: 1", "A: 1")]),
        (b"A: \x1b[2J\n", b"A: \xff\n", [("A: [^[[2J]", "A: [\\xff]")]),
        (b"", b"", []),
    ],
)
def test_pairs(before: bytes, after: bytes, expected: list[tuple[str, str]]) -> None:
    assert told(before, after) == expected


def test_many_fields_and_many_words_are_not_matched_but_told() -> None:
    many = b"".join(b"X-%d: a\n" % n for n in range(2000))
    other = b"".join(b"X-%d: b\n" % n for n in range(2000))
    pairs = header_pairs(many, other)
    assert pairs[9] == FieldPair((("X-9: ", False), ("a", True)), (("X-9: ", False), ("b", True)))
    assert pairs[1999] == FieldPair((("X-1999: a", True),), (("X-1999: b", True),))
    words = b"To: " + b"a " * 5000
    assert [one.changed for one in header_pairs(words, words + b"b")] == [True]


FIELDS = st.lists(
    st.sampled_from([b"A: 1", b"A: 2", b"B: x y z", b"B: x q z", b" fold", b"junk", b"C:", b""]),
    max_size=12,
).map(lambda lines: b"".join(line + b"\n" for line in lines))


@given(FIELDS, FIELDS)
def test_each_side_is_whole(original: bytes, modified: bytes) -> None:
    pairs = header_pairs(original, modified)
    for block, sides in (
        (original, [pair.before for pair in pairs]),
        (modified, [pair.after for pair in pairs]),
    ):
        shown = ["".join(text for text, _ in side) for side in sides if side is not None]
        assert "".join(f"{one}\n" for one in shown).encode() == block


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes(original: bytes, modified: bytes) -> None:
    for pair in header_pairs(original, modified):
        for text, _ in (*(pair.before or ()), *(pair.after or ())):
            assert [visible(line) for line in text.split("\n")] == text.split("\n")
