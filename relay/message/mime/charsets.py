"""Bytes of a name as text, in each way in which a reader may take them."""

from __future__ import annotations

from collections.abc import Iterator
from encodings.aliases import aliases

# No charsets; and idna and punycode take quadratic time.
# No charsets; and idna and punycode take quadratic time.
_NOT_TEXT = frozenset(
    (
        *("base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec"),
        *("zlib_codec", "mbcs", "oem", "idna", "punycode", "unicode_escape"),
        *("raw_unicode_escape", "undefined"),
    )
)
_KNOWN = (frozenset(aliases) | frozenset(aliases.values())) - {
    name for name in (*aliases, *aliases.values()) if aliases.get(name, name) in _NOT_TEXT
}
"""Names that are looked up: the codec machinery remembers each that it is asked for."""

_ESCAPED = ("iso2022_jp_ext", "iso2022_kr")


def decode(data: bytes, charset: str) -> str | None:
    """Text in a charset, what is wrong in it replaced; None where the charset is unknown."""
    name = charset.lower().replace("-", "_").replace(".", "_").replace(" ", "_")
    if name not in _KNOWN:
        return None
    try:
        return data.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        return None


def texts(data: bytes, charset: str = "") -> Iterator[str]:
    """The readings of bytes: in `charset`, as UTF-8, as Latin-1, and with shifts undone."""
    if charset and (text := decode(data, charset)) is not None:
        yield text
    if data.isascii():
        yield data.decode("ascii")
    else:
        yield data.decode("utf-8", "replace")
        yield data.decode("latin-1")
    if b"+" in data and b"-" in data:
        yield data.decode("utf-7", "replace")
    if b"~{" in data:
        yield data.decode("hz", "replace")
    if b"\x1b" in data:
        yield from (data.decode(name, "replace") for name in _ESCAPED)
