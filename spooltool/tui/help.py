"""`?`: what every key and pane does, from the docstrings of what does it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from spooltool.query.grammar import GRAMMAR, KEYWORDS
from spooltool.render.text import fit, wrapped
from spooltool.tui.grid import Grid
from spooltool.tui.spans import Span, Spans

_KEY = 9

Said: TypeAlias = Sequence[tuple[str, str]]
"""Keys as they are shown, with what they do."""


class HelpText(Grid):
    """The help as lines to scroll."""

    pointed = False

    def __init__(self, lines: Sequence[Spans]) -> None:
        super().__init__(id="help-text")
        self._lines = lines

    @property
    def count(self) -> int:
        """The lines."""
        return len(self._lines)

    def row(self, row: int, width: int) -> Spans:
        """One of them."""
        return self._lines[row]


class HelpScreen(ModalScreen[None]):
    """Keys, panes, the query language."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", show=False)
    ]

    def __init__(self, look: Said, change: Said, width: int) -> None:
        super().__init__()
        self._lines = help_lines(look, change, width)

    def compose(self) -> ComposeResult:
        """The text."""
        yield HelpText(self._lines)


def help_lines(look: Said, change: Said, width: int) -> list[Spans]:
    """Every key with its words, then the query language."""
    lines: list[Spans] = [[(" Keys that look: they change nothing", "title")]]
    for shown, text in look:
        if text and not (shown.isdigit() and shown != "1"):
            lines += _entry(shown, text, width)
    lines += _entry("j k", "Down and up; also the arrows, PgUp, PgDn, Home, End.", width)
    if change:
        lines += [[], [(" Keys that change: each shows its plan first, and asks", "title")]]
        for shown, text in change:
            lines += _entry(shown, text, width)
    lines += [[], [(" The filter: words and fields; several mean and", "title")]]
    for keyword in KEYWORDS:
        lines += _entry(keyword.word, keyword.meaning, width, 12)
    for field in GRAMMAR:
        slow = "  (slow: reads the messages)" if field.slow else ""
        lines += _entry(field.name + ":", f"{field.meaning}: {field.example}{slow}", width, 12)
    lines += _entry("or not ()", "either; everything but; a group", width, 12)
    return [*lines, [], [(" Esc closes this", "dim")]]


def documented(owner: object, action: str) -> str:
    """The docstring of an action, in one line."""
    method = getattr(owner, f"action_{action.partition('(')[0]}", None)
    return " ".join((inspect.getdoc(method) or "").split()) if method else ""


def _entry(key: str, text: str, width: int, column: int = _KEY) -> list[Spans]:
    first, *more = wrapped(text, max(20, width - column - 5))
    head: list[Span] = [("  " + fit(key, column) + " ", "key"), (first, "")]
    return [head, *([(" " * (column + 3) + line, "")] for line in more)]
