"""Text from a stranger's message, made fit for a report: decoded words, no live control.

Encoded words (RFC 2047) are read leniently: what cannot be decoded stays as written.
"""

from __future__ import annotations

import binascii
import re
import unicodedata

_WORD = re.compile(r"=\?([!-~]{1,40}?)(?:\*[!-~]*?)?\?([bBqQ])\?([!->@-~]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t]+(?==\?)")


def decode_words(text: str) -> str:
    """A header value with its encoded words decoded (RFC 2047), for a person to read."""
    if "=?" not in text:
        return text
    return _WORD.sub(_decoded, _BETWEEN.sub(r"\1", text))


def _decoded(match: re.Match[str]) -> str:
    charset, encoding, coded = match[1], match[2], match[3]
    try:
        if encoding in "bB":
            raw = binascii.a2b_base64(coded + "=" * (-len(coded) % 4))
        else:
            raw = binascii.a2b_qp(coded, header=True)
        return raw.decode(charset, "replace")
    except (ValueError, LookupError):
        return match[0]


def plain(text: str) -> str:
    """Text on one line without control, format (bidirectional) and undecodable characters.

    Each run of blanks and line ends becomes one blank, any other such character `?`.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text
    text = " ".join(text.split())
    if text.isprintable():
        return text
    return "".join(
        "?" if unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else ch
        for ch in text
    )


def ascii_only(text: str) -> str:
    """`plain` text with every character beyond ASCII as `?`, for 7-bit fields."""
    return plain(text).encode("ascii", "replace").decode("ascii")
