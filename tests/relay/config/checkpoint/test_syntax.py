"""The parenthesised syntax: every form, every pitfall, and any bytes at all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.checkpoint.edits import Layout, Leaf, Node
from relay.config.checkpoint.syntax import DEEPEST, decode
from relay.config.checkpoint.tree import Item, bytes_of, text_of

FIXTURES = sorted((Path(__file__).parents[4] / "fixtures/checkpoint").glob("*/*"))


def only(text: str) -> Item:
    """The only item of a list without defects."""
    document = decode(text.encode("cp1252"))
    assert document.defects == ()
    (item,) = document.root.items
    return item


def texts(source: str | bytes) -> list[str]:
    raw = source if isinstance(source, bytes) else source.encode("cp1252")
    return [str(defect) for defect in decode(raw).defects]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("(\n\t:name (value)\n)\n", "name", "value"),
        ("(\n\t:name ()\n)\n", "name", ""),
        ('(\n\t:name ("v w")\n)\n', "name", "v w"),
        ('(\n\t:name ("")\n)\n', "name", ""),
        ("(\n\t: icmp-proto\n)\n", "", "icmp-proto"),
        ('(\n\t: ("<10.1.0.0, 10.1.0.255>")\n)\n', "", "<10.1.0.0, 10.1.0.255>"),
        ('(\n\t:op ("not in")\n)\n', "op", "not in"),
        ("(\n\t:op (not in)\n)\n", "op", "not in"),
        ("(\n\t:last_modified_utc (-1)\n)\n", "last_modified_utc", "-1"),
        ("(\r\n        :name (value)\r\n)\r\n", "name", "value"),
        ("(:name (value))", "name", "value"),
        ("(\n\t:color (Dark green)\n)\n", "color", "Dark green"),
        ("(\n\t:town (J\xfclich)\n)\n", "town", "J\xfclich"),
        ('(\n\t: "smtp->inbound"\n)\n', "", "smtp->inbound"),
    ],
)
def test_leaves(text: str, name: str, value: str) -> None:
    item = only(text)
    assert (item.name, item.value, item.items) == (name, value, ())


def test_a_node_named_on_both_sides() -> None:
    item = only('(\n\t:rule-base ("##Standard"\n\t\t:rule (\n\t\t)\n\t\t:rule (\n\t\t)\n\t)\n)\n')
    assert (item.name, item.value) == ("rule-base", "##Standard")
    assert [one.name for one in item.items] == ["rule", "rule"]


def test_members_repeat_and_keep_their_order() -> None:
    item = only(
        "(\n\t:src (\n\t\t: (ReferenceObject\n\t\t\t:Name (b)\n\t\t)\n"
        "\t\t: (ReferenceObject\n\t\t\t:Name (a)\n\t\t)\n\t\t: Any\n\t)\n)\n"
    )
    assert [(one.value, one.text("Name"), one.bare) for one in item.members()] == [
        ("ReferenceObject", "b", False),
        ("ReferenceObject", "a", False),
        ("Any", "", True),
    ]


@pytest.mark.parametrize(
    "comment",
    [
        'the "old" gate',
        "see (a) and (b)",
        "runs over\n\t\tlines (two of them)\n and more",
        'a 5" disk',
        "smiles :) here",
        "first (open, never closed",
        "a line that ends in (b)\nand goes on",
        "caf\xe9 \u20acuro",
    ],
)
def test_comments_are_prose(comment: str) -> None:
    document = decode(f"(\n\t:comments ({comment})\n\t:next (1)\n)\n".encode("cp1252"))
    assert [(one.name, one.value) for one in document.root.items] == [
        ("comments", comment),
        ("next", "1"),
    ]
    assert document.severe == ()


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('("he said "hi"")', 'he said "hi"'),
        ('("ring (see "map") now")', 'ring (see "map") now'),
        ('("two\n lines")', "two\n lines"),
        ('("5" disk)', '"5" disk'),
        ('("red)', '"red'),
    ],
)
def test_quotes_that_are_none(source: str, value: str) -> None:
    document = decode(f'(\n\t:x {source}\n\t:next ("1")\n)\n'.encode())
    assert [(one.name, one.value) for one in document.root.items] == [("x", value), ("next", "1")]
    assert document.severe == ()


@pytest.mark.parametrize(
    ("source", "defects"),
    [
        ("", ["1:1: the file does not begin with '('"]),
        ("(\n\t:a (1)\n", ["1:1: '(' is never closed"]),
        ("(\n\t:a (1)\n)\n)\n", ["4:1: text after the last ')' is not read"]),
        ("(\n\tb (1)\n)\n", ["2:2: neither ':' nor ')'"]),
        ("(\n\t:\n)\n", ["2:2: nothing follows ':'"]),
        ("(\n\t:a 1\n)\n", ["2:5: the value of 'a' has no parentheses"]),
        ("(\n\t:a (b c (d) e)\n)\n", ["2:6: a value of several words without quotes"]),
        ('(\n\t:a ("b\n', ["2:6: a quote is never closed", "2:5: '(' is never closed"]),
    ],
)
def test_defects_have_their_place(source: str, defects: list[str]) -> None:
    assert sorted(texts(source)) == sorted(defects)


def test_what_lies_too_deep_is_told_and_not_read() -> None:
    source = b"(" + b":a (" * 3000
    assert texts(source) == [
        f"1:{2 + 4 * DEEPEST}: lists lie {DEEPEST} deep here: what follows is not read"
    ]


# Random trees: what is laid out is read back, whatever the layout.

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
VALUES = st.text(
    st.characters(codec="cp1252", exclude_characters='"', exclude_categories=["Cc"]), max_size=20
)


def nodes(children: st.SearchStrategy[Leaf | Node]) -> st.SearchStrategy[Leaf | Node]:
    inner = st.lists(children, max_size=4).map(tuple)
    return st.builds(Node, st.one_of(st.just(""), NAMES), VALUES, inner)


TREES = st.lists(
    st.recursive(
        st.one_of(
            st.builds(Leaf, NAMES, VALUES),
            st.builds(Leaf, st.just(""), NAMES, st.just(True)),
        ),
        nodes,
        max_leaves=12,
    ),
    max_size=4,
)
LAYOUTS = st.sampled_from([Layout(b"\n", b"\t"), Layout(b"\r\n", b" " * 8), Layout(b"\n", b"")])


def shape(item: Item) -> object:
    return (item.name, item.value, item.bare, [shape(one) for one in item.items])


def wanted(item: Leaf | Node) -> object:
    if isinstance(item, Leaf):
        return (item.name, item.value, item.bare, [])
    return (item.name, item.own, False, [wanted(one) for one in item.items])


@given(TREES, LAYOUTS)
def test_random_trees_are_read_as_they_were_written(
    tree: list[Leaf | Node], layout: Layout
) -> None:
    source = b"(" + b"".join(layout.lines(tree, layout.unit)) + layout.newline + b")\n"
    document = decode(source)
    assert document.defects == ()
    assert [shape(item) for item in document.root.items] == [wanted(item) for item in tree]


# Any bytes: no exception, the same bytes, and ranges that lie where they should.

PIECES = st.sampled_from(
    [b"(", b")", b":", b'"', b" ", b"\n", b"\t", b"\r\n", b":a (", b": (b", b"x y", b"\x00",
     b"\xff", b":comments (", b'("', b'")', b":\n"]
)  # fmt: skip


def inside(item: Item, start: int, end: int) -> Iterator[bool]:
    yield start <= item.start <= item.end <= end
    if item.own is not None:
        yield item.start <= item.own.start <= item.own.end <= item.end
    at = item.start
    for one in item.items:
        yield at <= one.start
        at = one.end
        yield from inside(one, item.start, item.end)


def check_any(source: bytes) -> None:
    document = decode(source)
    assert document.source == source
    assert all(inside(document.root, 0, len(source)))
    assert all(defect.line >= 1 and defect.column >= 1 for defect in document.defects)
    for one in (document.root, *document.root.items):
        if one.own is not None:
            assert bytes_of(one.own.text) in source[one.own.start : one.own.end]


@given(st.lists(st.one_of(PIECES, st.binary(max_size=3)), max_size=60).map(b"".join))
def test_any_bytes_are_kept_and_raise_nothing(source: bytes) -> None:
    check_any(source)


@given(st.binary(max_size=60))
def test_text_leads_back_to_its_bytes(raw: bytes) -> None:
    assert bytes_of(text_of(raw)) == raw


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_flipped_bytes_of_real_files(path: Path) -> None:
    source, chance = path.read_bytes(), random.Random(7)
    for _ in range(150):
        flipped = bytearray(source)
        for _ in range(chance.randint(1, 6)):
            flipped[chance.randrange(len(flipped))] = chance.choice(b'():" \n\t\x00x')
        check_any(bytes(flipped))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_fixtures_read_well(path: Path) -> None:
    if path.suffix != ".conf":
        assert decode(path.read_bytes()).severe == ()


@pytest.mark.parametrize(
    "piece", [b'(:x ("a"b ', b"(:comments (a (b ", b"(", b'("', b":a (b\n", b':c ("a"b)\n', b") ",
              b":comments (a)x\n", b':c ("x\n', b":\n", b'"']
)  # fmt: skip
def test_time_is_linear_in_the_length(piece: bytes) -> None:
    """Each piece is read a hundred thousand times over: quadratic reading would not end."""
    check_any(b"(\n" + piece * 100_000)
