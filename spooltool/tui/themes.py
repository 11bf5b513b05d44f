"""Dark, light, high contrast: the same style names in other colours.

Every style has a contrast of at least 4.5:1 on the background and under the cursor (WCAG
2.1 1.4.3), which a test computes; what a colour says, a word or a character says, too.
"""

from __future__ import annotations

from textual.theme import Theme

_DARK = {
    "dim": "#a0a0a0",
    "title": "#8ab4f8",
    "head": "#b0b0b0",
    "strong": "#ffffff",
    "good": "#7fd88f",
    "warn": "#f0c674",
    "bad": "#ff8a80",
    "note": "#8fd3e8",
    "key": "#f0c674",
    "tag": "#f5a3ff",
    "added": "#7fd88f",
    "removed": "#ff8a80",
    "found": "#ffe082",
}
_HEAT = {
    "dark": ("#33201c", "#552a22", "#783426", "#963c2a"),
    "light": ("#fdeae6", "#fbd3ca", "#f6b5a8", "#f19a8b"),
    "contrast": ("#301000", "#552000", "#7a2e00", "#9c3b00"),
}
"""Grounds of cells that count few, some, many, most; the number stands on them in plain text."""
_LIGHT = {
    "dim": "#5c5c5c",
    "title": "#1a4fa0",
    "head": "#4a4a4a",
    "strong": "#000000",
    "good": "#0b6b2e",
    "warn": "#7a4b00",
    "bad": "#a31515",
    "note": "#0a5566",
    "key": "#7a4b00",
    "tag": "#7a1fa2",
    "added": "#0b6b2e",
    "removed": "#a31515",
    "found": "#6b4a00",
}
_CONTRAST = {
    "dim": "#d0d0d0",
    "title": "#ffffff",
    "head": "#ffffff",
    "strong": "#ffffff",
    "good": "#00ff66",
    "warn": "#ffff00",
    "bad": "#ff9d9d",
    "note": "#66ffff",
    "key": "#ffff00",
    "tag": "#ff9dff",
    "added": "#00ff66",
    "removed": "#ff9d9d",
    "found": "#ffff00",
}


def _theme(
    name: str, *, dark: bool, ground: str, text: str, cursor: str, away: str, styles: dict[str, str]
) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=styles["title"],
        secondary=styles["note"],
        accent=styles["key"],
        warning=styles["warn"],
        error=styles["bad"],
        success=styles["good"],
        foreground=text,
        background=ground,
        surface=ground,
        panel=away,
        variables={
            "row-cursor": cursor,
            "row-cursor-away": away,
            "scrollbar": styles["dim"],
            "scrollbar-background": away,
            **{f"ink-{style}": colour for style, colour in styles.items()},
            **{f"heat-{level}": ground for level, ground in enumerate(_HEAT[name], 1)},
        },
    )


THEMES: tuple[Theme, ...] = (
    _theme(
        "dark",
        dark=True,
        ground="#121212",
        text="#e0e0e0",
        cursor="#30364a",
        away="#24262e",
        styles=_DARK,
    ),
    _theme(
        "light",
        dark=False,
        ground="#fbfbf8",
        text="#1c1c1c",
        cursor="#dbe6fb",
        away="#ecefe8",
        styles=_LIGHT,
    ),
    _theme(
        "contrast",
        dark=True,
        ground="#000000",
        text="#ffffff",
        cursor="#00358f",
        away="#1c1c1c",
        styles=_CONTRAST,
    ),
)
"""In the order in which they are offered."""

THEME_NAMES = tuple(theme.name for theme in THEMES)
