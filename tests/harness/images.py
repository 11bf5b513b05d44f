"""Loop-mounted file systems whose power can be cut: an image file, mkfs, mount, and the one
ioctl after which nothing more reaches the image.

What a cut leaves is looked at in a copy of the image, mounted afresh so that its log is
replayed: another mount namespace may still hold the dead superblock.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.harness.process import NotReady, wait_until

FS_IOC_SHUTDOWN = 0x8004587D
"""_IOR('X', 125, __u32), known to ext4, xfs and f2fs."""
NO_LOG_FLUSH = 2
"""The journal is left as it is: what was not committed before the call is gone."""

MKFS = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
}
MEGABYTES = {"ext4": 160, "xfs": 320}
"""Small, so that copies are quick; mkfs.xfs takes no less than 300."""
OPTIONS = {"ext4": "loop,noatime", "xfs": "loop,noatime,nouuid"}


@cache
def denied(kind: str) -> str:
    """What this machine denies to whoever would cut the power of such a file system, or "".

    It is tried, not guessed: root in a container may still have no loop device.
    """
    if os.geteuid() != 0:
        return "mounting needs root"
    with tempfile.TemporaryDirectory(prefix="power-cut-probe-") as name:
        folder = Path(name)
        try:
            image = make_image(folder / "image", kind)
            with mounted(image, folder / "mount", kind):
                shut_down(folder / "mount")
        except subprocess.CalledProcessError as refused:
            said = str(refused.stderr).strip().rpartition("\n")[2]
            return f"{refused.cmd[0]} failed: {said}"
        except OSError as refused:
            return f"FS_IOC_SHUTDOWN on {kind}: {refused.strerror}"
    done = subprocess.run([*NAMESPACES, "true"], capture_output=True, text=True, check=False)
    return f"no namespaces: {done.stderr.strip()}" if done.returncode else ""


NAMESPACES = [
    "unshare", "--mount", "--propagation", "private",
    "--pid", "--fork", "--kill-child", "--mount-proc",
]  # fmt: skip
"""A program run so leaves no process, no mount and no loop device behind, however it ends."""


def make_image(path: Path, kind: str, megabytes: int = 0) -> Path:
    """A new file system in a sparse file."""
    with path.open("wb") as file:
        file.truncate((megabytes or MEGABYTES[kind]) << 20)
    _run(*MKFS[kind], str(path))
    return path


def copy_image(image: Path, to: Path) -> Path:
    """A sparse copy of an image, of what has reached it until now."""
    _run("cp", "--sparse=always", str(image), str(to))
    return to


@contextmanager
def mounted(image: Path, point: Path, kind: str) -> Iterator[Path]:
    """The image mounted at `point`, which is made where it is missing."""
    mount(image, point, kind)
    try:
        yield point
    finally:
        unmount(point)


def mount(image: Path, point: Path, kind: str) -> None:
    """Mounts an image; its loop device goes when it is unmounted."""
    point.mkdir(exist_ok=True)
    _run("mount", "-t", kind, "-o", OPTIONS[kind], str(image), str(point))
    point.chmod(0o755)


def unmount(point: Path) -> None:
    """Unmounts once the last process has let go of it; after a while without waiting."""

    def gone() -> bool:
        done = subprocess.run(["umount", str(point)], capture_output=True, text=True, check=False)
        return done.returncode == 0 or "busy" not in done.stderr

    try:
        wait_until(gone, seconds=10, what=f"{point} unmounted")
    except NotReady:
        _run("umount", "--lazy", str(point))


def shut_down(point: Path) -> None:
    """The power cut: from here on nothing reaches the image, and nothing pending is written."""
    descriptor = os.open(point, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    finally:
        os.close(descriptor)


def _run(*argv: str) -> None:
    subprocess.run(argv, capture_output=True, text=True, check=True)
