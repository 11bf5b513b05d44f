"""Text to words.  A word knows, for each of its characters, its column and its quoting.

Blanks divide words; double quotes protect everything but `\\"` and `\\\\`.  A parenthesis
groups where it opens a word, or closes more than the word has opened: `subject:(fwd)` is
one word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from spooltool.errors import QueryError

_BLANKS = " \t\r\n\f\v"


class Text(NamedTuple):
    """A stretch of a word: characters, a mask (`"` quoted, `.` bare), columns from 1.

    `columns` has one more entry than there are characters: where the stretch ends.
    """

    text: str
    mask: str
    columns: tuple[int, ...]

    @property
    def column(self) -> int:
        """Where it begins."""
        return self.columns[0]

    @property
    def bare(self) -> bool:
        """Whether nothing of it was quoted."""
        return '"' not in self.mask

    def find(self, characters: str) -> int:
        """Index of the first bare character of a set; -1 when there is none."""
        for index, character in enumerate(self.text):
            if character in characters and self.mask[index] == ".":
                return index
        return -1

    def cut(self, start: int, end: int | None = None) -> Text:
        """The part from `start` to before `end`."""
        stop = len(self.text) if end is None else end
        return Text(self.text[start:stop], self.mask[start:stop], self.columns[start : stop + 1])

    def split(self, character: str) -> list[Text]:
        """The parts between bare occurrences of a character."""
        parts, rest = [], self
        while (at := rest.find(character)) >= 0:
            parts.append(rest.cut(0, at))
            rest = rest.cut(at + 1)
        return [*parts, rest]


class Paren(NamedTuple):
    """A grouping parenthesis: `(` or `)`."""

    text: str
    column: int


Token = Text | Paren


def lex(text: str, column: int = 1) -> list[Token]:
    """Cut a text that begins at `column` into words and parentheses.

    Raises QueryError for a quote that nothing closes.
    """
    return list(_tokens(text, column))


def balanced(tokens: list[Token]) -> bool:
    """Whether the parentheses among the tokens pair up."""
    depth = 0
    for token in tokens:
        if isinstance(token, Paren):
            depth += 1 if token.text == "(" else -1
            if depth < 0:
                return False
    return depth == 0


def _tokens(text: str, column: int) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
        elif text[at] in "()":
            yield Paren(text[at], column + at)
            at += 1
        else:
            word, at = _word(text, at, column)
            yield word


def _word(text: str, start: int, column: int) -> tuple[Text, int]:
    out: list[str] = []
    mask: list[str] = []
    columns: list[int] = []
    at, depth = start, 0
    while at < len(text) and (character := text[at]) not in _BLANKS:
        if character == '"':
            at = _quoted(text, at, column, out, columns)
            mask += '"' * (len(out) - len(mask))
            continue
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        out.append(character)
        mask.append(".")
        columns.append(column + at)
        at += 1
    return Text("".join(out), "".join(mask), (*columns, column + at)), at


def _quoted(text: str, start: int, column: int, out: list[str], columns: list[int]) -> int:
    """Read from an opening quote; returns the index after the closing one."""
    at = start + 1
    while at < len(text):
        if text[at] == '"':
            return at + 1
        if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\"):
            at += 1
        out.append(text[at])
        columns.append(column + at)
        at += 1
    raise QueryError("this quote is never closed", column=column + start)
