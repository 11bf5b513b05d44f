"""What must hold before a release, one row a gate: how much of it CI does, how much a soak.

A test takes its number from here by `@pytest.mark.gate("r1-ext4")` and the fixture `gate`
(`gates.py`), and reports its figures through it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """One row: its name, what is done, and how often with `make interop` and `make soak`."""

    name: str
    what: str
    ci: int
    soak: int

    @property
    def wanted(self) -> int:
        """The number that counts in this run."""
        return self.soak if soaking() else self.ci


def soaking() -> bool:
    """Whether this is `make soak`."""
    return bool(os.environ.get("SOAK"))


_ROWS = (
    Gate("r1-ext4", "power cuts on ext4 while clients send", 20, 200),
    Gate("r1-xfs", "power cuts on xfs while clients send", 4, 200),
    Gate("r1-postfix", "the same under Postfix, ext4", 1, 100),
    Gate("r2", "SIGKILLs under load, each process in turn", 100, 1_000),
    Gate("r3", "rounds over every system call of a message's life, killed at each", 1, 5),
    Gate("r13", "rounds of errors of a full or failing disk at each call of the intake", 1, 20),
    Gate("r15", "edits while the dequeuer delivers", 2_000, 100_000),
    Gate("r24", "power cuts and SIGKILLs, the counter set back", 20, 1_000),
    Gate("r25-ext4", "power cuts on ext4 at full rate of delivery", 6, 100),
    Gate("r25-xfs", "power cuts on xfs at full rate of delivery", 4, 100),
    Gate("r25-slow", "power cuts on ext4 while delivering with slow syncs", 1, 20),
    Gate("r25-postfix", "power cuts on ext4 while Postfix delivers", 1, 100),
    Gate("r30", "jumps of the clock", 6, 30),
)
GATES: Mapping[str, Gate] = {row.name: row for row in _ROWS}
