"""A part's bytes as text: transfer encoding and charset undone.  Never raises.

The caller bounds how many bytes are given; what cannot be decoded stays as it is.
"""

from __future__ import annotations

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_TEXTUAL = re.compile(
    r"(us-?)?ascii|utf-?(7|8|16|32)([-_]?[bl]e)?|iso-?8859-?\d+|latin-?\d+|(windows|cp|ibm)-?\d+"
    r"|koi8-?\w|gb\w+|big5\w*|euc-?\w+|shift[-_]?jis\w*|iso-?2022-?\w+|mac\w+|tis-?620|hz\w*"
)
"""Charsets of mail; Python knows codecs that are none, and some of them never end."""


def decoded_body(data: bytes, encoding: str) -> bytes:
    """The bytes behind a Content-Transfer-Encoding (in lower case)."""
    if encoding == "base64":
        return _from_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    return data


def _from_base64(data: bytes) -> bytes:
    text = _NOT_BASE64.sub(b"", data.partition(b"=")[0])
    if len(text) % 4 == 1:
        text = text[:-1]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


def text_of(data: bytes, charset: str) -> str:
    """Bytes as text; those that are none in their charset as surrogates (0xdc80 on)."""
    if _TEXTUAL.fullmatch(charset.replace("_", "-")):
        try:
            return data.decode(charset, "surrogateescape")
        except (LookupError, ValueError):
            pass  # no such charset, or bytes that even surrogates cannot stand for
    return data.decode("utf-8", "surrogateescape")


def is_text(kind: str) -> bool:
    """Whether a part of this type is read as text: one that says nothing is, too."""
    textual = ("text/", "message/", "multipart/")
    return not kind or kind.startswith(textual) or kind.endswith(("/xml", "+xml", "/json"))
