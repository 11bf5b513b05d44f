"""The few characters that are drawn besides words, in Unicode and in ASCII.

A terminal whose locale is not UTF-8 gets printable ASCII alone.
"""

from __future__ import annotations

import locale
import os
from typing import NamedTuple


class Glyphs(NamedTuple):
    """`line` fills a title, `bar` a bar, `steps` are the heights of a sparkline, lowest first."""

    ascii: bool
    line: str
    bar: str
    steps: str

    def drawn(self, text: str) -> str:
        """Text as this terminal can show it: `?` for each character that it has no form of."""
        if not self.ascii or text.isascii():
            return text
        return "".join(ch if ch.isascii() else "?" for ch in text)

    def spark(self, values: tuple[int, ...], width: int) -> str:
        """The last values as heights, the largest the highest; "" when nothing ever happened."""
        shown = values[-width:]
        most = max(shown, default=0)
        if not most:
            return ""
        top = len(self.steps) - 1
        return "".join(self.steps[-(-value * top // most)] for value in shown)

    def trend(self, values: tuple[int, ...], width: int) -> str:
        """The last values of what is mostly large: how it changed, more than how large it is;
        "" before there are two.

        The full height is from the least to the largest, or a twentieth of the largest
        where that is more, so that a small change stays small.
        """
        shown = values[-width:]
        most = max(shown, default=0)
        if not most or len(shown) < 2:
            return ""
        base = min(*shown, most - most // 20)
        return self.spark(tuple(value - base + 1 for value in shown), width)


UNICODE = Glyphs(False, "─", "█", " ▁▂▃▄▅▆▇█")
ASCII = Glyphs(True, "-", "#", " .:-=+*#")


def glyphs_for_terminal() -> Glyphs:
    """By the locale of this process."""
    for variable in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = os.environ.get(variable)
        if value:
            named = value.upper().replace("-", "")
            return UNICODE if named.endswith("UTF8") or ".UTF8" in named else ASCII
    encoding = locale.getpreferredencoding(False).upper().replace("-", "")
    return UNICODE if encoding == "UTF8" else ASCII
