"""What a URL would do, read as browsers read it and as careless programs do.

What they pass over - blanks, control and format characters in any place - counts for
nothing here, and a reference that stands in a reference is resolved.
"""

from __future__ import annotations

import html
import re

_PASSED_OVER = re.compile(
    "[\x00-\x20\x7f-\xa0\xad\u034f\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\ufeff\ufffd\ufff9-\ufffb]+"
)
_LEADING = re.compile(r"[\"'`(<]+")
_WRAPPED = re.compile(r"(?:(?:view-source|feed|pcast|url|jar|wyciwyg|x-javascript-wrapper):)+")
_SCRIPT = re.compile(
    r"(?:java|vb|live|j|ecma)script:|vbs:|mocha:|mhtml:|(?:mk|ms-its|its|ms-msdt|search-ms):"
)
_DATA = re.compile(r"data:")
_HARMLESS_DATA = re.compile(
    r"data:(?:image/(?:png|gif|jpe?g|pjpeg|webp|avif|apng|bmp|tiff|x-icon|vnd\.microsoft\.icon)"
    r"|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+|(?:application/(?:x-)?)?font[-/][a-z0-9.+-]+)[;,]"
)
_FTP = re.compile(r"ftps?:")
_AUTHORITY = re.compile(r"(?:(?:https?|wss?|ftps?|gopher):/*|(?:[a-z][a-z0-9+.-]*:)?//+)([^/?#]*)")
_PORT = re.compile(r":[0-9]+\Z")
_ANYWHERE = re.compile(
    rf"{_SCRIPT.pattern}|data:(?!image/(?:png|gif|jpe?g|webp|bmp)[;,])", re.IGNORECASE
)


def bare(value: str) -> str:
    """A value in lower case without what readers of URLs pass over."""
    if "&" in value:
        value = html.unescape(value)
    value = _PASSED_OVER.sub("", value).lower()
    return _LEADING.sub("", value, count=1) if value[:1] in "\"'`(<" else value


def runs_script(url: str) -> bool:
    """Whether following or loading a `bare` URL may run what stands in it.

    Data URLs do, but for pictures, sound, film and fonts.
    """
    if (wrapped := _WRAPPED.match(url)) is not None:
        url = url[wrapped.end() :]
    if _SCRIPT.match(url):
        return True
    return _DATA.match(url) is not None and _HARMLESS_DATA.match(url) is None


def names_script(text: str) -> bool:
    """Whether a `bare` text holds such a URL at any place."""
    return _ANYWHERE.search(text) is not None


def is_ftp(url: str) -> bool:
    """Whether a `bare` URL is fetched by FTP."""
    return _FTP.match(url) is not None


def has_port(url: str) -> bool:
    """Whether a `bare` URL names a port, the usual one of its scheme included."""
    found = _AUTHORITY.match(url.replace("\\", "/"))
    return found is not None and _PORT.search(found[1].rpartition("@")[2]) is not None
