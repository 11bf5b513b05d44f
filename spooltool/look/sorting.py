"""`--sort KEY`: other orders than the queue's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spooltool.diagnose.row import Row
from spooltool.errors import UsageError
from spooltool.render.text import visible

_FAR = float("inf")


def _number(value: float | None) -> float:
    return _FAR if value is None else value


_KEYS: dict[str, Callable[[Row], Any]] = {
    "age": lambda row: -_number(row.age) if row.age is not None else _FAR,
    "size": lambda row: row.size,
    "attempts": lambda row: _number(row.attempts),
    "next": lambda row: _number(row.next_try),
    "dst": lambda row: [str(host) for host in row.hosts],
    "rcpt": lambda row: [address.rpartition("@")[::-1] for address in row.recipients],
    "from": lambda row: (row.sender or "").rpartition("@")[::-1],
    "reason": lambda row: row.reason or row.standing,
    "id": lambda row: (len(row.id), row.id),
}
SORT_KEYS = ", ".join(_KEYS)


def sort_key(name: str | None) -> Callable[[Row], Any]:
    """The sort key of a row; the queue's order where two are equal.  Raises UsageError."""
    if name is None:
        return lambda row: row.key
    by = _KEYS.get(name.removeprefix("-"))
    if by is None:
        raise UsageError(f"--sort {visible(name)}: no such key", hint=f"one of {SORT_KEYS}")
    return lambda row: (by(row), row.key)
