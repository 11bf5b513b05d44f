"""What `delete` and `purge` want done."""

from __future__ import annotations

import time
from functools import partial

from spooltool.change.caution import PURGE_OF_ONE, undo_holds
from spooltool.change.wish import Wish, nothing
from spooltool.change.work import Work
from spooltool.look.sight import Sight
from spooltool.spool import placing
from spooltool.spool.plan import Plan
from spooltool.store.journal import Actor
from spooltool.store.trash import trash_files


def deleting(*, purge: bool = False) -> Wish:
    """To the trash; with `purge` unlinked, which nothing takes back."""
    now = time.time()
    if purge:
        return Wish(PURGE_OF_ONE, partial(placing.purge, now=now), "", trash=True)
    return Wish("delete", partial(placing.delete, now=now), undo_holds("delete"), trash=True)


def prepare_purge(sight: Sight, me: Actor, seconds: float, query: str) -> Work:
    """The plan that unlinks what lies in the trash longer than so many seconds."""
    now = time.time()
    changes = tuple(
        placing.removed(one.name, one.inode, one.size, by_path=True)
        for one in trash_files(sight.spool)
        if one.since <= now - seconds
    )
    plan = Plan("purge", sight.place, sight.found, query, now, changes)
    return Work(sight, plan, Wish("purge", nothing, undo_holds("purge")), me)
