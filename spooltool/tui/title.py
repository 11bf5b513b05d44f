"""The line above a pane."""

from __future__ import annotations

from functools import lru_cache

from spooltool.render.text import fit
from spooltool.tui.glyphs import Glyphs
from spooltool.tui.spans import Spans


@lru_cache(256)
def title_line(title: str, width: int, glyphs: Glyphs) -> Spans:
    """`- 2 DESTINATION x AGE -----`, as wide as its pane."""
    text = f"{glyphs.line} {title} "
    return [(fit(text, width) if len(text) >= width else text.ljust(width, glyphs.line), "title")]
