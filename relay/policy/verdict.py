"""What may become of content, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spooltool.spool.checks import Check


class Verdict(StrEnum):
    """What may become of the content.  Whatever is in doubt is never PASS."""

    PASS = "pass"
    CHANGED = "changed"
    """The filtered form may be sent, the original not."""
    BLOCKED = "blocked"
    """It is for a quarantine."""
    DEFER = "defer"
    """Nothing is known yet: try again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, why, what to note in the log, what was removed.

    `check` says which one blocks; None unless the verdict is BLOCKED.  `fault` tells of DEFER
    that it is this content on which the filter fails.
    """

    verdict: Verdict
    reason: str = ""
    notes: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    check: Check | None = None
    fault: bool = False
