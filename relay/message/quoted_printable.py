"""Quoted-printable (RFC 2045 6.7) for content that comes in chunks cut anywhere."""

from __future__ import annotations

from binascii import b2a_qp

_LONGEST = 64 * 1024
"""Bytes of one line that are kept; a longer line is encoded piece by piece."""


class Quoter:
    """Encodes text with LF line ends, which stay line ends.  Call `end` after the last chunk.

    What comes out holds ASCII alone, in lines of at most 76 characters, and decodes to
    what went in.
    """

    __slots__ = ("_line",)

    def __init__(self) -> None:
        self._line = b""

    def feed(self, chunk: bytes) -> bytes:
        """The encoded form of what is certain by now."""
        text = self._line + chunk
        end = text.rfind(b"\n") + 1
        out = b2a_qp(text[:end]) if end else b""
        rest = text[end:]
        while len(rest) > _LONGEST:
            out += b2a_qp(rest[:_LONGEST]) + b"=\n"  # a soft line break: no line end
            rest = rest[_LONGEST:]
        self._line = rest
        return out

    def end(self) -> bytes:
        """The rest, a last line without LF."""
        rest, self._line = self._line, b""
        return b2a_qp(rest)
