"""Which parts of a message are weeded, and what then stands in their place.

A part is HTML by its declared type, by its first bytes, or by its name, whether it is shown
in the text or attached: programs go by any of these.  The weeded text is put back in the
part's charset and transfer encoding; where it cannot stand in that encoding, because of
8-bit text, long lines, or a line that would divide parts, it is encoded in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.message.html import Kind as Weed
from relay.message.html import Undecodable, WeededOctets, Weeding, weed_bytes
from relay.message.html.octets import LARGEST
from relay.message.line_view import BytesContent, Content, WithLf
from relay.message.mime import Edit, Encoding, Part, Removal, Tree
from relay.message.mime.bodies import body_edits, decoded, encoded, leaves
from relay.message.mime.leaf import LeafReader

TYPES = frozenset(("text/html", "application/xhtml+xml", "image/svg+xml"))
NAMES = (".html", ".htm", ".xhtml", ".xht", ".shtml", ".svg")
MOST = 32 << 20
"""Octets of weeded text that one message may come to."""

LONGEST_LINE = 998
"""Octets of a line without its end (RFC 5322 2.1.1)."""


@dataclass(slots=True)
class Found:
    """What weeding does to a message.

    `edits` are in order; `removals` are parts that go as a whole, because what is in them
    cannot be put back; `weeded` tells of each part what was taken out; `odd` says which
    parts cannot be weeded.
    """

    edits: list[Edit] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    weeded: list[tuple[Part, Counter[Weed]]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def octets(self) -> int:
        """Octets of weeded text."""
        return sum(len(edit.new) for edit in self.edits)


def weed_parts(content: Content, tree: Tree, gone: set[str], weeding: Weeding) -> Found:
    """Weed the HTML of a message, without the parts in `gone` and what is inside of them."""
    found = Found()
    if not weeding.any:
        return found
    for part in leaves(tree):
        if _is_within(part.path, gone):
            continue
        if part.inner or any(TYPES.intersection(file.types) for file in part.embedded):
            if part.inner and not any(map(_has_html, part.inner)):
                continue
            _judge_whole(content, part, weeding, found)
        elif is_html(part):
            _weed(content, tree, part, weeding, found)
    return found


def is_html(part: Part) -> bool:
    """Whether some program shows the part as HTML."""
    if not TYPES.isdisjoint(part.types):
        return True
    return any(name.lower().endswith(NAMES) for name in part.names)


def _is_within(path: str, gone: set[str]) -> bool:
    while path:
        if path in gone:
            return True
        path = path.rpartition(".")[0]
    return False


def _weed(content: Content, tree: Tree, part: Part, weeding: Weeding, found: Found) -> None:
    octets = _octets(content, part)
    result = weed_bytes(octets, part.charset or None, weeding)
    if isinstance(result, Undecodable):
        found.odd.append(f"HTML in part {part.path} cannot be weeded: {result.reason}")
        return
    if not result.changed:
        return
    edits = _put_back(tree, part, octets, result)
    if edits is None or found.octets + len(result.octets) > MOST:
        found.odd.append(f"HTML in part {part.path} cannot be weeded and put back")
        return
    found.edits += edits
    found.weeded.append((part, result.removed))


def _octets(content: Content, part: Part) -> bytes:
    """A part's decoded body; of one beyond all bounds so much that it shows."""
    out = bytearray()
    for data in decoded(content, part):
        out += data
        if len(out) > LARGEST:
            break
    return bytes(out)


def _put_back(
    tree: Tree, part: Part, before: bytes, result: WeededOctets
) -> tuple[Edit, ...] | None:
    """The edits, in the first encoding in which the text can stand."""
    own = part.encoding
    for encoding in dict.fromkeys((own, Encoding.QUOTED, Encoding.BASE64)):
        body = encoded(tree, part, result.octets, encoding)
        if _fits(tree, part, before, body, encoding):
            return body_edits(part, body, encoding)
    return None


def _fits(tree: Tree, part: Part, before: bytes, body: bytes, encoding: Encoding) -> bool:
    """Whether a body reads as what it is: no part ends or begins in it, and no file does."""
    if any(b"--" + one.boundary in body for one in tree.parts if one.boundary):
        return False
    if encoding is Encoding.IDENTITY:
        if before.isascii() and not body.isascii():
            return False
        if _longest(body) > max(LONGEST_LINE, _longest(before)):
            return False
    reader = LeafReader(encoding)
    reader.feed(body)
    reader.end(whole=part.body.end == tree.size)
    known = {one.defect for one in part.defects}
    return reader.defects <= known and set(reader.embedded) <= set(part.embedded)


def _longest(text: bytes) -> int:
    return max(map(len, text.split(b"\n")))


def _judge_whole(content: Content, part: Part, weeding: Weeding, found: Found) -> None:
    """A part whose text holds a file or a message that would have to be encoded anew."""
    if not part.inner:
        found.removals.append(_removal(part, weeding, "a file of HTML inside its text"))
        return
    for number, tree in enumerate(part.inner):
        inner = BytesContent(b"".join(_inner(content, part, raw=number > 0)))
        below = weed_parts(inner, tree, set(), weeding)
        if below.odd:
            found.odd.append(f"in part {part.path}: {below.odd[0]}")
            return
        if below.edits or below.removals:
            found.removals.append(_removal(part, weeding, "HTML in the message inside"))
            return


def _inner(content: Content, part: Part, *, raw: bool) -> Iterator[bytes]:
    """The text of which an inner tree tells: the decoded body, or as it stands."""
    whole = content.chunks(part.body.start, part.body.end) if raw else decoded(content, part)
    yield from WithLf(BytesContent(b"".join(whole))).chunks()


def _has_html(tree: Tree) -> bool:
    return any(
        part.inner or is_html(part) or any(TYPES.intersection(file.types) for file in part.embedded)
        for part in tree.parts
    )


def _removal(part: Part, weeding: Weeding, what: str) -> Removal:
    switch = next(name for name in Weeding.__slots__ if getattr(weeding, name))
    return Removal(part, switch, what)
