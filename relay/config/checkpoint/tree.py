"""The tree of a parenthesised file: nodes are ranges of its bytes.

The text of a file is cp1252; bytes that cp1252 does not know are kept as lone surrogates,
so that every text leads back to its bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

ENCODING = "cp1252"


def text_of(raw: bytes) -> str:
    """Bytes of a file as text; any bytes give some, and `bytes_of` gives them back."""
    return raw.decode(ENCODING, "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Text as a file has it.  Raises UnicodeEncodeError for what cp1252 cannot say."""
    return text.encode(ENCODING, "surrogateescape")


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong at a place, line and column from 1.

    `severe` tells that the shape of the file is in doubt, not merely one value.
    """

    line: int
    column: int
    text: str
    severe: bool = True

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.text}"


@dataclass(frozen=True, slots=True)
class Word:
    """A value or a name: the bytes from `start` to `end` (quotes included), and their text."""

    start: int
    end: int
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list, from its colon to its end.

    `name` stands after the colon, "" for a member without one.  `own` is what stands first
    in the parentheses, a leaf's value or a node's own name, or the word of an item without
    parentheses (`: Any`).  `open` and `close` are the places of the parentheses, -1 where
    there are none.
    """

    start: int
    end: int
    name: str
    own: Word | None
    open: int
    close: int
    items: tuple[Item, ...] = ()

    @property
    def value(self) -> str:
        """The text of `own`, "" for none."""
        return self.own.text if self.own is not None else ""

    @property
    def bare(self) -> bool:
        """Whether it has no parentheses."""
        return self.open < 0

    def all(self, *names: str) -> Iterator[Item]:
        """Every item of one of these names, in order."""
        return (item for item in self.items if item.name in names)

    def find(self, *path: str) -> Item | None:
        """The first item along a path of names, or None."""
        found = self
        for name in path:
            below = next((item for item in found.items if item.name == name), None)
            if below is None:
                return None
            found = below
        return found

    def text(self, *path: str) -> str:
        """The value at a path of names, "" where there is none."""
        found = self.find(*path)
        return found.value if found is not None else ""

    def members(self) -> Iterator[Item]:
        """Items without a name before the parentheses: objects, references, bare words."""
        return (item for item in self.items if not item.name)


@dataclass(frozen=True, slots=True)
class Document:
    """A file: its bytes, its outermost list, and what is wrong with it.

    `source` is the encoding of the document, whatever it holds.
    """

    source: bytes
    root: Item
    defects: tuple[Defect, ...]
    line_starts: tuple[int, ...]

    def line(self, offset: int) -> int:
        """The line of a place, from 1."""
        return bisect_right(self.line_starts, offset)

    @property
    def severe(self) -> tuple[Defect, ...]:
        """The defects that put the shape of the file in doubt."""
        return tuple(one for one in self.defects if one.severe)


def line_starts(source: bytes) -> tuple[int, ...]:
    """Where each line begins."""
    starts, at = [0], source.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = source.find(b"\n", at + 1)
    return tuple(starts)
