"""A header block before and after rewriting, field by field."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from relay.message.headers import fields


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field as it came and as it is sent on, both as written; b"": it is not there."""

    before: bytes
    after: bytes


def header_diff(before: bytes, after: bytes) -> tuple[FieldChange, ...]:
    """The fields that differ, in the order in which they came.  Linear in the size of both.

    Of several fields with one name a changed one stands beside the first new one of that name.
    """
    return () if before == after else tuple(_changes(_texts(before), _texts(after)))


def _changes(
    before: list[tuple[bytes, bytes]], after: list[tuple[bytes, bytes]]
) -> Iterator[FieldChange]:
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    new: defaultdict[bytes, deque[bytes]] = defaultdict(deque)
    for one in after:
        if come[one] > 0:
            come[one] -= 1
            new[one[0]].append(one[1])
    for one in before:
        if gone[one] > 0:
            gone[one] -= 1
            waiting = new[one[0]]
            yield FieldChange(one[1], waiting.popleft() if waiting else b"")
    for texts in new.values():
        yield from (FieldChange(b"", text) for text in texts)


def _texts(block: bytes) -> list[tuple[bytes, bytes]]:
    return [(one.name.lower(), block[one.start : one.end]) for one in fields(block)]
