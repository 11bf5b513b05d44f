"""smtp.conf, where 4.1 has the parameters of the SMTP Security Server.

No sample of it is public, so it is read leniently: `name value`, `name = value`,
`:name (value)`, one a line, `#` for comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"[ \t]*(?::(?P<node>[\w-]+)[ \t]*\([ \t]*(?P<inner>.*?)[ \t]*\)|"
    r"(?P<name>[\w-]+)(?:[ \t]*[=:][ \t]*|[ \t]+|$)(?P<value>.*?))[ \t]*$"
)
_FRAME = re.compile(r"[ \t]*(?:[()]|:?[\w-]*[ \t]*\([\w-]*)?[ \t]*$")


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter, its value as text, and its line."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that says nothing that is understood."""

    line: int
    text: str


def read_smtp_conf(text: str) -> tuple[Setting | Unread, ...]:
    """Every parameter in the order of the file, and every line that is none."""
    found: list[Setting | Unread] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0]
        if _FRAME.match(line):
            continue
        match = _LINE.match(line)
        if match is None:
            found.append(Unread(number, line.strip()))
            continue
        name = match["node"] or match["name"]
        value = match["inner"] if match["node"] else match["value"]
        found.append(Setting(name.replace("-", "_"), value.strip('"'), number))
    return tuple(found)
