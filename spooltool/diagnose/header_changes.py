"""What was done to the headers of a message, and by whom: its two header sets compared.

The file does not keep a list of changes.  It has both sets, the rule and the resource, and
the relay changes headers in two ways only: a rule rewrites or deletes fields, then the
relay's own Received line comes in front.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from typing import NamedTuple

_FIELD = re.compile(rb"(?m)^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_SIGNED = re.compile(rb"(?:\A|;)\s*+[hH]\s*+=([^;]*+)")
_SIGNATURE = b"dkim-signature"


class Done(Enum):
    """What was done to a field."""

    ADDED = "added"
    REWRITTEN = "rewritten"
    REMOVED = "removed"
    BROKEN = "broken"
    """A DKIM signature covers a field that was rewritten or removed (RFC 6376 3.5)."""


class HeaderChange(NamedTuple):
    """Fields, as their names are written, to which the same was done.

    `by` is "relay", the rule with its resource, or "" where the file names neither.
    """

    fields: tuple[str, ...]
    done: Done
    by: str


def header_changes(
    original: bytes, modified: bytes, rule: str | None, resource: str | None
) -> tuple[HeaderChange, ...]:
    """The changes from one header set to the other; empty where both are equal.

    `rule` is RULE and `resource` the name in RESOURCE.  Linear in the size of both.
    """
    if original == modified:
        return ()
    before, after = _fields(original), _fields(modified)
    removed, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    by = _culprit(rule, resource)
    found = []
    if after and after[0][0].lower() == b"received" and added[after[0]]:
        added[after[0]] -= 1
        found.append(HeaderChange((_shown(after[0][0]),), Done.ADDED, "relay"))
    gone, come = _names(before, removed), _names(after, added)
    rewritten = {name: shown for name, shown in come.items() if name in gone}
    for done, names in (
        (Done.REWRITTEN, rewritten),
        (Done.REMOVED, {name: shown for name, shown in gone.items() if name not in come}),
        (Done.ADDED, {name: shown for name, shown in come.items() if name not in gone}),
    ):
        if names:
            found.append(
                HeaderChange(tuple(names.values()), done, "" if done is Done.ADDED else by)
            )
    if not gone.keys().isdisjoint(_signed(after)):
        found.append(HeaderChange(("DKIM-Signature",), Done.BROKEN, by))
    return tuple(found)


def _fields(block: bytes) -> list[tuple[bytes, bytes]]:
    """Name and value, both as written, of each field."""
    found = _FIELD.findall(block.replace(b"\r\n", b"\n"))
    return [(name, value) for name, value in found]


def _names(
    fields: list[tuple[bytes, bytes]], among: Counter[tuple[bytes, bytes]]
) -> dict[bytes, str]:
    """Names in lower case with the first spelling of each, in the order of the block."""
    names: dict[bytes, str] = {}
    for field in fields:
        if among[field] > 0:
            names.setdefault(field[0].lower(), _shown(field[0]))
    return names


def _shown(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _culprit(rule: str | None, resource: str | None) -> str:
    """Rule 0 is that of a relay without rules, which rewrites nothing."""
    named = [f"rule {rule}"] if rule and rule != "0" else []
    if resource and resource != "none":
        named.append(f"resource {resource}")
    return ", ".join(named)


def _signed(fields: list[tuple[bytes, bytes]]) -> set[bytes]:
    """Names of the fields that the signatures among these cover."""
    names: set[bytes] = set()
    for name, value in fields:
        if name.lower() == _SIGNATURE:
            names.add(_SIGNATURE)
            for tag in _SIGNED.finditer(value):
                names |= {one.strip().lower() for one in tag[1].split(b":")}
    return names
