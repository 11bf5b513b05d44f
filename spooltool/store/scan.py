"""Scanning: what is in the spool, read without a lock and without a write.

A file that cannot be read is an entry with defects, never an exception; a directory
that cannot be read is reported in `Scan.unreadable`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from spooltool.spool.codec import HEAD_BYTES, Envelope, parse
from spooltool.spool.defects import Defect
from spooltool.spool.names import SpoolName, parse_name
from spooltool.store.regular import SAFELY
from spooltool.store.root import Spool

_FLAGS = os.O_RDONLY | SAFELY


@dataclass
class Entry:
    """One file of the spool.  `head` is its first bytes, None when it cannot be read.

    `inode`, `size`, `mtime` are the file's (0 when unknown); `changed` is its inode's time
    of change in nanoseconds, from before the head was read; `error` says why it could not
    be read, in the system's words.
    """

    name: SpoolName
    inode: int = 0
    size: int = 0
    mtime: float = 0.0
    head: bytes | None = None
    error: str = ""
    irregular: bool = False
    changed: int = 0

    @cached_property
    def envelope(self) -> Envelope | None:
        """The parsed head; None when the file cannot be read."""
        return None if self.head is None else parse(self.head, self.size)

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What is wrong, the place included."""
        found: list[Defect] = []
        if not self.name.legal:
            found.append(Defect("name-illegal", self.name.file))
        if self.irregular:
            found.append(Defect("not-regular", self.error))
        elif self.head is None:
            found.append(Defect("unreadable", self.error))
        envelope = self.envelope
        return (*found, *(envelope.defects if envelope else ()))


@dataclass
class Scan:
    """A pass over the spool.  `unreadable` fills while it runs: (directory, why)."""

    spool: Spool
    directories: tuple[str, ...]
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> Iterator[SpoolName]:
        """Every name, directory by directory; no file is opened."""
        for directory in self.directories:
            for base in self.listed(directory):
                name = parse_name(base, directory)
                if name is not None:
                    yield name

    def entries(self, names: Iterable[SpoolName] | None = None) -> Iterator[Entry]:
        """Every file with its head read; files that leave meanwhile are left out."""
        for name in self.names() if names is None else names:
            entry = read_entry(self.spool, name)
            if entry is not None:
                yield entry

    def listed(self, directory: str) -> list[str]:
        """What one directory holds, as it is named there; nothing where it cannot be listed."""
        try:
            with self.spool.listing(directory) as place:
                return os.listdir(place)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self.unreadable.append((directory, error.strerror or str(error)))
            return []


def scan(spool: Spool, directories: Iterable[str] | None = None) -> Scan:
    """A pass over these directories (default: all mail directories that exist)."""
    return Scan(spool, tuple(directories) if directories is not None else spool.directories)


def read_entry(spool: Spool, name: SpoolName, limit: int = HEAD_BYTES) -> Entry | None:
    """Read one file's head without a lock; None when it is gone.

    A STATE whose checksum is wrong is read once more: the writer may have been between
    two bytes.
    """
    try:
        fd = os.open(name.base, _FLAGS, dir_fd=spool.dir_fd(name.dir))
    except FileNotFoundError:
        return None
    except OSError as error:
        return _closed_entry(spool, name, error)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1:
            why = "not a regular file with one link"
            changed = facts.st_ctime_ns
            return Entry(name, facts.st_ino, error=why, irregular=True, changed=changed)
        head = os.pread(fd, limit, 0)
        entry = Entry(name, facts.st_ino, facts.st_size, facts.st_mtime, head)
        entry.changed = facts.st_ctime_ns
        return entry
    except OSError as error:
        return Entry(name, error=error.strerror or str(error))
    finally:
        os.close(fd)


def read_again(spool: Spool, entry: Entry) -> Entry:
    """The entry, read once more when its STATE did not check out."""
    envelope = entry.envelope
    if envelope is not None and envelope.line("STATE") and envelope.state is None:
        return read_entry(spool, entry.name) or entry
    return entry


def _closed_entry(spool: Spool, name: SpoolName, error: OSError) -> Entry:
    entry = Entry(name, error=error.strerror or str(error))
    try:
        facts = os.stat(name.base, dir_fd=spool.dir_fd(name.dir), follow_symlinks=False)
    except OSError:
        return entry
    entry.inode, entry.mtime = facts.st_ino, facts.st_mtime
    entry.changed = facts.st_ctime_ns
    if stat.S_ISREG(facts.st_mode):
        entry.size = facts.st_size
    else:
        entry.irregular, entry.error = True, "not a regular file"
    return entry
