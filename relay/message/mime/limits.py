"""How much of structure is read; beyond it a message is ambiguous."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Parts in all, levels of nesting, levels of encoded messages, defects in all.

    `header` is the size of one header block in bytes, `fields` its number of fields,
    `names` the characters of all readings of names.
    """

    parts: int = 10_000
    depth: int = 100
    encoded: int = 3
    defects: int = 1000
    header: int = 256 * 1024
    fields: int = 1000
    names: int = 1024 * 1024


DEFAULT_LIMITS = Limits()


@dataclass(slots=True)
class Spent:
    """What of it a message has used, the messages encoded in it included."""

    parts: int = 0
    defects: int = 0
    names: int = 0
