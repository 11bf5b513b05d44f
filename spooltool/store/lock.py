"""Locks: one exclusive flock on the open file, checked against the path afterwards.

Who holds the lock of a file may change it; the kernel drops the lock when the process
dies.  After locking, the path must still name the locked inode: else the file was
replaced or has left in between.
"""

from __future__ import annotations

import fcntl
import os
from types import TracebackType

from spooltool.errors import Busy, CannotWrite, NotPermitted
from spooltool.spool.codec import HEAD_BYTES, Envelope, parse
from spooltool.spool.names import OWN_DIR, SpoolName
from spooltool.store.root import Spool

_MAX_ENVELOPE = 4 << 20
"""An envelope longer than this is not read whole: no gateway writes one."""


class Locked:
    """A message's file, open for reading and writing under its lock.

    `fd` belongs to this object; `close` drops the lock.  `name` follows moves.
    """

    __slots__ = ("fd", "inode", "name", "size", "spool")

    def __init__(self, spool: Spool, name: SpoolName, fd: int, inode: int, size: int) -> None:
        self.spool = spool
        self.name = name
        self.fd = fd
        self.inode = inode
        self.size = size

    def envelope(self) -> Envelope:
        """The whole envelope, read through the locked descriptor in this very attempt."""
        return read_envelope(self.fd, self.size)

    def still_named(self) -> bool:
        """Whether the path still names this inode."""
        try:
            facts = os.stat(
                self.name.base, dir_fd=self.spool.dir_fd(self.name.dir), follow_symlinks=False
            )
        except FileNotFoundError:
            return False
        return facts.st_ino == self.inode

    def close(self) -> None:
        """Drop the lock; further calls do nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Locked:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_envelope(fd: int, size: int) -> Envelope:
    """Read as many bytes as the envelope has; long ones in doubling steps."""
    length = HEAD_BYTES
    while True:
        envelope = parse(os.pread(fd, length, 0), size)
        if envelope.complete or length >= _MAX_ENVELOPE:
            return envelope
        length *= 4


def lock(spool: Spool, name: SpoolName) -> Locked:
    """Take a message's lock at once, or raise Busy, Gone, NotRegular, NotPermitted.

    A file that an editor replaced between open and lock is opened anew.
    """
    while True:
        fd = spool.open_file(name, write=True)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            facts = os.fstat(fd)
            locked = Locked(spool, name, fd, facts.st_ino, facts.st_size)
            if facts.st_nlink == 1 and locked.still_named():
                return locked
        except BlockingIOError as error:
            os.close(fd)
            raise Busy(f"{name.file}: being worked on") from error
        except PermissionError as error:
            # The directory was closed meanwhile: nobody holds the message, nobody can.
            os.close(fd)
            raise NotPermitted(f"{name.file}: permission denied") from error
        except OSError as error:
            os.close(fd)
            raise CannotWrite(f"{name.file}: {error.strerror}") from error
        os.close(fd)


def holders() -> dict[tuple[int, int], int]:
    """Who holds which flock now: (device, inode) to pid, from /proc/locks.

    Reading commands ask here; they never call flock themselves.
    """
    found: dict[tuple[int, int], int] = {}
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as table:
            for line in table:
                words = line.split()
                if len(words) > 5 and words[1] == "FLOCK":
                    major, minor, inode = words[5].split(":")
                    device = os.makedev(int(major, 16), int(minor, 16))
                    found[device, int(inode)] = int(words[4])
    except OSError:
        return {}
    return found


def _lock_file(spool: Spool, what: str) -> int:
    try:
        return spool.open_own(f"{what}.lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise CannotWrite(f"{spool.path}/{OWN_DIR}/{what}.lock: {error.strerror}") from error


class OwnLock:
    """A lock file under `.spooltool/`: one dequeuer and one intake a spool.

    The file holds the pid and host of its holder, for the message of whoever comes
    second.
    """

    def __init__(self, spool: Spool, what: str) -> None:
        """Take it, or raise Busy that names the holder.  Raises CannotWrite, NotRegular."""
        self._fd = _lock_file(spool, what)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 200, 0).decode("utf-8", "replace").strip()
            os.close(self._fd)
            raise Busy(f"{what} runs already on {spool.path}: {holder}", holder) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"pid {os.getpid()} on {os.uname().nodename}\n".encode(), 0)

    def close(self) -> None:
        """Let go."""
        os.close(self._fd)


class SharedLock:
    """A lock file under `.spooltool/` that several processes of a kind hold together.

    Several intakes may feed one spool.  The file tells nothing of its holders.
    """

    def __init__(self, spool: Spool, what: str) -> None:
        """Take it.  Raises Busy when a single process has it for itself."""
        self._fd = _lock_file(spool, what)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise Busy(f"{what}.lock of {spool.path} is held by one process alone") from error

    def close(self) -> None:
        """Let go."""
        os.close(self._fd)
