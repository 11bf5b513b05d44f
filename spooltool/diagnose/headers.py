"""Header fields of a message: found by name, unfolded, decoded for reading and searching.

The bytes are never changed by this; what cannot be decoded stays as it is.
"""

from __future__ import annotations

import re

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_MAX_ENCODED_WORDS = 400


def field_values(block: bytes, name: str) -> tuple[str, ...]:
    """Unfolded, decoded values of every field of this name (any case), in order.

    `*` is every field.
    """
    wanted = name.lower().encode("utf-8", "surrogateescape")
    values = []
    for line in _FOLD.sub(b"", block).splitlines():
        key, colon, value = line.partition(b":")
        if colon and (name == "*" or key.rstrip(b" \t").lower() == wanted):
            values.append(decoded(value.strip(b" \t")))
    return tuple(values)


def decoded(value: bytes) -> str:
    """A field's value as text: encoded words (RFC 2047) decoded, raw bytes as UTF-8."""
    text = value.decode("utf-8", "surrogateescape")
    if "=?" not in text or text.count("=?") > _MAX_ENCODED_WORDS:
        return text
    from email.errors import MessageError
    from email.header import decode_header

    try:
        words = decode_header(text)
    except (MessageError, ValueError):
        return text
    return "".join(_word(part, charset) for part, charset in words)


def _word(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    if charset is None:  # what stands between encoded words, in decode_header's own escape
        return part.decode("raw-unicode-escape", "replace")
    try:
        return part.decode(charset, "replace")
    except (LookupError, ValueError):  # no such charset; or one (idna, undefined) that refuses
        return part.decode("ascii", "replace")
