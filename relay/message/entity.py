"""One MIME entity: what its header block says, and how its encoding is named anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from relay.message.content_type import DEFAULT, ContentType, parse_content_type
from relay.message.headers import Field, fields, unfold

_ENCODABLE = frozenset((b"", b"7bit", b"8bit", b"binary"))
_WIDE = frozenset((b"message/global", b"message/global-headers", b"message/global-delivery-status"))


class Kind(Enum):
    """What the body of an entity is made of."""

    LEAF = auto()
    MULTIPART = auto()
    MESSAGE = auto()
    """A message with headers of its own."""


@dataclass(slots=True)
class Entity:
    """A part, or a message, while its body is read.

    `block` are its headers, which begin at `at`; its body begins at `start`.  `encoding` is
    the Content-Transfer-Encoding in lower case, b"" without one, and `line` its field.
    `ambiguous` tells that a field which matters stands twice, `message` that it is a whole
    message, `separated` that an empty line ended the headers, `ended` that the closing
    delimiter of its parts was seen, `top` that it is the outermost one.
    """

    block: bytes
    at: int
    type: ContentType
    kind: Kind
    encoding: bytes = b""
    line: Field | None = None
    missing: bytes = b""
    ambiguous: bool = False
    message: bool = False
    separated: bool = True
    ended: bool = False
    top: bool = False
    eightbit: bool = False
    start: int = field(default=0)

    def why_not_quoted(self) -> str:
        """Why its body cannot become quoted-printable; "" when it can."""
        name = self.type.name.decode("ascii", "replace")
        if self.ambiguous:
            return "a part names its type or its encoding twice"
        if not self.separated:
            return "no empty line ends the headers of a part"
        if self.encoding not in _ENCODABLE:
            encoding = self.encoding.decode("ascii", "replace")
            return f"a part that is called {encoding[:40]} holds 8-bit text"
        # RFC 2046 5.2: of message/* only those of RFC 6532 and RFC 6533 may be encoded.
        if name.startswith(("message/", "multipart/")) and self.type.name not in _WIDE:
            return f"a part of type {name[:60]} cannot be encoded"
        return ""

    def label(self, encoding: bytes) -> tuple[int, int, bytes]:
        """The edit that names the encoding: offsets of what is replaced, and the new bytes."""
        if self.line is not None:
            return self.at + self.line.value, self.at + self.line.end, b" " + encoding
        end = self.at + len(self.block)
        return end, end, self.missing + b"Content-Transfer-Encoding: " + encoding + b"\n"


def read_entity(block: bytes, at: int, *, message: bool, default: bytes = b"") -> Entity:
    """The entity whose header block is `block`; `default` is its type where it names none."""
    named: dict[bytes, list[Field]] = {}
    for one in fields(block):
        named.setdefault(one.name.lower(), []).append(one)
    types = named.get(b"content-type", [])
    labels = named.get(b"content-transfer-encoding", [])
    value = unfold(block[types[0].value : types[0].end]) if types else None
    found = parse_content_type(value, default or DEFAULT)
    line = labels[0] if labels else None
    encoding = unfold(block[line.value : line.end]).lower() if line is not None else b""
    missing = b""
    if message and b"mime-version" not in named:
        missing = b"MIME-Version: 1.0\n"
        if not types:  # RFC 1428 3: what is known of such text
            missing += b"Content-Type: text/plain; charset=unknown-8bit\n"
    return Entity(
        block,
        at,
        found,
        _kind(found, encoding),
        encoding,
        line,
        missing,
        ambiguous=len(types) > 1 or len(labels) > 1,
        message=message,
    )


def _kind(type: ContentType, encoding: bytes) -> Kind:
    """An encoded composite part is opaque, though RFC 2045 6.4 forbids it."""
    if encoding not in _ENCODABLE:
        return Kind.LEAF
    if type.multipart:
        return Kind.MULTIPART
    return Kind.MESSAGE if type.name == b"message/rfc822" else Kind.LEAF
