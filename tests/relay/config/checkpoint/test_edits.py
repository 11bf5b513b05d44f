"""Edits change their own bytes and no others; new lines look like their neighbours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.checkpoint.edits import (
    Edit,
    Layout,
    Leaf,
    Node,
    Unsayable,
    applied,
    encode_word,
    insert,
    remove,
    set_value,
)
from relay.config.checkpoint.syntax import decode
from tests.relay.config.checkpoint.test_syntax import LAYOUTS, TREES, shape

SOURCE = b'(\n\t:a (1)\n\t:b ("x y")\n\t:c ()\n\t:list (list\n\t\t: (m)\n\t\t: w\n\t)\n\t:e ()\n)\n'


@pytest.mark.parametrize(
    ("name", "value", "new"),
    [
        ("a", "2", b":a (2)"),
        ("a", "v w", b':a ("v w")'),
        ("a", "", b":a ()"),
        ("b", "z", b':b ("z")'),
        ("b", "", b':b ("")'),
        ("c", "10.1.1.1", b":c (10.1.1.1)"),
        ("c", "(x)", b':c ("(x)")'),
    ],
)
def test_a_value_keeps_its_quotes_and_gets_them_where_it_needs_them(
    name: str, value: str, new: bytes
) -> None:
    document = decode(SOURCE)
    item = document.root.find(name)
    assert item is not None
    source = applied(SOURCE, [set_value(item, value)])
    assert source == SOURCE[: item.start] + new + SOURCE[item.end :]
    assert decode(source).root.text(name) == value


@pytest.mark.parametrize("text", ['a "b"', "two\nlines", "\x1b[31m", "\u4e2d"])
def test_what_the_syntax_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(Unsayable):
        encode_word(text)


def test_new_items_stand_behind_the_last_with_its_blanks() -> None:
    document = decode(SOURCE)
    parent = document.root.find("list")
    assert parent is not None
    edit = insert(document, parent, [Leaf("", "n", bare=True), Node("", "o")], Layout.of(document))
    assert applied(SOURCE, [edit]) == SOURCE.replace(
        b"\t\t: w\n", b"\t\t: w\n\t\t: n\n\t\t: (o\n\t\t)\n"
    )


def test_an_empty_leaf_becomes_a_list() -> None:
    document = decode(SOURCE)
    parent = document.root.find("e")
    assert parent is not None
    edit = insert(document, parent, [Leaf("x", "1")], Layout.of(document))
    assert applied(SOURCE, [edit]).endswith(b"\t:e (\n\t\t:x (1)\n\t)\n)\n")


def test_the_layout_of_a_file_is_followed() -> None:
    source = SOURCE.replace(b"\t", b" " * 8).replace(b"\n", b"\r\n")
    document = decode(source)
    assert Layout.of(document) == Layout(b"\r\n", b" " * 8)
    edit = insert(document, document.root, [Node("n", "", (Leaf("x", "1"),))], Layout.of(document))
    added = b"\r\n        :n (\r\n                :x (1)\r\n        )"
    assert applied(source, [edit]) == source.replace(b"\r\n)\r\n", added + b"\r\n)\r\n")


def test_an_item_goes_with_its_line() -> None:
    document = decode(SOURCE)
    item = document.root.find("b")
    assert item is not None
    assert applied(SOURCE, [remove(document, item)]) == SOURCE.replace(b'\t:b ("x y")\n', b"")


def test_an_item_on_a_shared_line_goes_alone() -> None:
    document = decode(b"(:a (1) :b (2))")
    assert applied(document.source, [remove(document, document.root.items[0])]) == b"( :b (2))"


def test_edits_may_not_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        applied(b"abc", [Edit(0, 2, b""), Edit(1, 3, b"")])


@given(TREES, LAYOUTS, st.data())
def test_an_edit_leaves_every_other_byte_and_value(
    tree: list[Leaf | Node], layout: Layout, data: st.DataObject
) -> None:
    source = b"(" + b"".join(layout.lines(tree, layout.unit)) + layout.newline + b")\n"
    document = decode(source)
    leaves = [item for item in document.root.items if not item.items and not item.bare]
    if not leaves:
        return
    item = data.draw(st.sampled_from(leaves))
    edit = set_value(item, "new value")
    changed = applied(source, [edit])
    assert changed[: edit.start] == source[: edit.start]
    assert changed[edit.start + len(edit.new) :] == source[edit.end :]
    before, after = document.root.items, decode(changed).root.items
    others = [index for index, one in enumerate(before) if one is not item]
    assert [shape(before[index]) for index in others] == [shape(after[index]) for index in others]
    assert after[before.index(item)].value == "new value"
