"""Contrast, by the formula of WCAG 2.1: 4.5:1 for every style on every ground it stands on."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from spooltool.tui.spans import STYLES
from spooltool.tui.themes import THEME_NAMES, THEMES

INKS = [style for style in STYLES if not style.startswith("heat")]
GROUNDS = ("background", "row-cursor", "row-cursor-away")


def ground_of(theme: Theme, name: str) -> Color:
    text = theme.background if name == "background" else theme.variables[name]
    assert text is not None
    return Color.parse(text)


@pytest.mark.parametrize("theme", THEMES, ids=THEME_NAMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", [*INKS, "foreground"])
def test_a_style_can_be_read_on_each_ground(theme: Theme, ground: str, ink: str) -> None:
    text = theme.foreground if ink == "foreground" else theme.variables[f"ink-{ink}"]
    assert text is not None
    assert Color.parse(text).get_contrast_text  # a colour that Textual knows
    assert contrast(Color.parse(text), ground_of(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=THEME_NAMES)
@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_number_can_be_read_on_each_heat(theme: Theme, level: int) -> None:
    assert theme.foreground is not None
    ground = Color.parse(theme.variables[f"heat-{level}"])
    assert contrast(Color.parse(theme.foreground), ground) >= 4.5


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Color) -> float:
    red, green, blue = (linear(part / 255) for part in colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def test_the_formula() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#767676"), Color.parse("#ffffff")) == pytest.approx(4.54, abs=0.01)
