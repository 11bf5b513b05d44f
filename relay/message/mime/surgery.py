"""Parts taken out of a message in place, every other byte as it came.

A part that is removed becomes text that tells what stood there: its Content fields are
replaced, its other fields and the delimiters around it stay.  So the top of a message
that is nothing but an attachment says truthfully what it holds afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from relay.message.mime.tree import Part, Tree
from relay.message.words import ascii_only

_TYPE = b"Content-Type: text/plain; charset=us-ascii\n"
_REST = b"Content-Transfer-Encoding: 7bit\nContent-Disposition: inline\n"
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._@+/:,()\[\]-]")
_DASHES = re.compile(r"-{2,}")
_COLUMNS = 60


class Edit(NamedTuple):
    """Bytes `start` to `end` of the content give way to `new`."""

    start: int
    end: int
    new: bytes


@dataclass(frozen=True, slots=True)
class Removal:
    """A part that goes: by which rule, and which of its types or names that rule took."""

    part: Part
    rule: str
    matched: str


def removal_edits(tree: Tree, removals: Iterable[Removal], resource: str = "") -> tuple[Edit, ...]:
    """The edits, in order.  What lies inside of a part that goes, goes with it.

    Raises ValueError for a part that is not of the tree.
    """
    chosen = {one.part.path: one for one in removals}
    known = {part.path: part for part in tree.parts}
    if any(known.get(path) != one.part for path, one in chosen.items()):
        raise ValueError("a removal of a part of another tree")
    edits: list[Edit] = []
    for path, removal in chosen.items():
        if not any(outer in chosen for outer in _outer(path)):
            edits += _edits(removal, resource, tree.size)
    return tuple(sorted(edits, key=lambda one: one.start))


def _outer(path: str) -> Iterator[str]:
    """The paths of the parts around a part."""
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def _edits(removal: Removal, resource: str, size: int) -> Iterator[Edit]:
    part = removal.part
    fields = b"" if part.mime_version or not part.message else b"MIME-Version: 1.0\n"
    fields += _TYPE + _REST
    body = notice(removal, resource)
    if not part.separated:
        body = b"\n" + body
    if part.shared or part.body.end == size:  # otherwise the LF before the delimiter follows
        body += b"\n"
    if not part.fields:
        yield Edit(part.header.end, part.header.end, fields)
    for number, field in enumerate(part.fields):
        yield Edit(field.start, field.end, b"" if number else fields)
    yield Edit(part.body.start, part.body.end, body)


def notice(removal: Removal, resource: str = "") -> bytes:
    """The text in place of a part, without a last LF: 7-bit, and no `--` in it."""
    part = removal.part
    lines = ["A part of this message was removed on its way.", ""]
    facts = [
        ("Type", part.type),
        ("Name", part.all_names[0] if part.all_names else ""),
        ("Size", f"{part.size} bytes"),
        ("Rule", f"{removal.rule} ({removal.matched})"),
        ("Resource", resource),
    ]
    lines += [f"  {name + ':':<10}{safe(value)}" for name, value in facts if value]
    return "\n".join(lines).encode("ascii")


def safe(text: str) -> str:
    """Text of a stranger as it may stand in the notice: short, and no delimiter."""
    text = _DASHES.sub("-", _UNSAFE.sub("_", ascii_only(text)))
    return text if len(text) <= _COLUMNS else text[: _COLUMNS - 3] + "..."


class Splicer:
    """Applies edits, in order and apart from each other, to content in chunks cut anywhere.

    Raises ValueError for edits that overlap.
    """

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._edits = list(edits)
        if any(one.end > two.start for one, two in pairwise(self._edits)):
            raise ValueError("edits that overlap, or are not in order")
        self._edits.reverse()
        self._at = 0
        self._dropped = 0

    def feed(self, chunk: bytes) -> bytes:
        """What becomes of the next bytes."""
        out = []
        at = 0
        while at < len(chunk):
            if self._dropped:
                step = min(self._dropped, len(chunk) - at)
                self._dropped -= step
                at += step
            elif self._edits and self._edits[-1].start < self._at + len(chunk):
                edit = self._edits.pop()
                out += [chunk[at : edit.start - self._at], edit.new]
                at = edit.start - self._at
                self._dropped = edit.end - edit.start
            else:
                out.append(chunk[at:])
                break
        self._at += len(chunk)
        return b"".join(out)

    def end(self) -> bytes:
        """What is put behind the last byte.  Raises ValueError where bytes are missing."""
        if self._dropped or any(edit.end > self._at for edit in self._edits):
            raise ValueError("the content is shorter than its edits")
        return b"".join(edit.new for edit in reversed(self._edits))
