"""What a change is about: messages as a query, and the host that the cursor points at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spooltool.query import parse_text


@dataclass(frozen=True, slots=True)
class Target:
    """Query words as a command line has them, and how many messages they meant when asked.

    No words mean nothing, but with `everything` every message.  `host` is the destination
    under the cursor, `suspended` the pattern of the order that keeps its mail back; "" for
    none.  `txn` is a transaction.
    """

    words: tuple[str, ...] = ()
    count: int = 0
    everything: bool = False
    host: str = ""
    suspended: str = ""
    txn: str = ""


def words_of(text: str, but: Iterable[str] = ()) -> tuple[str, ...]:
    """A filter as query words, without the messages `but`.  Raises QueryError.

    What is excepted is excepted from all of it: `not` binds closer than `or`.
    """
    excepted = " or ".join(but)
    if not excepted:
        return parse_text(text).arguments()
    if not text.strip():
        return parse_text(f"not ({excepted})").arguments()
    return parse_text(f"({text}) not ({excepted})").arguments()


def of_messages(numbers: Sequence[str], *, host: str = "", suspended: str = "") -> Target:
    """These messages, by their numbers; and where the cursor is."""
    return Target(tuple(numbers), len(numbers), host=host, suspended=suspended)


def of_filter(
    text: str, but: Sequence[str], count: int, *, host: str = "", suspended: str = ""
) -> Target:
    """All that a filter means, `but` for some; `count` are listed.  Raises QueryError."""
    words = words_of(text, but)
    return Target(words, count, everything=not words, host=host, suspended=suspended)
