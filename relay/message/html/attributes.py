"""Which attributes go.  Every attribute is judged, known or not, as one that may hold a URL,
but for those that hold text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from relay.message.html import styles, urls
from relay.message.html.weeding import Kind, Weeding

_HANDLER = re.compile(r"(?:\A|[^a-z0-9-])on[a-z]", re.IGNORECASE)
_SCRIPTED = frozenset(
    (
        *("srcdoc", "fscommand", "seeksegmenttime", "datasrc", "datafld", "dataformatas"),
        *("implementation", "actiontype"),
    )
)
"""Attributes that hold a document or bind data to an element: script in another place."""

_TEXTS_WORDS = (
    "abbr accesskey align alt aria-description aria-label autocomplete axis class color colspan"
    " content dir face for headers height id label lang language name nowrap placeholder rel"
    " rowspan scope size summary tabindex title type valign value width"
)
_TEXTS = frozenset(_TEXTS_WORDS.split())
_ANIMATED = frozenset(("to", "from", "by", "values"))
_BLANKS = re.compile(r"[\s,]+")
_SPLIT_BELOW = 64 * 1024
"""Longer values are no lists of URLs but one data URL."""

Attributes = Iterable[tuple[str, str | None]]


def judge(element: str, attributes: Attributes, weeding: Weeding) -> Iterator[tuple[str, Kind]]:
    """The attributes of an element (names in lower case) that go, each with what it is."""
    held = list(attributes)
    equivalent = any(name.lower() == "http-equiv" for name, _ in held)
    for name, value in held:
        low = name.lower()
        kind = _judge(element, low, value or "", weeding, equivalent)
        if kind is not None:
            yield name, kind


def _judge(element: str, name: str, value: str, weeding: Weeding, equivalent: bool) -> Kind | None:
    local = name.rpartition(":")[2]
    if weeding.strip_script_tags and _is_script(local, name, value):
        return Kind.SCRIPT
    if weeding.strip_activex_tags and local == "classid":
        return Kind.ACTIVEX
    if element == "meta" and local == "content":
        return _judge_header(value, weeding) if equivalent else None
    if local == "style":
        return judge_style(value, weeding)
    if "url(" in value.lower() and (kind := judge_style(value, weeding)) is not None:
        return kind
    if local in _TEXTS and not (element == "param" and local == "value"):
        return None
    return first_kind(_possible_urls(value), weeding)


def _is_script(local: str, name: str, value: str) -> bool:
    return (
        _HANDLER.search(name) is not None
        or local in _SCRIPTED
        or "&{" in value
        or (local in _ANIMATED and "<" in value)
    )


def _judge_header(value: str, weeding: Weeding) -> Kind | None:
    """The content of a meta element that stands for a header field."""
    text = urls.bare(value)
    if weeding.strip_script_tags and (urls.names_script(text) or "<" in text[1:]):
        return Kind.SCRIPT
    target = text.partition("url=")[2] or re.split(r"[;,]", text, maxsplit=1)[-1]
    return first_kind([target.lstrip("\"'`")], weeding)


def judge_style(value: str, weeding: Weeding) -> Kind | None:
    """What goes with a style sheet, if anything."""
    for reading in styles.readings(value):
        if weeding.strip_script_tags and styles.runs_script(reading):
            return Kind.SCRIPT
        if (kind := first_kind(styles.urls(reading), weeding)) is not None:
            return kind
    return None


def first_kind(found: Iterable[str], weeding: Weeding) -> Kind | None:
    """What the first of these `bare` URLs is that must go."""
    for url in found:
        if weeding.strip_script_tags and urls.runs_script(url):
            return Kind.SCRIPT
        if weeding.strip_ftp_links and urls.is_ftp(url):
            return Kind.FTP_LINK
        if weeding.strip_port_strings and urls.has_port(url):
            return Kind.PORT_STRING
    return None


def _possible_urls(value: str) -> Iterator[str]:
    """The value as one URL, and as a list of them."""
    yield urls.bare(value)
    if len(value) < _SPLIT_BELOW:
        pieces = _BLANKS.split(value.strip())
        if len(pieces) > 1:
            yield from map(urls.bare, pieces)
