"""A part while it is read, and what it has become."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.message.mime.defects import Defect, Found
from relay.message.mime.fields import Declared
from relay.message.mime.leaf import LeafReader
from relay.message.mime.tree import ContentField, Encoding, Kind, Part, Range


@dataclass(slots=True, eq=False)
class Node:
    """A part that is open, or was.

    `number` and `parent` count the parts from 0.  `start` is where its body begins, `end`
    where it ended; `leaf` reads the body, where that is not made of parts.
    """

    number: int
    path: str
    parent: int
    header: Range
    start: int
    declared: Declared
    message: bool
    separated: bool
    kind: Kind = Kind.LEAF
    end: int = 0
    shared: bool = False
    children: int = 0
    ended: bool = False
    delimiters: list[Range] = field(default_factory=list)
    defects: dict[Defect, int] = field(default_factory=dict)
    leaf: LeafReader | None = None

    def close(self, end: int, *, whole: bool) -> None:
        """The body ends at `end`; `whole` tells that no delimiter follows."""
        self.shared = end < self.start
        self.end = max(end, self.start)
        if self.leaf is not None:
            self.leaf.end(whole=whole)
            for defect in sorted(self.leaf.defects, key=lambda one: one.name):
                self.defects.setdefault(defect, self.start)

    def part(self) -> Part:
        """The part as a value."""
        said, leaf = self.declared, self.leaf
        return Part(
            path=self.path,
            parent=self.parent,
            kind=self.kind,
            header=self.header,
            body=Range(self.start, self.end),
            types=tuple(dict.fromkeys((*said.types, *(leaf.types if leaf else ())))),
            names=said.names,
            encoding=said.encoding if leaf else Encoding.IDENTITY,
            charset=said.charset,
            boundary=said.boundary,
            delimiters=tuple(self.delimiters),
            fields=tuple(self._field(one) for one in said.fields),
            embedded=leaf.embedded if leaf else (),
            defects=tuple(Found(defect, at) for defect, at in self.defects.items()),
            size=leaf.size if leaf else self.end - self.start,
            columns=leaf.columns if leaf else 0,
            mime_version=said.mime_version,
            separated=self.separated,
            shared=self.shared,
            message=self.message,
            inner=leaf.inner if leaf else (),
        )

    def _field(self, one: ContentField) -> ContentField:
        at = self.header.start
        return ContentField(one.name, one.start + at, one.end + at)
