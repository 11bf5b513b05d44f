"""The bodies of parts, read again and decoded after the structure is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from relay.message.line_view import Content
from relay.message.mime.surgery import Edit
from relay.message.mime.transfer import decoder, encoder
from relay.message.mime.tree import Encoding, Kind, Part, Tree

_FIELD = {
    Encoding.BASE64: b"Content-Transfer-Encoding: base64\n",
    Encoding.QUOTED: b"Content-Transfer-Encoding: quoted-printable\n",
}
_CTE = "content-transfer-encoding"


def leaves(tree: Tree) -> Iterator[Part]:
    """The parts that hold content of their own, encoded messages as one each."""
    for part in tree.parts:
        encoded = part.kind is Kind.MESSAGE and part.encoding is not Encoding.IDENTITY
        if part.kind is Kind.LEAF or encoded:
            yield part


def decoded(content: Content, part: Part) -> Iterator[bytes]:
    """The body of a part without its transfer encoding, piece by piece."""
    undo = decoder(part.encoding)
    for chunk in content.chunks(part.body.start, part.body.end):
        if data := undo.feed(chunk):
            yield data
    yield undo.end()


def encoded(tree: Tree, part: Part, octets: bytes, encoding: Encoding) -> bytes:
    """Octets as they stand for the body of a part in that encoding."""
    make = encoder(encoding, part.columns)
    text = make.feed(octets) + make.end()
    if part.body.end == tree.size:
        return text if text.endswith(b"\n") else text + b"\n"
    return text.removesuffix(b"\n") if encoding is Encoding.BASE64 else text


def body_edits(part: Part, body: bytes, encoding: Encoding) -> tuple[Edit, ...] | None:
    """The edits that give a part another body, and the field that names its encoding.

    None where the field cannot be put: the part has no end of its header.
    """
    edit = Edit(part.body.start, part.body.end, body)
    if encoding is part.encoding:
        return (edit,)
    if not part.separated:
        return None
    return (*_fields(part, _FIELD[encoding]), edit)


def _fields(part: Part, wanted: bytes) -> Iterable[Edit]:
    here = [field for field in part.fields if field.name == _CTE]
    if not here:
        version = b"MIME-Version: 1.0\n" if part.message and not part.mime_version else b""
        return (Edit(part.header.end, part.header.end, version + wanted),)
    return tuple(
        Edit(field.start, field.end, b"" if number else wanted) for number, field in enumerate(here)
    )
