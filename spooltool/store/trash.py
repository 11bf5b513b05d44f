"""The trash: what lies there since when, and letting go of what is old.

A file's time in the trash begins at the inode's change time, which the move into it set.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from spooltool.errors import NotRegular, SpooltoolError
from spooltool.spool.names import TRASH, SpoolName, parse_name
from spooltool.store.lock import lock
from spooltool.store.move import remove
from spooltool.store.root import Spool


@dataclass(frozen=True, slots=True)
class Trashed:
    """One file of the trash: inode, bytes, and since when it lies there (unix seconds)."""

    name: SpoolName
    inode: int
    size: int
    since: float


def trash_files(spool: Spool) -> list[Trashed]:
    """Everything in the trash, the oldest first; empty where there is none.

    Raises OSError where it cannot be read.
    """
    try:
        trash = spool.dir_fd(TRASH)
    except FileNotFoundError:
        return []
    with spool.listing(TRASH) as place:
        names = os.listdir(place)
    found = []
    for base in names:
        name = parse_name(base, TRASH)
        if name is None:
            continue
        try:
            facts = os.stat(base, dir_fd=trash, follow_symlinks=False)
        except FileNotFoundError:
            continue
        found.append(Trashed(name, facts.st_ino, facts.st_size, facts.st_ctime))
    found.sort(key=lambda one: (one.since, one.name.number))
    return found


def clear_trash(spool: Spool, before: float) -> list[SpoolName]:
    """Unlink what has been in the trash since before this unix second; their names.

    Each under its lock, so that what is brought back in this moment is not taken.  What
    cannot be unlinked stays for the next time.
    """
    try:
        old = [one.name for one in trash_files(spool) if one.since <= before]
    except OSError:
        return []
    return [name for name in old if _cleared(spool, name, before)]


def _cleared(spool: Spool, name: SpoolName, before: float) -> bool:
    try:
        with lock(spool, name) as locked:
            if os.fstat(locked.fd).st_ctime > before:
                return False
            remove(locked)
    except NotRegular:
        return _unlinked(spool, name)
    except (SpooltoolError, OSError):
        return False
    return True


def _unlinked(spool: Spool, name: SpoolName) -> bool:
    """Take away what is no message: nobody can hold its lock."""
    trash = spool.dir_fd(TRASH)
    try:
        if not stat.S_ISDIR(os.stat(name.base, dir_fd=trash, follow_symlinks=False).st_mode):
            os.unlink(name.base, dir_fd=trash)
            return True
    except OSError:
        return False
    return False
