"""What file system a spool lies on, and how writes are made durable there.

`syncfs` commits a batch of any size at once, but is a proof only where the file system
has a journal and the kernel reports write errors to it (Linux 5.8).  Elsewhere each
file and each directory is synced.  The measurements behind the choice are in
`docs/decisions/durability.md`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from spooltool.store.syscalls import syncfs

REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse", "fuse.sshfs", "9p", "ceph", "afs", "glusterfs")
)
_JOURNALED = frozenset(("ext4", "xfs", "btrfs"))
_SYNCFS_REPORTS_ERRORS = (5, 8)
_MOUNTS = "/proc/self/mountinfo"
_RELEASE = re.compile(r"([0-9]+)\.([0-9]+)")
_OCTAL = re.compile(r"\\([0-7]{3})")


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
    """Look the mount of a path up in /proc/self/mountinfo (proc_pid_mountinfo(5))."""
    device = os.stat(path).st_dev
    with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as mounts:
        kind, source = _mounted(mounts, device, os.path.realpath(path))
    return FileSystem(kind, source, device)


def _mounted(mounts: Iterable[str], device: int, path: str) -> tuple[str, str]:
    """Type and source of the mount with this device, else of the one that the path lies below.

    A subvolume of btrfs has a device number of its own, which no mount has.
    """
    wanted = f"{os.major(device)}:{os.minor(device)}"
    found, depth = ("unknown", "unknown"), -1
    for line in mounts:
        before, _, after = line.partition(" - ")
        _, _, numbers, _, point, *_ = before.split(" ")
        kind, source, *_ = after.split(" ")
        if numbers == wanted:
            return kind, source
        point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), point).rstrip("/")
        if len(point) >= depth and (path + "/").startswith(point + "/"):
            found, depth = (kind, source), len(point)
    return found


def _kernel() -> tuple[int, int]:
    match = _RELEASE.match(os.uname().release)
    return (int(match[1]), int(match[2])) if match else (0, 0)


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
        """Close the descriptor; once is enough."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
