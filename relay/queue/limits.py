"""The limits that the schedule keeps, and what it tells of a destination."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

D = TypeVar("D", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Limits:
    """The chapter's limits: connections, connections a site, messages taken; seconds."""

    max_conns: int = 100
    max_conns_per_site: int = 20
    max_load: int = 1000
    resend_period: float = 600.0

    @property
    def slots(self) -> int:
        """Messages that may be under way at a time."""
        return min(self.max_conns, self.max_load)

    @property
    def unproven(self) -> int:
        """Of them those at destinations that have not shown that they work."""
        return max(1, self.max_conns // 2)

    def share(self, *, first: bool) -> int:
        """Of those, how many must be under way for a destination to get none.

        Its `first` attempt may be the last of that half; a further one, beside an attempt
        that is slow, leaves a half of the half to destinations that have none.
        """
        return self.unproven if first else self.unproven // 2


@dataclass(slots=True)
class View(Generic[D]):
    """One destination as the status shows it.  Times are unix seconds, 0 for never."""

    destination: D
    due: int
    waiting: int
    active: int
    down: bool
    since: float
    next_probe: float
    last_success: float
    error: str
    probes: int
    suspended: bool = False
