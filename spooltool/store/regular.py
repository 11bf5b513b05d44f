"""Opening what must be a regular file with one link, and nothing else in its place.

A symbolic link, FIFO, device, directory or hard link may stand where a file belongs, put
there between a look and the open.  So the open follows no link, waits for nobody and
takes no terminal; what was opened is looked at afterwards, through the descriptor, before
a byte is read or written.
"""

from __future__ import annotations

import errno
import os
import stat

from spooltool.errors import NotRegular

SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Flags of every open below a spool; O_NONBLOCK means nothing to a regular file."""

_NO_FILE = frozenset((errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV, errno.ENOTDIR))


def open_regular(name: str, flags: int, dir_fd: int, mode: int = 0o600) -> int:
    """Open `name` in a directory; a new file gets `mode`.

    Raises NotRegular for anything but a regular file with one link, OSError as the system
    says it.  A file that was replaced in the same moment has no link left: it is opened
    anew.
    """
    while True:
        try:
            fd = os.open(name, flags | SAFELY, mode, dir_fd=dir_fd)
        except OSError as error:
            if error.errno in _NO_FILE:
                raise NotRegular(f"{name}: not a regular file") from error
            raise
        facts = os.fstat(fd)
        if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1:
            return fd
        os.close(fd)
        if facts.st_nlink != 0:
            raise NotRegular(f"{name}: not a regular file with one link")
