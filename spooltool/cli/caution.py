"""How carefully a changing verb asks before it begins.

One table: the verbs ask here, and the docs say what stands here.
"""

from __future__ import annotations

from typing import NamedTuple

from spooltool.cli.verbs import BY_NAME


class Caution(NamedTuple):
    """What a person is asked.

    `number`: the plan is agreed to by typing the number of messages; `always`: also for a few
    ids typed one by one.
    """

    number: bool = False
    always: bool = False


PURGE_OF_ONE = "delete --purge"

CAUTION: dict[str, Caution] = {
    "bounce": Caution(number=True, always=True),
    "delete": Caution(number=True),
    PURGE_OF_ONE: Caution(number=True, always=True),
    "purge": Caution(always=True),
}
"""By verb as plans and the journal name it, where it is not yes or no."""

PLANNERS = (
    "retarget",
    "set",
    "accept",
    "hold",
    "release",
    "requeue",
    "bounce",
    "delete",
    PURGE_OF_ONE,
    "purge",
    "undo",
)
"""The verbs that plans name; `move` plans as the verb whose folder it is given."""


def caution_of(verb: str) -> Caution:
    """How carefully a verb asks."""
    return CAUTION.get(verb, Caution())


def undo_holds(verb: str) -> str:
    """How long `undo` takes back what a plan names; "" for never."""
    return BY_NAME[verb].undo if verb in BY_NAME else ""
