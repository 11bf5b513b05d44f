"""What a change of an operator's has been done to is looked at again, whatever its inode."""

from __future__ import annotations

from typing import Any

from spooltool.spool.names import HOLD, SENDER, SpoolName

World = Any


def test_done_forgets_what_was_given_up_under_the_same_inode(world: World) -> None:
    number = world.put(1)
    mdq = world.dequeuer()
    given_up, moved, other = (
        SpoolName(place, "R", one)
        for place, one in ((SENDER, number), (HOLD, number), (SENDER, "0000other"))
    )
    mdq.desk._never_again |= {(name, 7) for name in (given_up, moved, other)}
    mdq.done([number])
    assert not mdq.desk.refuses(given_up, 7) and not mdq.desk.refuses(moved, 7)
    assert mdq.desk.refuses(other, 7)
