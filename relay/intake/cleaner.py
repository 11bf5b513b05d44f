"""Partial files that nobody writes any more go to the trash.

A T file whose process died stays behind; its sender was never told that it was accepted.
It is moved aside, never deleted first: an operator may want to see it.
"""

from __future__ import annotations

import os

from spooltool.errors import SpooltoolError
from spooltool.spool.names import STATE_DIR, TRASH, SpoolName, parse_name
from spooltool.spool.places import PARTIAL_AGE
from spooltool.store.lock import lock
from spooltool.store.move import move
from spooltool.store.root import Spool

EVERY = 600.0
"""Seconds between two looks."""


def clean_partials(spool: Spool, now: float) -> list[SpoolName]:
    """Move old, unlocked partial files to the trash; their names as they were.

    Age comes first, then the lock and the check that the path names the locked file: a
    slow sender's file is locked by its intake, whatever its age.
    """
    cleaned: list[SpoolName] = []
    directory = spool.dir_fd(STATE_DIR)
    for base in os.listdir(directory):
        name = parse_name(base, STATE_DIR)
        if name is None or name.letter != "T":
            continue
        try:
            if os.stat(base, dir_fd=directory, follow_symlinks=False).st_mtime > now - PARTIAL_AGE:
                continue
            with lock(spool, name) as held:
                move(held, SpoolName(TRASH, "T", name.number))
        except (SpooltoolError, OSError):
            continue  # being written, gone, or no regular file: `spooltool ls` names it
        cleaned.append(name)
    return cleaned
