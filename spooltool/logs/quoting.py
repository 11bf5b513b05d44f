r"""Values in log lines: no byte of a message begins a line, a field, or a colour.

A value of harmless characters stands as it is, any other in double quotes.  What must
not reach a line or a terminal raw is escaped: `\"`, `\\`, `\xNN` for control bytes and
for bytes that are no UTF-8, `\uNNNN` for the controls beyond ASCII, the bidirectional
overrides, the line separators and lone surrogates.  Reading gives the same text back.
"""

from __future__ import annotations

import re

_UNSAFE = (
    "\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff"
)
_RAW = re.compile(f"[{_UNSAFE}\\\\]")
_QUOTED = re.compile(f'[{_UNSAFE}\\\\"]')
_NEEDS_QUOTES = re.compile(f'[{_UNSAFE}\\\\"\\s]')
_ESCAPE = re.compile(r'\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([\\"]))')


def value(text: str) -> str:
    """A value as it stands after `key=`: bare, or quoted where it must be."""
    if text and _NEEDS_QUOTES.search(text) is None:
        return text
    return f'"{_QUOTED.sub(_escape, text)}"'


def raw(text: str, also: str = "") -> str:
    """Free text as it stands in a line without quotes; `also` are more characters to escape."""
    escaped = _RAW.sub(_escape, text)
    for character in also:
        escaped = escaped.replace(character, f"\\x{ord(character):02x}")
    return escaped


def unescape(text: str) -> str:
    """The text that was escaped; what is no escape of ours stands for itself."""
    return _ESCAPE.sub(_plain, text) if "\\" in text else text


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in '\\"':
        return "\\" + character
    if code < 0x80:
        return f"\\x{code:02x}"
    # undecodable bytes are lone surrogates U+DC80 to U+DCFF in a str
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _plain(match: re.Match[str]) -> str:
    byte, point, itself = match.groups()
    if itself:
        return str(itself)
    if point:
        return chr(int(point, 16))
    code = int(byte, 16)
    return chr(code if code < 0x80 else 0xDC00 + code)
