"""relay.toml cut into statements, so that every mistake is told with its line.

`tomllib` gives values without lines and stops at the first syntax error.  Each statement
is therefore found here by the tokens of TOML and parsed by itself: a mistake in one does
not hide the next.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+)"
    r"|(?P<comment>#[^\n]*)"
    r"|(?P<newline>\n)"
    r'|(?P<long>"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^\']|\'(?!\'\'))*\'{3,5})'
    r'|(?P<unclosed>"""|\'\'\')'
    r'|(?P<string>"(?:[^"\\\n]|\\[^\n])*"|\'[^\'\n]*\')'
    r"|(?P<open>[\[{])"
    r"|(?P<close>[\]}])"
    r"|(?P<comma>,)"
    r"|(?P<word>[^\s#\"'\[\]{},]+)"
    r"|(?P<odd>.)",
    re.DOTALL,
)
_KEY = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_BEGINS = re.compile(
    rf"[ \t]*(?:{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*[ \t]*="
    r"|\[\[?[ \t]*(?!(?:true|false|inf|nan)\b)[A-Za-z_][A-Za-z0-9_.-]*"
    r"(?:\"[^\"\n]*\")?[ \t]*\]\]?[ \t]*(?:#.*)?$)",
    re.MULTILINE,
)
_WHERE = re.compile(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One `key = value` or one table header.

    `line` counts from 1.  `members` are the lines where the members of an array begin.
    """

    line: int
    text: str
    members: tuple[int, ...] = ()

    @property
    def header(self) -> bool:
        """Whether it opens a table."""
        return self.text.lstrip(" \t").startswith("[")


@dataclass(frozen=True, slots=True)
class SyntaxMistake:
    """A statement that TOML does not allow."""

    line: int
    text: str


def statements(text: str) -> Iterator[Statement]:
    """The statements of a document, in order; any text gives some.

    A statement ends with its line, or where its brackets close; one whose brackets never
    close ends before the next line that begins like a statement.
    """
    start, first, line, depth = 0, 0, 1, 0
    members: list[int] = []
    expects = False
    for token in _TOKEN.finditer(text):
        kind, at = token.lastgroup, token.start()
        if kind == "newline":
            line += 1
            ended = depth == 0 or _BEGINS.match(text, token.end())
            if first and ended:
                yield Statement(first, text[start:at], tuple(members))
            if not first or ended:
                start, first, depth, members, expects = token.end(), 0, 0, [], False
            continue
        if kind in ("blank", "comment"):
            continue
        first = first or line
        if kind == "unclosed":
            yield Statement(first, text[start:])
            return
        if kind == "close":
            depth = max(0, depth - 1)
            expects = expects and depth > 0
        elif kind == "comma":
            expects = expects or depth == 1
        else:
            if expects and depth == 1:
                members.append(line)
                expects = False
            if kind == "open":
                depth += 1
                expects = expects or depth == 1
        line += text.count("\n", at, token.end())
    if first:
        yield Statement(first, text[start:], tuple(members))


def parse(statement: Statement) -> tuple[str, object] | SyntaxMistake:
    """The key of a statement and its value: a header's value is a table."""
    try:
        found = tomllib.loads(statement.text)
    except tomllib.TOMLDecodeError as error:
        return _mistake(statement, str(error))
    except RecursionError:
        return SyntaxMistake(statement.line, "nested too deep")
    (name, value), *_ = found.items()
    return name, value


def _mistake(statement: Statement, text: str) -> SyntaxMistake:
    match = _WHERE.match(text)
    if match is None:
        return SyntaxMistake(statement.line, text)
    if match[2] is None:
        return SyntaxMistake(statement.line, _lower(match[1]))
    return SyntaxMistake(statement.line + int(match[2]) - 1, _lower(match[1]))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
