"""The head of an ICAP answer: status line, fields, and where the encapsulated parts begin.

RFC 3507 4.3 and 4.4.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

HEAD_END = b"\r\n\r\n"
LONGEST_HEAD = 64 * 1024
"""Octets of a head, ICAP's or an encapsulated one."""

HEADER_PARTS = ("req-hdr", "res-hdr")
BODY_PARTS = ("req-body", "res-body", "opt-body", "null-body")

_STATUS = re.compile(r"ICAP/1\.[0-9] ([1-5][0-9]{2})(?: (.*))?")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)")
_PART = re.compile(r"([a-z]+-[a-z]+)=([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class IcapHead:
    """Status and fields; names in lower case, folded lines kept apart by LF."""

    status: int
    reason: str
    fields: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Every value of a field, by its name in lower case."""
        return [value for key, value in self.fields if key == name]

    def get(self, name: str) -> str:
        """The first value of a field, "" for none."""
        return next(iter(self.all(name)), "")

    @property
    def closes(self) -> bool:
        """Whether the server will close the connection."""
        return any("close" in value.lower() for value in self.all("connection"))


@dataclass(frozen=True, slots=True)
class Part:
    """One encapsulated part: its name and its length; that of a body is not known."""

    name: str
    length: int = 0


def parse_head(raw: bytes) -> IcapHead | None:
    """Read a head without its blank line; None when it is none."""
    first, *lines = raw.decode("utf-8", "backslashreplace").split("\r\n")
    status = _STATUS.fullmatch(first)
    fields = parse_fields(lines)
    if status is None or fields is None:
        return None
    return IcapHead(int(status[1]), (status[2] or "").strip(), fields)


def parse_fields(lines: list[str]) -> tuple[tuple[str, str], ...] | None:
    """Fields of a head's lines; None when a line is none."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = name, f"{value}\n{line.strip()}"
        elif found := _FIELD.fullmatch(line):
            fields.append((found[1].lower(), found[2].strip()))
        else:
            return None
    return tuple(fields)


def parts_of(head: IcapHead) -> tuple[Part, ...] | None:
    """The encapsulated parts in their order; () for no such field, None for nonsense.

    Offsets count from the first part and rise; one body part, or null-body, is the last.
    """
    values = head.all("encapsulated")
    if not values:
        return ()
    found = [_PART.fullmatch(item.strip()) for item in values[0].split(",")]
    named = [(item[1], int(item[2])) for item in found if item is not None]
    if len(values) > 1 or len(named) != len(found) or not _in_order(named):
        return None
    ends = [offset for _, offset in named[1:]]
    parts = [Part(name, end - offset) for (name, offset), end in zip(named[:-1], ends, strict=True)]
    return (*parts, Part(named[-1][0]))


def _in_order(named: list[tuple[str, int]]) -> bool:
    names = [name for name, _ in named]
    offsets = [offset for _, offset in named]
    return (
        names[-1] in BODY_PARTS
        and all(name in HEADER_PARTS for name in names[:-1])
        and len(set(names)) == len(names)
        and offsets[0] == 0
        and all(one < next_one for one, next_one in pairwise(offsets))
        and offsets[-1] <= 2 * LONGEST_HEAD
    )
