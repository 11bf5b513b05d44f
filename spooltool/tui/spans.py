"""Lines of a pane: words, each with the name of a style.

A style is a name of `STYLES`, never a colour: what it looks like is a matter of the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from spooltool.render.text import CUT, columns, cut

Span: TypeAlias = tuple[str, str]
"""Visible text, and a name of STYLES ("" for plain text)."""

Spans: TypeAlias = Sequence[Span]

STYLES: dict[str, str] = {
    "dim": "of little weight",
    "title": "the title of a pane",
    "head": "headings of columns",
    "strong": "what the eye should find first",
    "good": "well, delivered, up",
    "warn": "may need a look: waiting, late, suspended",
    "bad": "needs a person: stuck, down, failed",
    "note": "a remark of the tool",
    "key": "a key that can be pressed",
    "tag": "a tagged row",
    "added": "a line that will be sent and was not received",
    "removed": "a line that was received and will not be sent",
    "found": "what a search found",
    "heat1": "a few of many",
    "heat2": "some of many",
    "heat3": "many",
    "heat4": "most",
}
"""Every style with its meaning."""


def text_of(spans: Spans) -> str:
    """The words alone."""
    return "".join(text for text, _ in spans)


def flow(spans: Spans, width: int, indent: int = 0) -> list[Spans]:
    """Lines of at most `width` columns, broken at line breaks and, where one can, at blanks.

    Lines but the first of each begin with `indent` blanks.
    """
    text = text_of(spans)
    lines: list[Spans] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        first = True
        while first or start < end:
            room = max(1, width - (0 if first else indent))
            stop = _break(text, start, end, room)
            piece = _slice(spans, start, stop)
            lines.append(piece if first or not indent else [(" " * indent, ""), *piece])
            first = False
            start = stop
        start = end + 1
    return lines


def _break(text: str, start: int, end: int, room: int) -> int:
    """Where the line that begins at `start` ends."""
    most = start + _fitting(text[start : min(end, start + room)], room)
    if most >= end:
        return end
    blank = text.rfind(" ", start + room // 2, most)
    return blank + 1 if blank >= 0 else max(most, start + 1)


def _fitting(text: str, room: int) -> int:
    """How many characters of a text fit so many columns."""
    if text.isascii():
        return len(text)
    width = 0
    for at, ch in enumerate(text):
        width += columns(ch)
        if width > room:
            return at
    return len(text)


def _slice(spans: Spans, start: int, stop: int) -> list[Span]:
    out: list[Span] = []
    at = 0
    for text, style in spans:
        low, high = max(start - at, 0), min(stop - at, len(text))
        if low < high:
            out.append((text[low:high], style))
        at += len(text)
        if at >= stop:
            break
    return out


def cut_spans(spans: Spans, width: int) -> list[Span]:
    """At most `width` columns of a line; what is too long ends in `~`."""
    text = text_of(spans)
    if columns(text) <= width:
        return list(spans)
    shown = _slice(spans, 0, len(cut(text, width)) - len(CUT))
    return [*shown, (CUT, shown[-1][1] if shown else "")] if width > 0 else []


def padded(spans: Spans, width: int) -> list[Span]:
    """A line with blanks behind it, so that it takes `width` columns."""
    missing = width - columns(text_of(spans))
    return [*spans, (" " * missing, "")] if missing > 0 else list(spans)


def at_right(left: Spans, right: Spans, width: int) -> list[Span]:
    """Two ends of a line; the left one is cut where both do not fit."""
    room = max(0, width - columns(text_of(right)) - 1)
    shown = cut_spans(left, room)
    gap = width - columns(text_of(shown)) - columns(text_of(right))
    return [*shown, (" " * max(0, gap), ""), *right]
