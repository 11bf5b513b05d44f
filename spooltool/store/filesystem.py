"""What file system a spool lies on, and how writes are made durable there.

`syncfs` commits a batch of any size at once, but is a proof only where the file system
has a journal and the kernel reports write errors to it (Linux 5.8).  Elsewhere each
file and each directory is synced.  The measurements behind the choice are in
`docs/decisions/durability.md`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from spooltool.store.syscalls import syncfs

REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse", "fuse.sshfs", "9p", "ceph", "afs", "glusterfs")
)
_JOURNALED = frozenset(("ext4", "xfs", "btrfs"))
_SYNCFS_REPORTS_ERRORS = (5, 8)


@dataclass(frozen=True, slots=True)
class FileSystem:
    """The mount a path lies on: type, source device, and whether locks can be trusted."""

    kind: str
    source: str
    device: int

    @property
    def remote(self) -> bool:
        """NFS, CIFS, FUSE and the like: flock and rename are not what a queue needs."""
        return self.kind in REMOTE or self.kind.startswith("fuse")

    @property
    def syncfs_is_proof(self) -> bool:
        """Whether one syncfs makes a batch durable and reports its errors."""
        if self.kind not in _JOURNALED or _kernel() < _SYNCFS_REPORTS_ERRORS:
            return False
        return self.kind != "ext4" or _has_jbd2(self.source)


def file_system(path: str) -> FileSystem:
    """Look the mount of a path up in /proc/self/mountinfo."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    kind = source = "unknown"
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            before, _, after = line.partition(" - ")
            if before.split(" ", 4)[2] == wanted:
                kind, source = after.split(" ")[:2]
    return FileSystem(kind, source, device)


def _kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(ch for ch in minor if ch.isdigit()) or 0)


def _has_jbd2(source: str) -> bool:
    name = os.path.basename(os.path.realpath(source))
    try:
        return any(entry.rpartition("-")[0] == name for entry in os.listdir("/proc/fs/jbd2"))
    except OSError:
        return False


class Syncer:
    """Makes batches durable, by syncfs or by fsync of each file and directory.

    The descriptor is opened at start: an error that happens later is reported through
    it once.  After an error the batch has failed; nothing is synced a second time on the
    same pages, since the kernel marks them clean (Rebello et al., ATC 2020).
    """

    def __init__(self, path: str, *, by_syncfs: bool | None = None) -> None:
        self.by_syncfs = file_system(path).syncfs_is_proof if by_syncfs is None else by_syncfs
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def sync(self, files: Collection[int], directories: Iterable[int]) -> None:
        """Make these files and directories durable; target directories first.

        A single file is synced by itself, which is faster than the whole file system.
        Raises OSError as the kernel reports it.
        """
        if self.by_syncfs and len(files) != 1:
            syncfs(self._fd)
            return
        for fd in files:
            os.fsync(fd)
        for fd in directories:
            os.fsync(fd)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._fd)
