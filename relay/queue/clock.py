"""Whether the clock can be believed: a wrong one must not make mail expire.

Two signs speak against it: the wall clock and the monotonic one went different ways, or
mail arrived at a time that is still to come.  What is doubted once stays so until a person
says that the clock is right (`relay clock ok`): a clock that jumps twice looks right again.
"""

from __future__ import annotations

from dataclasses import dataclass

from spooltool.control import ClockTaken
from spooltool.logs.instant import rfc3339
from spooltool.spool.states import spoken_age

STEP = 60.0
"""Seconds of departure that are still no doubt: smaller steps are what time servers do."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the clock is not believed, in seconds.

    `departed` is how far the wall clock has left the monotonic one (negative: set back),
    `behind` how far now lies before the newest ARRIVED; 0 where that is no matter.
    """

    departed: float = 0.0
    behind: float = 0.0

    def __str__(self) -> str:
        if self.departed > 0:
            return f"the clock jumped {spoken_age(self.departed)} ahead"
        if self.departed < 0:
            return f"the clock was set back by {spoken_age(-self.departed)}"
        return f"the clock is {spoken_age(self.behind)} before the newest mail's arrival"


def judge(
    wall: float, monotonic: float, offset: float, newest: float, believed: float = 0.0
) -> Doubt | None:
    """What speaks against the clock, or None.

    `offset` is what the wall clock was ahead of the monotonic one when it was right,
    `newest` the latest ARRIVED of the spool (0: none), of which a person has taken those
    up to `believed` for wrong.
    """
    departed = wall - monotonic - offset
    if abs(departed) > STEP:
        return Doubt(departed=departed)
    if newest > believed and newest - wall > STEP:
        return Doubt(behind=newest - wall)
    return None


def taken_lines(taken: ClockTaken) -> list[str]:
    """What `relay clock ok` says: the clock, what was found, what follows."""
    lines = [f"the clock counts as right: {_stamp(taken.now)}"]
    if abs(taken.departed) > STEP:
        lines.append(f"found: {Doubt(departed=taken.departed)}")
    elif taken.doubted:
        lines.append("found: it had been doubted, and departs no more")
    else:
        lines.append("found: it had not been doubted")
    if taken.newest is not None:
        early = taken.newest - taken.now
        words = f"in {spoken_age(early)}" if early > 0 else f"{spoken_age(-early)} ago"
        lines.append(f"newest mail: arrived {_stamp(taken.newest)}, {words}")
    if taken.past_term:
        what = "1 message is" if taken.past_term == 1 else f"{taken.past_term:,} messages are"
        lines.append(f"{what} past the abandon time: given up when the next attempt fails")
    return lines


def _stamp(at: float) -> str:
    return f"{rfc3339(at)[:19]}Z"
