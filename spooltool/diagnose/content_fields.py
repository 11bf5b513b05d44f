"""What a part of a message says of itself: type, boundary, encoding, charset, name.

Read as most mail programs read it, for a person who looks; a filter that must not be
deceived needs all readings of a field.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from spooltool.diagnose.headers import decoded

_LONGEST = 4000
"""Bytes of a field that are read."""

_FIELD = re.compile(
    rb"(?mi)^content-(type|transfer-encoding|disposition)[ \t]*+:"
    rb"([^\n]*+(?:\n[ \t][^\n]*+)*+)"
)
_FOLD = re.compile(rb"[\r\n]+")
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^;\s]*+))', re.DOTALL)
_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+\Z")
_MOST_PIECES = 100


class ContentFields(NamedTuple):
    """`type` and `encoding` in lower case, "" where nothing (readable) is said."""

    type: str = ""
    boundary: bytes = b""
    encoding: str = ""
    charset: str = ""
    name: str = ""

    @property
    def multipart(self) -> bool:
        """Whether it is divided by a boundary."""
        return self.type.startswith("multipart/") and bool(self.boundary)

    @property
    def is_message(self) -> bool:
        """Whether it holds a message that can be read as it stands."""
        plain = self.encoding in ("", "7bit", "8bit", "binary")
        return self.type in ("message/rfc822", "message/global") and plain


def content_fields(block: bytes) -> ContentFields:
    """Read the header block of a part.  The first field of a name counts.  Never raises."""
    found: dict[bytes, str] = {}
    for match in _FIELD.finditer(block):
        value = _FOLD.sub(b"", match[2][:_LONGEST])
        found.setdefault(match[1].lower(), value.decode("utf-8", "surrogateescape").strip())
    type_text = found.get(b"type", "")
    of_type = _parameters(type_text)
    kind = type_text.partition(";")[0].strip().lower()
    disposition = _parameters(found.get(b"disposition", ""))
    return ContentFields(
        kind if _TYPE.match(kind) else "",
        of_type.get("boundary", "").rstrip(" \t").encode("utf-8", "surrogateescape"),
        found.get(b"transfer-encoding", "").partition(";")[0].strip().lower(),
        of_type.get("charset", "").lower(),
        _text(disposition, "filename") or _text(of_type, "name"),
    )


def _parameters(value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(value):
        text = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        found.setdefault(match[1].lower(), text)
    return found


def _text(parameters: dict[str, str], name: str) -> str:
    """A parameter as text: as it stands, encoded, or in pieces (RFC 2231 3, 4)."""
    extended = parameters.get(f"{name}*")
    if extended is not None:
        return _unescaped(extended)
    plain = parameters.get(name)
    if plain is not None:
        return decoded(plain.encode("utf-8", "surrogateescape"))
    pieces = ""
    for number in range(_MOST_PIECES):
        piece = parameters.get(f"{name}*{number}*")
        if piece is None:
            piece = parameters.get(f"{name}*{number}", "").replace("%", "%25")
        if not piece:
            break
        pieces += piece
    return _unescaped(pieces) if pieces else ""


def _unescaped(value: str) -> str:
    """`utf-8'en'a%20b` as text; without a charset in front, as UTF-8."""
    charset, mark, rest = value.partition("'")
    _, second, text = rest.partition("'")
    if not (mark and second):
        charset, text = "utf-8", value
    raw = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        return raw.decode(charset or "utf-8", "surrogateescape")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "surrogateescape")
