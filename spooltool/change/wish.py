"""What a changing verb wants done, and what it found out about that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from spooltool.diagnose.planning import Chosen, Decide
from spooltool.spool.plan import Plan
from spooltool.spool.verbs import Seen


@dataclass(frozen=True, slots=True)
class Study:
    """What a verb found out beside the plan: notes, probe lines; `doubtful` wants a person."""

    notes: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    doubtful: bool = False


Say = Callable[[str], None]
"""Hears of each line as soon as it is known."""

Look = Callable[[Say], Study]
"""A live look that needs neither spool nor plan any more; it may take seconds."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a verb wants done: `decide` for each message, `study` once over the plan.

    `probe` makes the live look that belongs to a plan (None: there is nothing to look at).
    `undo_holds` says how long `undo` takes it back ("" when it does not).  `kick` has the
    relay try what was changed.  `trash` lets ids mean files in the trash, too.
    """

    verb: str
    decide: Decide
    undo_holds: str
    arguments: dict[str, str] = field(default_factory=dict)
    study: Callable[[Plan, Chosen], Study] | None = None
    probe: Callable[[Plan, Chosen], Look | None] | None = None
    kick: bool = False
    trash: bool = False


def nothing(seen: Seen) -> None:
    """The decision of a wish whose plan is made another way."""
