"""The structure of a message as byte ranges: what the scanner gives, and all others take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from relay.message.mime.defects import Found
from relay.message.words import plain


class Range(NamedTuple):
    """Bytes `start` to `end` (excluded) of the content."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes in it."""
        return self.end - self.start


class Kind(Enum):
    """What the body of a part is made of."""

    LEAF = "leaf"
    MULTIPART = "multipart"
    MESSAGE = "message"
    """A message with headers of its own: the part's one child, or, encoded, `inner`."""


class Encoding(Enum):
    """How the body of a part is encoded (RFC 2045 6)."""

    IDENTITY = "identity"
    """7bit, 8bit, binary, none named, or one that nobody knows."""
    BASE64 = "base64"
    QUOTED = "quoted-printable"


class ContentField(NamedTuple):
    """A Content-* field: its name in lower case, and its lines with their LF."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file inside the text of a part: how it is coded, its names, its types by content."""

    coding: str
    names: tuple[str, ...]
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One entity.

    `path` numbers it: the message is "1", its second part "1.2"; a message inside of a part
    is that part's first child.  `header` is its block without the empty line; `separated`
    tells that there was one, `shared` that this empty line is also the one before the next
    delimiter, which takes the LF from the body.  `types` are all readings of its type in
    lower case, the declared one first; `names` all readings of its file name.  `delimiters`
    are the lines that divide a multipart.  `size` is that of the decoded body, `columns`
    the length of the body's first line.  `inner` are the readings of an encoded message,
    with offsets into the decoded text.
    """

    path: str
    parent: int
    kind: Kind
    header: Range
    body: Range
    types: tuple[str, ...]
    names: tuple[str, ...] = ()
    encoding: Encoding = Encoding.IDENTITY
    charset: str = ""
    boundary: bytes = b""
    delimiters: tuple[Range, ...] = ()
    fields: tuple[ContentField, ...] = ()
    embedded: tuple[Embedded, ...] = ()
    defects: tuple[Found, ...] = ()
    size: int = 0
    columns: int = 0
    mime_version: bool = False
    separated: bool = True
    shared: bool = False
    message: bool = False
    inner: tuple[Tree, ...] = ()

    @property
    def type(self) -> str:
        """Its declared type, or the default of where it stands."""
        return self.types[0]

    @property
    def all_types(self) -> tuple[str, ...]:
        """Its types, and those of the files inside its text."""
        return (*self.types, *(one for file in self.embedded for one in file.types))

    @property
    def all_names(self) -> tuple[str, ...]:
        """Its file names, and those of the files inside its text."""
        return (*self.names, *(one for file in self.embedded for one in file.names))


@dataclass(frozen=True, slots=True)
class Tree:
    """A scanned message: its parts in the order in which they begin; the first is the whole.

    `size` is the content's.  `eightbit` is the offset of its first byte above 127, or -1.
    """

    parts: tuple[Part, ...]
    size: int
    eightbit: int = -1

    @property
    def ambiguities(self) -> Iterator[tuple[Part, Found]]:
        """What leaves another reading than the one that was judged, inner messages included."""
        for part in self.parts:
            yield from ((part, found) for found in part.defects if found.defect.ambiguous)
            for inner in part.inner:
                yield from inner.ambiguities

    @property
    def ambiguous(self) -> bool:
        """Whether there is another reading."""
        return next(self.ambiguities, None) is not None


def tree_lines(tree: Tree, indent: str = "") -> Iterator[str]:
    """The structure for a person, a line a part, and a line a defect below it.

    Fit to be shown: nothing of the message gets through as a control character.
    """
    for part in tree.parts:
        margin = indent + "  " * part.path.count(".")
        names = ", ".join(f'"{plain(name)}"' for name in part.all_names[:3])
        more = f" and {len(part.all_names) - 3} readings" if len(part.all_names) > 3 else ""
        types = " = ".join(plain(one) for one in part.types)
        words = [part.path, types, part.encoding.value, f"{part.size:,} bytes", names + more]
        yield margin + "  ".join(word for word in words if word)
        for found in part.defects:
            defect = found.defect
            yield f"{margin}  ! {defect.reading.value} at {found.at:,}: {defect.meaning}"
        for inner in part.inner:
            yield from tree_lines(inner, margin + "  | ")
