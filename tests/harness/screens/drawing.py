"""A screenshot as a file that can be kept: no foreign font, no changing names, small.

The export names everything after a checksum, loads a font from a network, draws the ground
once for each word, and writes each blank as six bytes.
"""

from __future__ import annotations

import html
import re
from collections import Counter

from rich.cells import cell_len

_CELL = 12.2
_FONT = "ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"
_BAR = 32
_HEIGHTS = re.compile(
    r'(viewBox="0 0 [0-9.]+ |(?<=stroke-width="1") x="1" y="1" width="[0-9.]+" height=")([0-9.]+)"'
)
_INSTEAD = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"@font-face \{.*?\}\s*", ""),
        (r"\s*<!--.*?-->", ""),
        (r"terminal-[0-9]+-", ""),
        (r'<clipPath id="line-[0-9]+">.*?</clipPath>\s*', ""),
        (r' clip-path="url\(#line-[0-9]+\)"', ""),
        (r"\.title \{.*?\}\s*", ""),
        (r"Fira Code, monospace", _FONT),
        (r"<style>", "<style>\ntext { white-space: pre }"),
        (r"&#160;", " "),
        (r"rgba\(255,255,255,0.35\)", "#888888"),
        (r'<g class="matrix">', '<g class="matrix" xml:space="preserve">'),
    )
)
"""What is taken out, and what stands in its place."""

_RECT = re.compile(
    r'<rect fill="([^"]*)" (x="[^"]*" y="[^"]*" width="[^"]*" height="[^"]*")[^>]*/>'
)
_TEXT = re.compile(
    r'<text class="(r[0-9]+)" x="([^"]*)" y="([^"]*)" textLength="[^"]*">(.*?)</text>'
)


def drawn(exported: str) -> str:
    """The picture out of what `export_screenshot` gives."""
    text = exported
    for pattern, words in _INSTEAD:
        text = pattern.sub(words, text)
    text = _TEXT.sub(_word, text)
    text = _with_one_ground(_without_bar(text))
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def _without_bar(text: str) -> str:
    """A frame alone: no title bar with buttons."""
    text = re.sub(r'<text class="title".*?</text>', "", text)
    text = re.sub(r'<g transform="translate\(26,22\)">.*?</g>', "", text, flags=re.DOTALL)
    text = text.replace("translate(9, 41)", "translate(9, 9)")
    return _HEIGHTS.sub(lambda found: f'{found[1]}{float(found[2]) - _BAR:g}"', text)


def _word(found: re.Match[str]) -> str:
    """A word on a line of its own, as wide as its cells are, blanks around it left out."""
    style, x, y, text = found.groups()
    plain = html.unescape(text).rstrip("\n")
    shown = plain.strip(" ")
    at = float(x) + _CELL * (len(plain) - len(plain.lstrip(" ")))
    if not shown:
        return ""
    words = html.escape(shown, quote=False)
    place = f'x="{at:g}" y="{y}" textLength="{_CELL * cell_len(shown):g}"'
    return f'\n<text class="{style}" {place}>{words}</text>'


def _with_one_ground(text: str) -> str:
    """The commonest ground is painted once, as wide as the frame."""
    areas: Counter[str] = Counter()
    for fill, place in _RECT.findall(text):
        width = re.search(r'width="([^"]*)"', place)
        areas[fill] += round(float(width[1])) if width else 0
    if not areas:
        return text
    ground = areas.most_common(1)[0][0]
    frame = re.compile(r'<rect fill="#[0-9a-f]{6}" stroke=')
    text = frame.sub(f'<rect fill="{ground}" stroke=', text, count=1)

    def kept(found: re.Match[str]) -> str:
        return "" if found[1] == ground else f'\n<rect fill="{found[1]}" {found[2]}/>'

    return _RECT.sub(kept, text)
