"""Mounts of one test that nobody else sees, and that end with it, however it ends."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_CLONE_NEWNS = 0x00020000
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def own_mounts() -> Iterator[None]:
    """A mount namespace for this thread and for what it starts; root only.

    No path leads there from elsewhere, so that a test that is killed leaves neither mount
    nor loop device behind.  Raises OSError where the kernel refuses.
    """
    home = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    here = os.getcwd()
    try:
        _checked(_LIBC.unshare(_CLONE_NEWNS))
        try:
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            yield
        finally:
            _checked(_LIBC.setns(home, _CLONE_NEWNS))
            os.chdir(here)
    finally:
        os.close(home)


def _checked(result: int) -> None:
    """Raises OSError for the result of a call that failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
