"""A configuration file that is edited in place: locked, replaced whole, its old form kept."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from types import TracebackType
from typing import Self

from spooltool.errors import Busy, CannotCreate, CannotWrite, Changed, ConfigError, NotPermitted


class EditedFile:
    """A file that this process alone edits, for as long as it is open.

    `content` is what it holds.  Raises ConfigError for what cannot be read, Busy where
    another edits it.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)
        self.backup = ""
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        try:
            self.content = self._locked()
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    def replace(self, content: bytes) -> None:
        """Write the file anew, owner and mode kept; the first time also its backup.

        Raises Changed where it is no longer what was read, NotPermitted, CannotCreate or
        CannotWrite; the file is then as it was.
        """
        if not self._unchanged():
            raise Changed(f"{self.path} was changed by somebody else; nothing written")
        if not self.backup:
            self.backup = self._keep()
        fd = self._new(content)
        os.close(self._fd)
        self._fd, self.content = fd, content

    def _locked(self) -> bytes:
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            raise ConfigError(f"{self.path}: not a regular file")
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(f"{self.path} is being edited by another process") from error
        return _whole(self._fd)

    def _unchanged(self) -> bool:
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return False
        mine = os.fstat(self._fd)
        same = (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)
        return same and _whole(self._fd) == self.content

    def _keep(self) -> str:
        """A copy of the file as it is, named by the time; never over another."""
        stamp = time.strftime("%Y%m%dT%H%M%S", time.localtime())
        for count in range(1000):
            name = f"{self.path}.{stamp}{f'.{count}' if count else ''}.bak"
            try:
                self._create(name, self.content)
            except FileExistsError:
                continue
            return name
        raise CannotCreate(f"{self.path}: there are too many backups of this second")

    def _new(self, content: bytes) -> int:
        """The new file in the place of the old one, locked; its descriptor."""
        name = f"{self.path}.{os.getpid()}.new"
        self._create(name, content)
        try:
            fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rename(name, self.path)
        except OSError as error:
            os.unlink(name)
            raise CannotWrite(f"{self.path}: {error.strerror}") from error
        self._sync_folder()
        return fd

    def _create(self, name: str, content: bytes) -> None:
        """A new durable file beside the old one, its owner and mode the old one's."""
        try:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise
        except OSError as error:
            raise CannotCreate(f"{name}: {error.strerror}") from error
        try:
            _as(self._fd, fd)
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        except OSError as error:
            os.unlink(name)
            if isinstance(error, PermissionError):
                raise NotPermitted(
                    f"{self.path}: its owner cannot be kept", hint="work as its owner or as root"
                ) from error
            raise CannotWrite(f"{name}: {error.strerror}") from error
        finally:
            os.close(fd)
        self._sync_folder()

    def _sync_folder(self) -> None:
        fd = os.open(os.path.dirname(self.path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _as(old: int, new: int) -> None:
    """Owner, group, mode and the extended attributes that are ours to set."""
    facts = os.fstat(old)
    mine = os.fstat(new)
    if (mine.st_uid, mine.st_gid) != (facts.st_uid, facts.st_gid):
        os.fchown(new, facts.st_uid, facts.st_gid)
    os.fchmod(new, stat.S_IMODE(facts.st_mode))
    try:
        names = os.listxattr(old)
    except OSError:
        return  # a file system without them
    for name in names:
        if not name.startswith("security."):
            os.setxattr(new, name, os.getxattr(old, name))


def _whole(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    pieces = []
    while piece := os.read(fd, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
