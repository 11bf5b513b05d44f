"""Sparklines, and what a terminal without UTF-8 gets."""

from __future__ import annotations

import pytest

from spooltool.tui.glyphs import ASCII, UNICODE, Glyphs, glyphs_for_terminal


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((), ""),
        ((0, 0, 0), ""),
        ((1, 2, 4, 8), "▁▂▄█"),
        ((0, 8), " █"),
        ((1, 1_000_000), "▁█"),
        ((9, 9, 9, 9, 9, 9), "████"),
    ],
)
def test_a_sparkline_has_the_last_values_as_heights(values: tuple[int, ...], drawn: str) -> None:
    assert UNICODE.spark(values, 4) == drawn


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((), ""),
        ((0, 0), ""),
        ((1000,), ""),
        ((1000, 1000, 1000), "███"),
        ((1000, 1025, 1050), "▁▅█"),
        ((1000, 5000, 9000), "▁▅█"),
        ((10_000, 10_001), "██"),
        ((3, 4, 5), "▃▆█"),
    ],
)
def test_a_trend_is_how_it_changed_and_a_small_change_is_small(
    values: tuple[int, ...], drawn: str
) -> None:
    assert UNICODE.trend(values, 4) == drawn


def test_ascii_is_ascii() -> None:
    assert ASCII.line.isascii() and ASCII.bar.isascii() and ASCII.steps.isascii()
    assert ASCII.spark((1, 5, 7), 3) == ".+#"
    assert ASCII.drawn("Grüße 日本") == "Gr??e ??"
    assert UNICODE.drawn("Grüße") == "Grüße"


@pytest.mark.parametrize(
    ("variables", "glyphs"),
    [
        ({"LANG": "de_DE.UTF-8"}, UNICODE),
        ({"LANG": "C.utf8"}, UNICODE),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, ASCII),
        ({"LC_CTYPE": "en_US.ISO-8859-1"}, ASCII),
        ({"LANG": "POSIX"}, ASCII),
    ],
)
def test_the_locale_decides(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], glyphs: Glyphs
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert glyphs_for_terminal() == glyphs
