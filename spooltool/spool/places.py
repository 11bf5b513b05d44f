"""Where a message may go by hand, and the way back.

One table of folders in words: `move`, its refusals, its help and the docs come from it.
"""

from __future__ import annotations

from typing import NamedTuple

from spooltool.spool.names import FLAT, RESEND, SENDER, STATE_DIR, SpoolName, in_trash, parse_path
from spooltool.spool.plan import Change
from spooltool.spool.state import State
from spooltool.spool.states import home

PARTIAL_AGE = 3600.0
"""Seconds without a write after which a partial file may be taken away."""


class Way(NamedTuple):
    """A legal move: the folder as `move` spells it, what may go there, and the verb it is."""

    word: str
    takes: str
    verb: str
    meaning: str


WAYS: tuple[Way, ...] = (
    Way("hold", "R or E in D_sender, D_resend", "hold", "set aside until it is released"),
    Way(
        "sender",
        "R or whole E, set aside or in the trash, too",
        "requeue",
        "as just received: no attempts, a fresh abandon_time",
    ),
    Way("resend", "R or E in D_hold", "release", "back to where it was held"),
    Way(
        "expired",
        "R, set aside, too",
        "bounce",
        "given up, the sender is told",
    ),
)
"""Every move that has a meaning.  Where the others would lead, only a verb or the relay does."""

QUEUE = (SENDER, RESEND, FLAT)
"""Where the relay works on mail: an attempt moves it from one to the other."""


def same_place(one: str, other: str) -> bool:
    """Whether two directories are the same to a person: the queue is one place."""
    return one == other or (one in QUEUE and other in QUEUE)


def touches_trash(change: Change) -> bool:
    """Whether a change begins or ends in the trash."""
    return in_trash(change.file) or in_trash(change.to)


def is_partial(name: SpoolName) -> bool:
    """Whether a file is mail that is being received, or was left half received."""
    return name.letter == "T" and name.dir in (STATE_DIR, FLAT)


def target_of(change: Change, name: SpoolName) -> SpoolName:
    """Where a change brings a file that stands at `name` now.

    A message that became E since the plan was made stays E in a move that keeps letters.
    Raises ValueError for a change whose places are none.
    """
    if not change.to:
        return name
    wanted, seen = parse_path(change.to), parse_path(change.file)
    if wanted is None or seen is None:
        raise ValueError(f"{change.to}: no place in a spool")
    letter = name.letter if wanted.letter == seen.letter else wanted.letter
    return name.at(wanted.dir, letter)


def moved_on(change: Change, name: SpoolName) -> bool:
    """Whether a message is no more what a plan that ends, renews or bins it has seen.

    Other moves go on from wherever it is now.
    """
    if not (change.results or change.remove or touches_trash(change)):
        return False
    seen = parse_path(change.file)
    return seen is None or seen.letter != name.letter or not same_place(seen.dir, name.dir)


def way_back(name: SpoolName, state: State | None, change: Change) -> SpoolName | None:
    """Where undoing a change brings a message that stands at `name` now (`name`: it stays).

    None when it has moved on since.  `state` tells whether it was tried.
    """
    came, went = parse_path(change.file), parse_path(change.to or change.file)
    if came is None or went is None:
        return None
    lettered = came.letter != went.letter
    came_fits = not lettered or name.letter == came.letter
    went_fits = not lettered or name.letter == went.letter
    if came_fits and name.dir == came.dir:
        return name
    here = name.dir == went.dir or not came_fits or not same_place(name.dir, came.dir)
    if went_fits and here and same_place(name.dir, went.dir):
        letter = came.letter if lettered else name.letter
        return name.at(home(letter, state) if came.dir == SENDER else came.dir, letter)
    return name if came_fits and same_place(name.dir, came.dir) else None
