"""The parts of a message: one line each."""

from __future__ import annotations

from typing import NamedTuple

from spooltool.diagnose.mime import Part
from spooltool.render.text import cut, fit, fit_right, visible
from spooltool.render.units import count, size

_SHORT = {"quoted-printable": "quoted", "": "-"}
_ENCODING, _SIZE = 8, 7
_WIDE = 100
_DEEPEST = 4


class PartWords(NamedTuple):
    """A line: number with its indentation, type, encoding, size, offset, name; what is odd."""

    number: str
    facts: str
    name: str
    odd: str


def heading(width: int) -> str:
    """The line above the parts."""
    return f"{fit('PART', _number(width))}{_facts('TYPE', 'ENCODING', 'SIZE', 'AT', width)}  NAME"


def part_words(part: Part, width: int) -> PartWords:
    """One part in at most `width` columns."""
    deep = min(len(part.path), _DEEPEST)
    number = " " * max(0, deep - 1) + (path_words(part) or "message")
    fields = part.fields
    name = visible(fields.name)
    odd = "; ".join(part.odd)
    kind = visible(fields.type) or "(no type)"
    encoding = visible(_SHORT.get(fields.encoding, fields.encoding))
    bytes_words = "..." if part.size < 0 else size(part.size)
    facts = _facts(kind, encoding, bytes_words, count(part.body[0]), width)
    room = max(0, width - _number(width) - len(facts) - 2)
    name = cut(name, room)
    return PartWords(fit(number, _number(width)), facts, name, odd)


def part_title(part: Part) -> str:
    """`part 1.2: application/pdf, base64, 48 KB, invoice.pdf`."""
    fields = part.fields
    words = [visible(fields.type) or "no type", visible(fields.encoding) or "not encoded"]
    words += [visible(fields.charset)] if fields.charset else []
    words += [size(part.size)] if part.size >= 0 else []
    words += [visible(fields.name)] if fields.name else []
    named = f"part {path_words(part)}" if part.path else "the whole body"
    return f"{named}: {', '.join(words)}"


def path_words(part: Part) -> str:
    """`1.2`; "" for the message itself."""
    return ".".join(map(str, part.path))


def _number(width: int) -> int:
    return 8 if width < _WIDE else 14


def _facts(kind: str, encoding: str, bytes_words: str, at: str, width: int) -> str:
    of_kind, of_at = (22, 10) if width < _WIDE else (34, 13)
    return (
        f"{fit(kind, of_kind)} {fit(encoding, _ENCODING)} "
        f"{fit_right(bytes_words, _SIZE)} {fit_right(at, of_at)}"
    )
