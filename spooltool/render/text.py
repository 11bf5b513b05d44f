"""Text from outside, made fit to be shown.

A Subject, a reply or a file name may hold escape sequences that move the cursor, bidi
overrides that turn a line round, or bytes that are no text at all.  All of them are
written out (`^[`, `\\u202e`, `\\xff`), so that what is shown is what is there.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CUT = "~"
"""Stands where a value was cut."""

HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Characters that a screen obeys, or that it does not show."""

_ZERO_WIDTH = frozenset(("Mn", "Me", "Cf"))


def visible(text: str) -> str:
    """The text with everything that a screen would not show as itself written out.

    C0 controls become `^X`, undecodable bytes `\\xNN`, other invisible or direction
    changing characters `\\uNNNN`.  Line breaks too: the result is always one line.
    """
    if text.isascii() and text.isprintable():
        return text
    return HIDDEN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20 or code == 0x7F:
        return f"^{chr(code ^ 0x40)}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def columns(text: str) -> int:
    """How many columns of a terminal visible text takes: wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of, text))


@lru_cache(4096)
def _columns_of(ch: str) -> int:
    if unicodedata.category(ch) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(ch) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Visible text in at most `width` columns; what is too long ends in `~`."""
    if len(text) <= width and text.isascii():
        return text
    if columns(text) <= width:
        return text
    if width < 1:
        return ""
    left = width - len(CUT)
    if text.isascii() and text.isprintable():
        return text[:left] + CUT
    out: list[str] = []
    for ch in text:
        left -= _columns_of(ch)
        if left < 0:
            break
        out.append(ch)
    return "".join(out) + CUT


def fit(text: str, width: int) -> str:
    """Visible text in exactly `width` columns, padded at its right."""
    if text.isascii():
        return text.ljust(width) if len(text) <= width else cut(text, width)
    text = cut(text, width)
    return text + " " * (width - columns(text))


def fit_right(text: str, width: int) -> str:
    """Visible text in exactly `width` columns, padded at its left."""
    text = cut(text, width)
    return " " * (width - columns(text)) + text


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Visible text in lines of at most `width` columns, broken at blanks."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and columns(indent + longer) > width:
            lines.append(indent + line)
            line = word
        else:
            line = longer
    return [*lines, indent + line] if line or not lines else lines
