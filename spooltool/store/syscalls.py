"""The system calls that Python does not offer: renameat2, syncfs, fallocate.

Each raises OSError with errno as the `os` functions do.  The C library is called with
the GIL released, so a sync in a thread does not stop the others.
"""

from __future__ import annotations

import ctypes
import errno
import os

_libc = ctypes.CDLL(None, use_errno=True)

RENAME_NOREPLACE = 1
FALLOC_FL_KEEP_SIZE = 1


def rename_noreplace(source: str, target: str, source_fd: int, target_fd: int) -> None:
    """Rename relative to directory descriptors; an existing target raises FileExistsError.

    Where the kernel or the file system lacks RENAME_NOREPLACE, link and unlink do it: both
    names exist for a moment, never none.
    """
    done = _libc.renameat2(
        source_fd, os.fsencode(source), target_fd, os.fsencode(target), RENAME_NOREPLACE
    )
    if done == 0:
        return
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS):
        os.link(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)
        os.unlink(source, dir_fd=source_fd)
        return
    raise OSError(number, os.strerror(number), source, None, target)


def syncfs(fd: int) -> None:
    """Write out the whole file system that holds `fd` (Linux syncfs(2)).

    From Linux 5.8 on an error of any write-back since the descriptor was opened is
    reported here.
    """
    if _libc.syncfs(fd) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def preallocate(fd: int, offset: int, length: int) -> None:
    """Reserve blocks beyond the end of a file without changing its size."""
    if (
        _libc.fallocate(
            fd, FALLOC_FL_KEEP_SIZE, ctypes.c_longlong(offset), ctypes.c_longlong(length)
        )
        != 0
    ):
        number = ctypes.get_errno()
        if number not in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise OSError(number, os.strerror(number))
