"""The parameters of Content-Type and Content-Disposition that matter, in all readings.

A reader that is strict, one that splits at each `;`, one that looks for `filename=`
anywhere: each finds what it finds, and what any of them finds is here.  Values are bytes
of a field with its folds left in as LF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST = 500
"""Parameters of one field that are read."""

LONGEST = 3000
"""Bytes of a file name that are read; beyond them it is a defect."""

_REACH = LONGEST + 1
_NAME = re.compile(
    rb"(filename|name|boundary|charset)([ \t\n]*+)(\*[0-9]{0,9})?(\*)?([ \t\n]*+)=([ \t\n]*+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*+)"([^;]*+)', re.DOTALL)
_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_COMMENT = re.compile(rb"\([^()]*+\)")
_BARE = re.compile(rb"[!#-'*+.-:=?-\[\]-~-]+\Z")
_JUNK = re.compile(rb"[\"'\\]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One occurrence of a parameter.

    `section` is its number (RFC 2231 3), -1 without one; `extended` that it is coded
    (RFC 2231 4).  `values` are its readings, the strict one first; `clean` tells that
    there is but one.
    """

    name: str
    section: int
    extended: bool
    values: tuple[bytes, ...]
    clean: bool
    odd_quotes: bool


def parameters(value: bytes) -> Iterator[Parameter]:
    """The occurrences of filename, name, boundary and charset, anywhere in a field's value.

    Ends after `MOST` + 1 of them; more than `MOST` is a defect.
    """
    for count, match in enumerate(_NAME.finditer(value)):
        if count > MOST:
            return
        rest = value[match.end() : match.end() + _REACH]
        values, clean, odd = _values(rest)
        section, star = match[3] or b"", match[4] or b""
        spaced = match[2] + match[5] + match[6]
        numbered = len(section) > 1
        yield Parameter(
            match[1].decode("ascii").lower(),
            int(section[1:]) if numbered else -1,
            bool(star or (section and not numbered)),
            values,
            clean and not (section or star or spaced) and _begins(value, match),
            odd,
        )


def _begins(value: bytes, match: re.Match[bytes]) -> bool:
    """Whether a parameter begins there for every reader.  Only a boundary is held to it."""
    if match[1].lower() != b"boundary":
        return True
    before = value[: match.start()].rstrip(b" \t\n")
    return before.endswith(b";") and not before.count(b'"') % 2 and b"\\" not in before


def _values(rest: bytes) -> tuple[tuple[bytes, ...], bool, bool]:
    """The readings of a value at the beginning of `rest`; whether one is all; broken quotes."""
    match = _QUOTED.match(rest)
    until = rest.partition(b";")[0].strip(b" \t\n")
    if match is not None:
        raw = match[1]
        clean = not match[2].strip(b" \t\n") and not (b"\\" in raw or b"\n" in raw)
        if clean and b";" not in raw:
            return (raw,), True, False
        found = [_PAIR.sub(rb"\1", raw), raw, until]
        if clean:
            return _distinct(found), False, False
    else:
        if _BARE.match(until):
            return (until,), True, False
        found = [until, until.split()[0] if until.split() else b"", *_COMMENT.split(until)]
    whole = rest.rstrip(b" \t\n;")
    found += [
        _uncommented(until),
        *(_JUNK.sub(b"", one) for one in (until, whole)),
        whole[: whole.rfind(b'"')] if b'"' in whole else b"",
        *until.split(b'"'),
    ]
    return _distinct(found), False, b'"' in until


def _distinct(found: list[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(found))


def _uncommented(text: bytes) -> bytes:
    """Without its comments, as deep as a person may nest them."""
    for _ in range(5):
        text, count = _COMMENT.subn(b"", text)
        if not count:
            break
    return text
