"""The one form of a weeded document: what every reader reads in the same way.

All attributes stand in double quotes; `<`, `>` and grave accents in them are references.
Elements whose content is read as plain text by some programs and as markup by others hold
no markup.
"""

from __future__ import annotations

import html
import re

_VOID_WORDS = (
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source"
    " track wbr"
)
VOID = frozenset(_VOID_WORDS.split())
"""Elements without end tag."""

RAW = frozenset(("script", "style", "noembed", "noframes", "iframe"))
"""Elements whose text is written as it is, for references do not count in it."""

_AS_PRE = frozenset(("xmp", "plaintext", "listing"))
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:._-]*\Z")
_ATTRIBUTE = re.compile(r"[A-Za-z_:@][A-Za-z0-9:._-]*\Z")
_EATS_NEWLINE = frozenset(("pre", "textarea"))
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\xa0": "&nbsp;", "\r": "&#13;", "\0": ""}
_ESCAPE_TEXT = str.maketrans(_TEXT)
_ESCAPE_VALUE = str.maketrans({**_TEXT, '"': "&quot;", "`": "&#96;"})
_DOCTYPE = re.compile(
    r"<!doctype\s+html(?:\s+(?:public|system)(?:\s*(?:\"[^\"<>]*\"|'[^'<>]*')){1,2})?\s*>",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?:\ufeff|\s+|<!--(?:(?!--).)*-->|<\?[^<>]*>)*+", re.DOTALL)
_BAD_COMMENT = re.compile(r"\A-?>|--|-\Z")
_CONDITION = re.compile(r"\[(?:if\s[\w\s!()&|.]*|endif)\]\Z", re.IGNORECASE)
_TAGS = re.compile(r"<(?:!--.*?(?:-->|\Z)|[^<>]*>?)", re.DOTALL)
_UNSEEN = re.compile(
    r"<(script|style|title|head)\b.*?(?:</\1\b[^>]*>?|\Z)", re.DOTALL | re.IGNORECASE
)


def doctype(text: str) -> str:
    """The document type that a text begins with, "" where it has none that is known.

    It is kept because the layout of old documents depends on it.
    """
    found = _DOCTYPE.match(text, _BEFORE.match(text).end())  # type: ignore[union-attr]  # also ""
    return found[0] if found is not None else ""


def element_name(name: str) -> str:
    """The name to write an element by; "" for one that may be read in several ways."""
    if name in _AS_PRE:
        return "pre"
    return name if _NAME.match(name) else ""


def start_tag(name: str, attributes: list[tuple[str, str | None]]) -> str:
    """A start tag; attributes whose names may be read in several ways are left out."""
    out = [f"<{name}"]
    for key, value in attributes:
        if _ATTRIBUTE.match(key):
            out.append(f' {key}="{(value or "").translate(_ESCAPE_VALUE)}"')
    return "".join(out) + ">"


def escaped(text: str) -> str:
    """Text of an element."""
    return text.translate(_ESCAPE_TEXT)


def first_text(name: str, text: str) -> str:
    """The first text of an element: parsers drop a line end at the begin of some."""
    return "\n" + text if name in _EATS_NEWLINE and text.startswith("\n") else text


def raw_text(name: str, text: str) -> str:
    """Text of an element of `RAW`; what is shown by some programs only may hold no markup.

    The signs of a comment mean nothing in a style sheet, but to its first readers.
    """
    if name == "style":
        return text.replace("<!--", "").replace("-->", "")
    return text if name == "script" or "<" not in text else ""


def comment(text: str) -> str:
    """A comment; "" for one whose end may be seen in several places, or that holds markup
    and is no condition.

    A condition that shows what follows it has a form of its own.
    """
    if _CONDITION.match(text):
        return f"<!{text}>"
    if "<" in text and not text.startswith(("[if ", "<![endif]")):
        return ""
    return "" if _BAD_COMMENT.search(text) else f"<!--{text}-->"


def as_plain_text(text: str) -> str:
    """A document that shows the text of another, found without any parser."""
    shown = escaped(_plain(text))
    return f"<html><head></head><body><pre>{first_text('pre', shown)}</pre></body></html>"


def _plain(text: str) -> str:
    return html.unescape(_TAGS.sub("", _UNSEEN.sub("", text))).replace("\0", "").replace("\r", "\n")
