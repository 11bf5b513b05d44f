"""What a style sheet would do, in an attribute or in an element."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from relay.message.html.urls import bare

_ESCAPE = re.compile(
    r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|(.))", re.DOTALL
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\xad\u200b-\u200f\u2060-\u2064\ufeff\ufffd]+")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_INNERMOST = re.compile(r"/\*(?:(?!/\*).)*?\*/", re.DOTALL)
_SCRIPT = re.compile(
    r"expression\s*\(|(?:java|vb|live)\s*script\s*:|-moz-binding|(?<![a-z0-9_-])behaviou?r\s*:"
    r"|-o-link|-ms-behavior|&\{"
)
_MARKUP = re.compile(r"<(?:/?[a-z]|[?!](?!--))")
_URL = re.compile(r"""url\(\s*([^"')\s][^)]*)|"([^"]*)"|'([^']*)'""")


def readings(style: str) -> Iterator[str]:
    """A style sheet in lower case, escapes resolved: as it is, and without its comments.

    Where a comment begins is a matter of the reader, so it is looked for in two ways.
    """
    text = _ESCAPE.sub(_resolved, style) if "\\" in style else style
    text = _CONTROL.sub("", unicodedata.normalize("NFKC", text)).lower()
    yield text
    if "/*" in text:
        yield _COMMENT.sub("", text)
        yield _INNERMOST.sub("", text)


def runs_script(reading: str) -> bool:
    """Whether one of the `readings` holds what runs script by itself."""
    return _SCRIPT.search(reading) is not None


def holds_markup(reading: str) -> bool:
    """Whether tags stand in it, which a program may take for tags of the document."""
    return _MARKUP.search(reading) is not None


def urls(reading: str) -> Iterator[str]:
    """The `bare` URLs of one of the `readings`; every quoted text may be one."""
    for found in _URL.finditer(reading):
        yield bare(found[1] or found[2] or found[3] or "")


def _resolved(found: re.Match[str]) -> str:
    if (digits := found[1]) is not None:
        number = int(digits, 16)
        return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
    return found[3] or ""
