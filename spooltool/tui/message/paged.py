"""What of a message goes to a pager."""

from __future__ import annotations

from collections.abc import Iterator

from spooltool.diagnose.decoding import decoded_body, text_of
from spooltool.diagnose.mime import Part
from spooltool.look.open_message import OpenMessage
from spooltool.render.body import shown_stream
from spooltool.render.diff import shown_lines
from spooltool.render.parts import part_title
from spooltool.render.text import visible
from spooltool.render.units import size

MOST_PART = 8 << 20
"""Bytes of one part that are decoded for a pager."""


def message_page(message: OpenMessage) -> Iterator[str]:
    """The headers as they will be sent and the body, every line visible text."""
    file = message.file
    if file is None:
        yield message.trouble
        return
    _, modified = message.headers()
    yield from shown_lines(modified)
    yield ""
    yield from shown_stream(file.chunks(file.parts.body))


def part_page(message: OpenMessage, part: Part) -> Iterator[str]:
    """One part, decoded, every line visible text."""
    start, end = part.body
    length = max(0, (end if end >= 0 else message.size) - start)
    title = part_title(part)
    yield f"# {title}; the first {size(MOST_PART)}" if length > MOST_PART else f"# {title}"
    data = decoded_body(message.read(start, min(length, MOST_PART)), part.fields.encoding)
    for line in text_of(data, part.fields.charset).split("\n"):
        yield visible(line.removesuffix("\r").replace("\t", "    "))
