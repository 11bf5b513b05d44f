"""Changes of a parenthesised file: each replaces a range of bytes and no byte beside it.

New lines are laid out like their neighbours: the file's own line ends, and its own blanks
for a level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from relay.config.checkpoint.tree import Document, Item, bytes_of

_PLAIN = re.compile(r"[A-Za-z0-9._@-]+\Z")
_FORBIDDEN = re.compile(r'["\x00-\x1f\x7f]')
_INDENT = re.compile(rb"[ \t]*")


class Unsayable(ValueError):
    """A text that the syntax cannot hold; says why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The bytes from `start` to `end` become `new`."""

    start: int
    end: int
    new: bytes


@dataclass(frozen=True, slots=True)
class Leaf:
    """A new leaf `:name (value)`, or a bare member where `bare` is set."""

    name: str
    value: str = ""
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A new node `:name (own ...)`."""

    name: str
    own: str = ""
    items: tuple[Leaf | Node, ...] = ()


def applied(source: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes after some edits, none of which may lie in another's range."""
    out, at = [], 0
    for edit in sorted(edits, key=lambda one: one.start):
        if edit.start < at:
            raise ValueError("edits overlap")
        out += [source[at : edit.start], edit.new]
        at = edit.end
    return b"".join((*out, source[at:]))


def encode_word(text: str, *, quoted: bool = False) -> bytes:
    """A value as the file has it: in quotes where it needs or had them, "" for none.

    Raises Unsayable for a quote (no escape for it is known), a control character, or what
    cp1252 lacks.
    """
    if found := _FORBIDDEN.search(text):
        what = "a double quote" if found[0] == '"' else "a control character"
        raise Unsayable(f"{what} cannot stand in a value")
    try:
        raw = bytes_of(text)
    except UnicodeEncodeError as error:
        raise Unsayable(f"{error.object[error.start]!r} is not in cp1252") from error
    if quoted or (text and not _PLAIN.match(text)):
        return b'"' + raw + b'"'
    return raw


def set_value(item: Item, text: str) -> Edit:
    """Give a leaf or a bare member another value.  Raises Unsayable."""
    if item.own is not None:
        new = encode_word(text, quoted=item.own.quoted)
        if item.bare and not new:
            raise Unsayable("a member without parentheses wants a word")
        return Edit(item.own.start, item.own.end, new)
    if item.open < 0:
        raise ValueError("neither value nor parentheses")
    return Edit(item.open + 1, item.open + 1, encode_word(text))


def insert(document: Document, parent: Item, new: Sequence[Leaf | Node], layout: Layout) -> Edit:
    """Put items behind the last of a list, each on lines of its own.  Raises Unsayable."""
    if parent.items:
        after = parent.items[-1]
        indent = _indent_at(document.source, after.start)
        if indent is None:  # a list on one line
            indent = line_indent(document.source, after.start)
        return Edit(after.end, after.end, b"".join(layout.lines(new, indent)))
    if parent.close < 0:
        raise ValueError("a list that is never closed")
    outer = line_indent(document.source, parent.start)
    lines = b"".join(layout.lines(new, outer + layout.unit))
    end = parent.own.end if parent.own is not None else parent.open + 1
    return Edit(end, parent.close, lines + layout.newline + outer)


def remove(document: Document, item: Item) -> Edit:
    """Take an item out, with its line where it stands alone on it."""
    source = document.source
    start = item.start - len(_indent_at(source, item.start) or b"")
    end = item.end
    rest = source[end : end + 2]
    alone = start == 0 or source[start - 1 : start] == b"\n"
    if alone and rest == b"\r\n":
        return Edit(start, end + 2, b"")
    if alone and rest[:1] == b"\n":
        return Edit(start, end + 1, b"")
    return Edit(item.start, item.end, b"")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out: what ends its lines, and the blanks of one level."""

    newline: bytes = b"\n"
    unit: bytes = b"\t"

    @staticmethod
    def of(document: Document) -> Layout:
        """The layout of a file, by its first line end and its first indented line."""
        source, starts = document.source, document.line_starts
        crlf = len(starts) > 1 and source[: starts[1]].endswith(b"\r\n")
        unit = b"\t"
        for start in starts[1:]:
            blanks = _INDENT.match(source, start)
            if blanks and blanks[0]:
                unit = b"\t" if blanks[0].startswith(b"\t") else b" " * 8
                break
        return Layout(b"\r\n" if crlf else b"\n", unit)

    def lines(self, items: Iterable[Leaf | Node], indent: bytes) -> Iterator[bytes]:
        """New items, each line with the line end before it.  Raises Unsayable."""
        for item in items:
            head = self.newline + indent + b":" + bytes_of(item.name)
            match item:
                case Leaf(bare=True):
                    yield head + b" " + encode_word(item.value)
                case Leaf():
                    yield head + b" (" + encode_word(item.value) + b")"
                case Node():
                    yield head + b" (" + encode_word(item.own)
                    yield from self.lines(item.items, indent + self.unit)
                    yield self.newline + indent + b")"


def _indent_at(source: bytes, at: int) -> bytes | None:
    """The blanks before a place, None where something else stands on its line before it."""
    start = source.rfind(b"\n", 0, at) + 1
    blanks = source[start:at]
    return blanks if not blanks.strip(b" \t") else None


def line_indent(source: bytes, at: int) -> bytes:
    """The blanks at the beginning of the line of a place."""
    start = source.rfind(b"\n", 0, at) + 1
    match = _INDENT.match(source, start)
    assert match is not None
    return match[0]
