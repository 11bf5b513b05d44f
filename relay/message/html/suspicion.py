"""What a text shows before any parser: traces of script, and nesting beyond all reason.

A parser that sees nothing is believed only where the text itself shows no trace: other
programs may read the same text in another way.
"""

from __future__ import annotations

import re
from collections import Counter

from relay.message.html.weeding import Weeding

DEEPEST = 2000
"""Open elements: the time of a parser grows with their number for each tag."""

MOST_ATTRIBUTES = 2000
"""Attributes of one tag."""

_SCRIPT = re.compile(
    r"<[^a-z<>]{0,8}(?:[a-z0-9]{1,8}:)?script|script\s*:|\son[a-z]+\s*=|[\"'/]on[a-z]+\s*="
    r"|srcdoc\s*=|<(?:template|select|frameset|noscript|xmp|plaintext|noembed|noframes)\b"
    r"|&\{|expression\s*\(|-moz-binding|<\?import|data:\s*text",
    re.IGNORECASE,
)
_PLUGIN = re.compile(r"<[^a-z<>]{0,8}(?:object|embed|applet|param)|classid\s*=", re.IGNORECASE)
_LINK = (
    r"(?:href|src|srcset|action|background|cite|data|longdesc|poster|codebase|ping)\s*=\s*[\"']?\s*"
)
_FTP = re.compile(rf"{_LINK}ftps?:", re.IGNORECASE)
_PORT = re.compile(rf"{_LINK}(?:[a-z]+:)?//[^\s\"'<>/?#]*:[0-9]+[\s\"'<>/?#]", re.IGNORECASE)
_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*)((?:[^>\"'=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?|[\"'])*+)>?"
)
_NEVER_DEEP_WORDS = (
    "area base basefont bgsound br col embed frame hr img input link meta param source track wbr"
    " p li dd dt option optgroup tr td th tbody thead tfoot colgroup rt rp"
)
_NEVER_DEEP = frozenset(_NEVER_DEEP_WORDS.split())
"""Elements without content, and those that end where the next of their kind begins."""


def is_suspicious(text: str, weeding: Weeding) -> bool:
    """Whether the plain text shows a trace of what is to be weeded."""
    return (
        (weeding.strip_script_tags and _SCRIPT.search(text) is not None)
        or (
            (weeding.strip_applet_tags or weeding.strip_activex_tags)
            and _PLUGIN.search(text) is not None
        )
        or (weeding.strip_ftp_links and _FTP.search(text) is not None)
        or (weeding.strip_port_strings and _PORT.search(text) is not None)
    )


def is_unreasonable(text: str) -> bool:
    """Whether elements nest, or attributes are many, beyond what a parser should be given."""
    opened: Counter[str] = Counter()
    depth = 0
    for found in _TAG.finditer(text):
        name = found[2].lower()
        if found[1]:
            if opened[name] > 0:
                opened[name] -= 1
                depth -= 1
        elif name not in _NEVER_DEEP:
            opened[name] += 1
            depth += 1
        if depth > DEEPEST:
            return True
        inside = found[3]
        if len(inside) > 2 * MOST_ATTRIBUTES and len(inside.split()) > MOST_ATTRIBUTES:
            return True
    return False
