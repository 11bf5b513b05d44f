"""Unlinked files for filtered content: gone with their last descriptor, whoever dies."""

from __future__ import annotations

import errno
import os

_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)


def open_scratch(folder: str) -> int:
    """A new file without a name in a folder; in memory where the file system has no such.

    The descriptor is for reading and writing.  Raises OSError.
    """
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return os.memfd_create("content", os.MFD_CLOEXEC)


def reopen_to_read(fd: int) -> int:
    """The file of a descriptor once more, for reading alone and without its locks.

    A descriptor that is passed on shares the lock of the original, and would hold it.
    """
    return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
