"""The wildcards of rules and resources, compiled.  Pure.

    *      any text, also none
    +      exactly one character
    {a,b}  either; blanks around the members count for nothing, braces nest
    \\      the next character as it is

Letter case counts for nothing (docs/decisions/wildcards.md).  On the right side of a
rewriting `&` is what the first `*` matched, a second `&` what the second one did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

MOST = 10_000
"""Alternatives that the braces of one pattern may come to."""

_FLAGS = re.IGNORECASE | re.DOTALL


class BadPattern(ValueError):
    """What is wrong with a pattern, for the person who wrote it; `column` counts from 1."""

    def __init__(self, text: str, column: int) -> None:
        super().__init__(f"{text} (column {column})")
        self.column = column


@dataclass(frozen=True, slots=True)
class _Star:
    pass


@dataclass(frozen=True, slots=True)
class _One:
    pass


_Piece = str | _Star | _One
_Flat = tuple[_Piece, ...]


class Pattern:
    """A pattern of wildcards; make it with `compile_pattern`.

    `text` is as written.  `stars` is the number of `*` that a match can have at most.
    Time is linear in the value for each `*`, whatever the pattern.
    """

    __slots__ = ("_flats", "_one", "_rewriters", "stars", "text")

    def __init__(self, text: str, flats: tuple[_Flat, ...]) -> None:
        self.text = text
        self.stars = max(sum(isinstance(piece, _Star) for piece in flat) for flat in flats)
        self._flats = flats
        self._one = re.compile("|".join(_regex(flat) for flat in flats), _FLAGS)
        self._rewriters: tuple[re.Pattern[str], ...] | None = None

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def any(self) -> bool:
        """Whether it matches every text."""
        return any(set(flat) == {_Star()} for flat in self._flats)

    def matches(self, value: str) -> bool:
        """Whether the whole value is described."""
        return self._one.fullmatch(value) is not None

    def found(self, value: str) -> tuple[str, ...] | None:
        """What each `*` matched, in order; None when the value is not described.

        The first alternative that fits counts.  Each `*` but the last takes as little as
        it can.
        """
        if not self.matches(value):
            return None
        if self._rewriters is None:
            self._rewriters = tuple(re.compile(_regex(flat), _FLAGS) for flat in self._flats)
        matches = (rewriter.fullmatch(value) for rewriter in self._rewriters)
        return next(match.groups() for match in matches if match)


@dataclass(frozen=True, slots=True)
class Replacement:
    """The right side of a rewriting: text with a hole for each `&`.

    Make it with `compile_replacement`.  Empty text means deletion where deletion is meant.
    """

    text: str
    pieces: tuple[str, ...]

    @property
    def holes(self) -> int:
        """How often `&` stands in it."""
        return len(self.pieces) - 1

    def fill(self, found: tuple[str, ...]) -> str:
        """The replacement with what the `*` matched; "" where there was no such `*`."""
        out = [self.pieces[0]]
        for number, piece in enumerate(self.pieces[1:]):
            out += [found[number] if number < len(found) else "", piece]
        return "".join(out)


@lru_cache(maxsize=4096)
def compile_pattern(text: str) -> Pattern:
    """Compile a pattern.  Raises BadPattern with a text for people."""
    pieces, at = _sequence(text, 0, depth=0)
    if at < len(text):
        raise BadPattern("a } without its {", at + 1)
    return Pattern(text, pieces)


@lru_cache(maxsize=4096)
def compile_replacement(text: str) -> Replacement:
    """Compile the right side of a rewriting.  Raises BadPattern."""
    pieces, held, at = [], "", 0
    while at < len(text):
        ch = text[at]
        if ch == "\\":
            held += _quoted(text, at)
            at += 2
            continue
        if ch == "&":
            pieces.append(held)
            held = ""
        else:
            held += ch
        at += 1
    return Replacement(text, (*pieces, held))


def _sequence(text: str, at: int, *, depth: int) -> tuple[tuple[_Flat, ...], int]:
    """The alternatives from `at` to the end, or to what ends a member of braces."""
    flats: tuple[_Flat, ...] = ((),)
    while at < len(text):
        ch = text[at]
        if ch == "}" or (ch == "," and depth):
            break
        start = at
        choices: Iterable[_Flat]
        if ch == "{":
            choices, at = _braces(text, at, depth=depth + 1)
        elif ch == "\\":
            choices, at = ((_quoted(text, at),),), at + 2
        else:
            choices, at = ((_piece(ch),),), at + 1
        flats = _joined(flats, tuple(choices), start)
    return flats, at


def _braces(text: str, opened: int, *, depth: int) -> tuple[tuple[_Flat, ...], int]:
    if depth > 10:
        raise BadPattern("braces nested deeper than 10", opened + 1)
    choices: list[_Flat] = []
    at = opened + 1
    while True:
        flats, end = _sequence(text, at, depth=depth)
        if end == len(text):
            raise BadPattern("a { without its }", opened + 1)
        for flat in flats:
            member = _trimmed(flat)
            if not member:
                raise BadPattern("an empty member between braces", at + 1)
            choices.append(member)
        at = end + 1
        if text[end] == "}":
            return tuple(choices), at


def _joined(flats: tuple[_Flat, ...], choices: tuple[_Flat, ...], at: int) -> tuple[_Flat, ...]:
    if len(flats) * len(choices) > MOST:
        raise BadPattern(f"more than {MOST} alternatives", at + 1)
    return tuple(tuple(_merged((*flat, *choice))) for flat in flats for choice in choices)


def _merged(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Runs of text as one piece, runs of `*` as one `*`."""
    held: _Piece | None = None
    for piece in pieces:
        if isinstance(held, str) and isinstance(piece, str):
            held += piece
            continue
        if isinstance(held, _Star) and isinstance(piece, _Star):
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _trimmed(flat: _Flat) -> _Flat:
    pieces = list(flat)
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip(" \t")
    if pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip(" \t")
    return tuple(piece for piece in pieces if piece != "")


def _piece(ch: str) -> _Piece:
    if ch == "*":
        return _Star()
    return _One() if ch == "+" else ch


def _quoted(text: str, at: int) -> str:
    if at + 1 == len(text):
        raise BadPattern("a \\ with nothing behind it", at + 1)
    return text[at + 1]


def _regex(flat: _Flat) -> str:
    """One alternative; each `*` is a group.

    What lies between two `*` has one length, so the first place that fits is as good as any
    other: all but the last `*` are atomic, and nothing is tried again.
    """
    segments: list[str] = [""]
    for piece in flat:
        if isinstance(piece, _Star):
            segments.append("")
        else:
            segments[-1] += "." if isinstance(piece, _One) else re.escape(piece)
    first, *middle = segments
    if not middle:
        return first
    *inner, last = middle
    return first + "".join(f"(?>(.*?){segment})" for segment in inner) + f"(.*){last}"
