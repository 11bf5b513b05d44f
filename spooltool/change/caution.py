"""How carefully a changing verb asks before it begins, and how long it can be taken back.

One place for both: the verbs and the screen ask here, and the docs say what stands here.
"""

from __future__ import annotations

from typing import NamedTuple


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
    "purge": Caution(number=True, always=True),
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


UNTIL_LEFT = "until each has left"

UNDO_HOLDS: dict[str, str] = {
    "retarget": UNTIL_LEFT,
    "set": UNTIL_LEFT,
    "accept": UNTIL_LEFT,
    "hold": "while each is in D_hold",
    "release": UNTIL_LEFT,
    "requeue": UNTIL_LEFT,
    "bounce": "until each notice is out",
    "delete": "while each is in the trash",
    "move": "as after the verb of that folder",
    "apply": "as after the verb that made the plan",
    "undo": UNTIL_LEFT,
}
"""How long `undo` takes a verb's change back; a verb that is not here is not taken back."""

TYPED_FROM = 1001
"""From so many messages on the number is to be typed."""


def caution_of(verb: str) -> Caution:
    """How carefully a verb asks."""
    return CAUTION.get(verb, Caution())


def number_to_type(verb: str, count: int) -> int:
    """The number that agrees to a plan of so many messages; 0: a yes is enough."""
    return count if caution_of(verb).number or count >= TYPED_FROM else 0


def undo_holds(verb: str) -> str:
    """How long `undo` takes back what a plan names; "" for never."""
    return UNDO_HOLDS.get(verb, "")
