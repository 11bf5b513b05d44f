"""Where a spool lies: when one syncfs is a proof, and where locks cannot be trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spooltool.errors import Refused
from spooltool.store import filesystem
from spooltool.store.filesystem import FileSystem, Syncer, file_system
from spooltool.store.root import check_local


@pytest.mark.parametrize(
    ("kind", "kernel", "journal", "proof"),
    [
        ("ext4", (6, 1), True, True),
        ("ext4", (5, 8), True, True),
        ("ext4", (5, 7), True, False),
        ("ext4", (4, 19), True, False),
        ("ext4", (6, 1), False, False),
        ("xfs", (6, 1), False, True),
        ("btrfs", (6, 1), False, True),
        ("xfs", (5, 7), False, False),
        ("ext3", (6, 1), True, False),
        ("tmpfs", (6, 1), False, False),
        ("overlay", (6, 1), True, False),
        ("zfs", (6, 1), False, False),
        ("nfs4", (6, 1), False, False),
        ("unknown", (6, 1), False, False),
    ],
)
def test_syncfs_is_a_proof_only_here(
    kind: str, kernel: tuple[int, int], journal: bool, proof: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "_kernel", lambda: kernel)
    monkeypatch.setattr(filesystem, "_has_jbd2", lambda source: journal)
    assert FileSystem(kind, "/dev/vda", 0).syncfs_is_proof is proof


@pytest.mark.parametrize(
    ("release", "version"),
    [("6.18.44-fc", (6, 18)), ("5.8.0", (5, 8)), ("5.7-rc1", (5, 7)), ("odd", (0, 0))],
)
def test_the_version_of_the_kernel(
    release: str, version: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*names[:2], release, *names[3:])))
    assert filesystem._kernel() == version


MOUNTS = """\
21 1 253:0 / / rw,relatime - ext4 /dev/vda rw
30 21 0:40 / /srv/mail rw - nfs4 files:/mail rw
31 21 0:41 / /mnt/a\\040b rw shared:7 - fuse.sshfs me@far: rw
32 21 0:42 / /data rw - btrfs /dev/vdb rw,subvol=/
33 32 0:43 / /data/deep rw master:1 shared:2 - cifs //far/share rw
"""


@pytest.mark.parametrize(
    ("device", "path", "kind"),
    [
        (os.makedev(253, 0), "/var/spool/relay", "ext4"),
        (os.makedev(0, 40), "/srv/mail/spool", "nfs4"),
        (os.makedev(0, 41), "/mnt/a b/spool", "fuse.sshfs"),
        # A subvolume's number stands in no line: the mount that the path lies below counts.
        (os.makedev(0, 99), "/data/spool", "btrfs"),
        (os.makedev(0, 99), "/data", "btrfs"),
        (os.makedev(0, 99), "/data/deep/spool", "cifs"),
        (os.makedev(0, 99), "/data-else/spool", "ext4"),
        (os.makedev(0, 99), "/mnt/a b/spool", "fuse.sshfs"),
    ],
)
def test_the_mount_that_a_path_lies_on(device: int, path: str, kind: str) -> None:
    assert filesystem._mounted(MOUNTS.splitlines(), device, path)[0] == kind


@pytest.mark.parametrize(
    ("kind", "remote"),
    [
        *(
            (kind, True)
            for kind in ("nfs", "nfs4", "cifs", "smb3", "fuse", "fuse.sshfs", "fuseblk")
        ),
        *((kind, False) for kind in ("ext4", "xfs", "btrfs", "tmpfs", "overlay")),
    ],
)
def test_nobody_writes_where_locks_cannot_be_trusted(
    kind: str, remote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    device = os.stat(tmp_path).st_dev
    numbers = f"{os.major(device)}:{os.minor(device)}"
    mounts.write_text(f"21 1 {numbers} / / rw - {kind} somewhere rw\n")
    monkeypatch.setattr(filesystem, "_MOUNTS", str(mounts))
    assert file_system(str(tmp_path)).remote is remote
    check_local(str(tmp_path), force=True)
    if remote:
        with pytest.raises(Refused, match=f"lies on {kind}: locks there") as refused:
            check_local(str(tmp_path))
        assert "--force" in refused.value.hint
    else:
        check_local(str(tmp_path))


def test_the_descriptor_is_that_of_the_start(tmp_path: Path) -> None:
    """Errors are reported to descriptors that were open when they happened."""
    syncer = Syncer(str(tmp_path), by_syncfs=True)
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    syncer.sync([], [])
    assert os.readlink(f"/proc/self/fd/{syncer._fd}") == str(moved)
    syncer.close()
