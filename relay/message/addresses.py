"""The addresses of an address field, by byte range (RFC 5322 3.4, and the obsolete 4.4).

Nothing is parsed and printed: what is found is where each addr-spec stands, so that it
alone can be replaced.  Display names, groups, comments, encoded words, routes and folding
are passed over.  One pass, each byte looked at once, whatever a sender writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise

_TOKEN = re.compile(
    rb"""
    (?P<blank>[ \t\r\n]++)
    | (?P<word>[^ \t\r\n"\\()\[\],:;<>@]++ | "(?:[^"\\]|\\.)*+")
    | (?P<literal>\[(?:[^\[\]\\]|\\.)*+\])
    | (?P<mark>[,:;<>@])
    | (?P<comment>\()
    | .""",
    re.VERBOSE | re.DOTALL,
)
_IN_COMMENT = re.compile(rb"\\.|[()]", re.DOTALL)
_QUOTED_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_DOT_ATOM = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\U0010ffff]+"
    r"(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\U0010ffff]+)*"
)


@dataclass(frozen=True, slots=True)
class AddrSpec:
    """An addr-spec at `value[start:end]`.

    `local` has no quotes, `domain` is as written; both are without blanks and comments
    that stood between their words, bytes that are no UTF-8 as surrogates.  `comments` are
    those that stood within the range.
    """

    start: int
    end: int
    local: str
    domain: str
    comments: bytes = b""


class Unreadable(Enum):
    """Why the rest of a field was not read."""

    OPEN = auto()
    """A comment, a quoted string, a literal or an angle bracket is not closed."""


def addresses(value: bytes) -> Iterator[AddrSpec | Unreadable]:
    """The addr-specs of an address field in order; `value` may be folded.

    `<>`, and what is no address, are passed over.  `Unreadable` comes last, if at all.
    """
    reading = _Reading(value)
    at = 0
    while at < len(value):
        token = _TOKEN.match(value, at)
        assert token is not None  # the last alternative takes any byte
        start, at = token.span()
        match token.lastgroup:
            case "word" | "literal":
                reading.words.append((start, at))
            case "mark":
                if (found := reading.mark(token[0], start)) is not None:
                    yield found
            case "comment":
                at = _end_of_comment(value, at)
                if not at:
                    yield Unreadable.OPEN
                    return
                reading.comments.append((start, at))
            case None:
                if token[0] in b'"[':
                    yield Unreadable.OPEN
                    return
                reading.odd = True
    if reading.angle:
        yield Unreadable.OPEN
    elif (found := reading.mark(b",", at)) is not None:
        yield found


def unquoted(local: str) -> str:
    """A local part without the quotes and backslashes of its quoted strings."""
    if '"' not in local:
        return local
    return _QUOTED_STRING.sub(lambda string: _PAIR.sub(r"\1", string[1]), local)


def joined(local: str, domain: str) -> str:
    """The addr-spec of an unquoted local part, which is quoted where it has to be."""
    if not _DOT_ATOM.fullmatch(local):
        local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{local}@{domain}"


@dataclass(slots=True)
class _Reading:
    """One member of the list while it is read.

    `words` may become an addr-spec, whose `@` stands before word number `at_sign`; `angle`
    tells that they stand between angle brackets, `done` that the member had brackets, `odd`
    that something came which is part of no address.
    """

    value: bytes
    words: list[tuple[int, int]] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    at_sign: int = -1
    angle: bool = False
    done: bool = False
    odd: bool = False

    def mark(self, mark: bytes, start: int) -> AddrSpec | None:
        """Take a special character; the addr-spec that it ends, if it ends one."""
        if mark == b"@":
            self.odd = self.odd or self.at_sign >= 0
            self.at_sign = len(self.words)
            return None
        ends = mark == b">" if self.angle else mark in b",;" and not self.done
        found = self._addr_spec() if ends else None
        if mark in b"<>":
            self.angle, self.done = mark == b"<", True
        elif not self.angle:
            self.done = False
        self.words, self.comments, self.at_sign, self.odd = [], [], -1, False
        return found

    def _addr_spec(self) -> AddrSpec | None:
        words, cut = self.words, self.at_sign
        if self.odd or not 0 < cut < len(words):
            return None
        local, domain = self._text(words[:cut]), self._text(words[cut:])
        if local is None or domain is None or '"' in domain:
            return None
        start, end = words[0][0], words[-1][1]
        inner = [self.value[low:high] for low, high in self.comments if start < low < end]
        return AddrSpec(start, end, unquoted(local), domain, b" ".join(inner))

    def _text(self, words: list[tuple[int, int]]) -> str | None:
        """Words that dots hold together, as one text; None where two have none between."""
        pieces = [self.value[start:end] for start, end in words]
        for last, this in pairwise(pieces):
            if not (last.endswith(b".") or this.startswith(b".")):
                return None
        text = b"".join(pieces).replace(b"\r", b"").replace(b"\n", b"")
        return text.decode("utf-8", "surrogateescape")


def _end_of_comment(value: bytes, at: int) -> int:
    """Where the comment whose bracket was opened before `at` ends; 0 where it does not."""
    depth = 1
    for found in _IN_COMMENT.finditer(value, at):
        if found[0] == b"(":
            depth += 1
        elif found[0] == b")":
            depth -= 1
            if not depth:
                return found.end()
    return 0
