"""Moving a locked file to another directory or letter, and taking it away.

Every move refuses to overwrite.  After a move between directories the target directory
is synced first, then the source: a crash shows the message twice at worst, never not at
all.
"""

from __future__ import annotations

import os

from spooltool.errors import CannotWrite, Exists, Gone
from spooltool.spool.names import TRASH, SpoolName
from spooltool.store.lock import Locked
from spooltool.store.syscalls import rename_noreplace


def move(locked: Locked, target: SpoolName, *, durable: bool = True) -> None:
    """Rename the file; the lock stays.  `durable` syncs both directories.

    Raises Exists, Gone or CannotWrite; then the file is where it was.
    """
    spool, source = locked.spool, locked.name
    if target.dir == TRASH:
        target_fd = spool.own_dir(TRASH)
    else:
        target_fd = spool.mail_dir(target.dir)
    if not locked.still_named():
        raise Gone(f"{source.file}: not there any more")
    source_fd = spool.dir_fd(source.dir)
    try:
        rename_noreplace(source.base, target.base, source_fd, target_fd)
        locked.name = target
        if durable:
            os.fsync(target_fd)
            if target_fd != source_fd:
                os.fsync(source_fd)
    except FileExistsError as error:
        raise Exists(f"{target.file} is there already") from error
    except FileNotFoundError as error:
        raise Gone(f"{source.file}: not there any more") from error
    except OSError as error:
        raise CannotWrite(f"{source.file}: {error.strerror}") from error


def remove(locked: Locked) -> None:
    """Unlink the file, if the path still names it.  Raises Gone or CannotWrite.

    The directory is not synced here: a dequeuer shares that sync over many deliveries.
    """
    if not locked.still_named():
        raise Gone(f"{locked.name.file}: not there any more")
    try:
        os.unlink(locked.name.base, dir_fd=locked.spool.dir_fd(locked.name.dir))
    except OSError as error:
        raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error
