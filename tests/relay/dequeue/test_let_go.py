"""What a change of an operator's has been done to is looked at again, whatever its inode."""

from __future__ import annotations

from typing import Any

World = Any


def test_done_forgets_what_was_given_up_under_the_same_inode(world: World) -> None:
    number = world.put(1)
    mdq = world.dequeuer()
    mdq.desk._never_again |= {(number, 7), ("other", 7)}
    mdq.done([number])
    assert not mdq.desk.refuses(number, 7)
    assert mdq.desk.refuses("other", 7)
