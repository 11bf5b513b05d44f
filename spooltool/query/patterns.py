"""Values of fields: patterns with `*`, ranges, numbers with units; and their text.

Numbers are whole: counts, bytes, seconds.  Each writer gives the shortest exact form,
which reads back as the same value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import AnyStr, NamedTuple

from spooltool.query.grammar import Kind

_DURATION = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_SIZE = {"G": 1 << 30, "M": 1 << 20, "K": 1 << 10, "": 1}
_DURATION_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)([smhdw])", re.IGNORECASE)
_SIZE_TEXT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?)([KMG]?)(?:i?B)?\Z", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,15}\Z")
_CODE = re.compile(r"[2-5][0-9][0-9]\Z")
_PLAIN = re.compile(r'[^\s"\\(),*<>]+\Z')

ADVICE: dict[Kind, str] = {
    Kind.COUNT: "a whole number",
    Kind.CODE: "a reply code between 200 and 599",
    Kind.SIZE: "a size: 1234, 48K, 5M, 1.5G",
    Kind.AGE: "a duration with its unit: 90s, 10m, 2h, 5d, 1h30m",
}
"""What a bad number of each kind should have been."""


class Pattern(NamedTuple):
    """Text to compare with, without regard to case: `parts` with anything between them.

    One part is the text itself.  `domain` says that it was written with `@` before it and
    is compared with the part of an address after its last `@`.
    """

    parts: tuple[str, ...]
    domain: bool = False

    @property
    def exact(self) -> str | None:
        """The text that this pattern is, or None when it has a `*`."""
        return self.parts[0].lower() if len(self.parts) == 1 else None

    def __str__(self) -> str:
        if self.parts == ("",) and not self.domain:
            return "<>"
        first, *rest = self.parts
        bare = not self.domain and bool(rest or first.lower() != "null") and first[:1] != "@"
        return "@" * self.domain + "*".join((quote(first, bare or self.domain), *map(quote, rest)))


def quote(text: str, bare: bool = True) -> str:
    """A part of a value as it is typed: as it is where that is safe, else in double quotes."""
    if not text or (bare and _PLAIN.match(text)):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def whole(pattern: Pattern) -> Callable[[str], bool]:
    """A test of whether a pattern covers all of a text (which is already in lower case)."""
    exact = pattern.exact
    if exact is not None:
        return exact.__eq__
    first, *middle, last = (part.lower() for part in pattern.parts)
    least = len(first) + len(last)

    def covers(text: str) -> bool:
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for part in middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return covers


def in_text(pattern: Pattern) -> Callable[[str], bool]:
    """A test of whether a pattern occurs in a text (which is already in lower case)."""
    return _in_order([part.lower() for part in pattern.parts if part])


def in_bytes(pattern: Pattern) -> Callable[[bytes], bool]:
    """A test of whether a pattern occurs in bytes (ASCII letters already in lower case)."""
    return _in_order(
        [part.encode("utf-8", "surrogateescape").lower() for part in pattern.parts if part]
    )


def _in_order(parts: list[AnyStr]) -> Callable[[AnyStr], bool]:
    def occur(data: AnyStr) -> bool:
        at = 0
        for part in parts:
            at = data.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True

    return occur


class Range(NamedTuple):
    """Numbers from `low` to `high`, both included; None is no limit on that side."""

    low: int | None
    high: int | None

    def text(self, kind: Kind) -> str:
        """As it is typed: `2h..5d`, `3..`, or one number."""
        low = "" if self.low is None else write_number(kind, self.low)
        high = "" if self.high is None else write_number(kind, self.high)
        return low if self.low == self.high and kind is not Kind.AGE else f"{low}..{high}"


def read_number(kind: Kind, text: str) -> int | None:
    """A number with its unit; None when it is none."""
    if kind is Kind.COUNT:
        return int(text) if _COUNT.match(text) else None
    if kind is Kind.CODE:
        return int(text) if _CODE.match(text) else None
    if kind is Kind.SIZE:
        match = _SIZE_TEXT.match(text)
        return _scaled(match[1], _SIZE[match[2].upper()]) if match else None
    if text == "0":
        return 0
    rest = _DURATION_PART.sub("", text)
    if not text or rest:
        return None
    return sum(
        _scaled(number, _DURATION[unit.lower()]) for number, unit in _DURATION_PART.findall(text)
    )


def write_number(kind: Kind, value: int) -> str:
    """A number in the largest unit that divides it."""
    if value == 0:
        return "0"
    units = _SIZE if kind is Kind.SIZE else _DURATION if kind is Kind.AGE else {"": 1}
    unit, scale = next(pair for pair in units.items() if value % pair[1] == 0 and value >= pair[1])
    return f"{value // scale}{unit}"


def _scaled(number: str, scale: int) -> int:
    whole_part, _, decimals = number.partition(".")
    fraction = int(decimals) * scale // 10 ** len(decimals) if decimals else 0
    return int(whole_part) * scale + fraction
