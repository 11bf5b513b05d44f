"""Small files of the relay's own below `.spooltool/`, replaced whole."""

from __future__ import annotations

import os

from spooltool.errors import CannotWrite, NotRegular
from spooltool.spool.names import OWN_DIR
from spooltool.store.root import Spool

MOST = 1 << 20
"""Bytes that such a file may have."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def read_own(spool: Spool, name: str) -> bytes:
    """The content of `.spooltool/NAME`; empty when it is not there.

    Raises NotRegular for what is no file of at most `MOST` bytes, OSError otherwise.
    """
    try:
        fd = os.open(name, _READ, dir_fd=spool.dir_fd(OWN_DIR))
    except FileNotFoundError:
        return b""
    with os.fdopen(fd, "rb") as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise NotRegular(f"{OWN_DIR}/{name} is larger than {MOST:,} bytes")
    return data


def write_own(spool: Spool, name: str, data: bytes) -> None:
    """Replace `.spooltool/NAME`: durable when this returns.  One writer at a time.

    Raises CannotWrite; then the old content stands.
    """
    own = spool.own_dir()
    new = f".{name}.new"
    try:
        with os.fdopen(os.open(new, _NEW, 0o600, dir_fd=own), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, name, src_dir_fd=own, dst_dir_fd=own)
        os.fsync(own)
    except OSError as error:
        raise CannotWrite(f"{OWN_DIR}/{name}: {error.strerror}") from error
