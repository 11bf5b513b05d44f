"""Lines of a pane: words, each with the name of a style.

A style is a name of `STYLES`, never a colour: what it looks like is a matter of the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

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
