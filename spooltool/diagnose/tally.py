"""Counts over many rows: by standing, by reason and host, by directory.

Two tallies of two halves of a spool add up to that of the whole; `packed` and `unpack`
carry one between processes.
"""

from __future__ import annotations

from typing import Any

from spooltool.diagnose.row import Row

BY_HOST = frozenset(("refused", "timeout", "unresolved", "put-off", "rejected", "tls"))
"""Reasons that are counted host by host: a person mends them host by host."""

MOST_NAMED = 20
"""So many files that cannot be read are named; the rest is counted."""

_ASIDE = frozenset(("held", "quarantined", "trashed"))
_USUAL_PORT = ":25"
_PACKED = (
    "total",
    "bytes",
    "standings",
    "places",
    "reasons",
    "oldest",
    "waiting_since",
    "touched",
    "written",
    "unreadable",
)


class Tally:
    """Counts of messages.  `bytes` are of all files, times are unix seconds.

    `standings` by standing, `places` by (directory, letter), `reasons` of stuck messages
    by (reason, host) with host "" for the reasons that have none.  `oldest` is the
    earliest ARRIVED (infinite when none), `waiting_since` that of what is not set aside,
    `touched` the newest sign of life in the files,
    `written` the newest mtime of those that have no ARRIVED.
    `unreadable` names files with the system's words.
    """

    __slots__ = _PACKED

    def __init__(self) -> None:
        self.total = 0
        self.bytes = 0
        self.standings: dict[str, int] = {}
        self.places: dict[tuple[str, str], int] = {}
        self.reasons: dict[tuple[str, str], int] = {}
        self.oldest = float("inf")
        self.waiting_since = float("inf")
        self.touched = 0.0
        self.written = 0.0
        self.unreadable: list[tuple[str, str]] = []

    def add(self, row: Row) -> None:
        """Count one message."""
        verdict = row.verdict
        word, reason = verdict.word, verdict.reason
        self.total += 1
        self.bytes += row.size
        self.standings[word] = self.standings.get(word, 0) + 1
        place = (row.dir, row.letter)
        self.places[place] = self.places.get(place, 0) + 1
        facts = row.facts
        arrived, last_try = facts.arrived, facts.last_try
        if arrived is None and row.arrived is not None:
            self.written = max(self.written, row.mtime)
            self.oldest = min(self.oldest, row.mtime)
            if word not in _ASIDE:
                self.waiting_since = min(self.waiting_since, row.mtime)
        if arrived is not None:
            if arrived < self.oldest:
                self.oldest = arrived
            if arrived < self.waiting_since and word not in _ASIDE:
                self.waiting_since = arrived
            if arrived > self.touched:
                self.touched = arrived
        if last_try > self.touched:
            self.touched = float(last_try)
        if reason:
            host = failing_host(row) if reason in BY_HOST else ""
            self.reasons[reason, host] = self.reasons.get((reason, host), 0) + 1
        if row.head is None and len(self.unreadable) < MOST_NAMED:
            self.unreadable.append((row.file, row.error))

    def merge(self, other: Tally) -> None:
        """Add the counts of other rows."""
        self.total += other.total
        self.bytes += other.bytes
        for mine, theirs in (
            (self.standings, other.standings),
            (self.places, other.places),
            (self.reasons, other.reasons),
        ):
            _add_counts(mine, theirs)
        self.oldest = min(self.oldest, other.oldest)
        self.waiting_since = min(self.waiting_since, other.waiting_since)
        self.touched = max(self.touched, other.touched)
        self.written = max(self.written, other.written)
        self.unreadable = (self.unreadable + other.unreadable)[:MOST_NAMED]

    def packed(self) -> tuple[Any, ...]:
        """Plain values, for `unpack` in another process."""
        return tuple(getattr(self, name) for name in _PACKED)

    @property
    def last_life(self) -> float:
        """The newest sign of life: what the files say, else when one was written."""
        return self.touched or self.written

    @property
    def stuck(self) -> int:
        """How many are stuck."""
        return self.standings.get("stuck", 0)

    def by_reason(self) -> list[tuple[str, int]]:
        """Stuck messages by reason, most first."""
        totals: dict[str, int] = {}
        for (reason, _), number in self.reasons.items():
            totals[reason] = totals.get(reason, 0) + number
        return sorted(totals.items(), key=lambda item: (-item[1], item[0]))

    def by_reason_and_host(self) -> list[tuple[str, str, int]]:
        """Stuck messages by reason and host, most first."""
        found = [(reason, host, number) for (reason, host), number in self.reasons.items()]
        return sorted(found, key=lambda item: (-item[2], item[0], item[1]))


def unpack(values: tuple[Any, ...]) -> Tally:
    """The tally that was `packed`."""
    tally = Tally()
    for name, value in zip(_PACKED, values, strict=True):
        setattr(tally, name, value)
    return tally


def failing_host(row: Row) -> str:
    """The host that a message is stuck at: of its last attempt, else its first of DST."""
    host = row.facts.host
    if host:
        return host.removesuffix(_USUAL_PORT)
    hosts = row.hosts
    return str(hosts[0]).removesuffix(_USUAL_PORT) if hosts else ""


def _add_counts(mine: dict[Any, int], theirs: dict[Any, int]) -> None:
    for key, number in theirs.items():
        mine[key] = mine.get(key, 0) + number
