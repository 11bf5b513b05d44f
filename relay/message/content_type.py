"""What a Content-Type field says, as far as finding the parts of a message needs it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = rb"[!#$%&'*+.^_`{|}~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[^"\\]|\\.)*"'
_TYPE = re.compile(rb"[ \t]*(" + _TOKEN + rb")[ \t]*/[ \t]*(" + _TOKEN + rb")[ \t]*(?=;|\Z)")
_BOUNDARY = re.compile(
    rb";[ \t]*boundary[ \t]*=[ \t]*(?:(" + _QUOTED + rb")|([^ \t;\"]+))[ \t]*(?=;|\Z)",
    re.IGNORECASE,
)
_COMMENT = re.compile(rb"(" + _QUOTED + rb")|\([^()]*\)")
_PAIR = re.compile(rb"\\(.)")

DEFAULT = b"text/plain"


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type in lower case; `boundary` is b"" unless it names exactly one."""

    name: bytes = DEFAULT
    boundary: bytes = b""

    @property
    def multipart(self) -> bool:
        """Whether its content is parts between delimiter lines (RFC 2046 5.1)."""
        return self.name.startswith(b"multipart/")


def parse_content_type(value: bytes | None, default: bytes = DEFAULT) -> ContentType:
    """Read an unfolded value; without one, or with one that names no type, the `default`.

    Comments are passed over (RFC 2045 5.1).  Never raises.
    """
    if value is None:
        return ContentType(default)
    value = _COMMENT.sub(lambda found: found[1] or b" ", value)
    match = _TYPE.match(value)
    if match is None:
        return ContentType(default)
    found = {_plain(quoted, bare) for quoted, bare in _BOUNDARY.findall(value, match.end())}
    name = b"%s/%s" % (match[1].lower(), match[2].lower())
    return ContentType(name, found.pop() if len(found) == 1 else b"")


def _plain(quoted: bytes, bare: bytes) -> bytes:
    text = _PAIR.sub(rb"\1", quoted[1:-1]) if quoted else bare
    return text.rstrip(b" \t")
