"""A journaled file system of the run's own: an image file, mkfs, a loop mount.

Durability costs what the file system makes it cost, so both systems stand on the same
one, and RESULTS.md says which.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.images import MKFS


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the queues stand, and what to say about it."""

    path: Path
    note: str


@contextmanager
def journaled(
    kind: str = "ext4", *, gigabytes: int = 4, inodes: int = 1_000_000, scratch: Path | None = None
) -> Iterator[Disk]:
    """A new file system for the time of the block, unmounted and removed after it.

    Without root, or where loop devices are forbidden, it is a plain temporary folder, and
    the note says so.  The image lies in `scratch` (default: the temporary folder).
    """
    folder = Path(tempfile.mkdtemp(prefix="spooltool-bench-", dir=scratch))
    try:
        mount = folder / "mount"
        problem = _mount(folder / "image", mount, kind, gigabytes, inodes)
        if problem:
            yield Disk(
                folder, f"plain folder {_kind_of(folder)}, NOT a journaled loop mount: {problem}"
            )
            return
        try:
            yield Disk(mount, f"{kind} on a loop device, noatime, image on {_kind_of(folder)}")
        finally:
            subprocess.run(["umount", mount], check=False, capture_output=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mount(image: Path, mount: Path, kind: str, gigabytes: int, inodes: int) -> str:
    """Makes and mounts the image; the reason when that is impossible, else ""."""
    if os.geteuid() != 0:
        return "mounting needs root"
    if not shutil.which(MKFS[kind][0]):
        return f"{MKFS[kind][0]} is missing"
    with image.open("wb") as file:
        file.truncate(gigabytes << 30)
    mount.mkdir()
    extra = ["-N", str(inodes)] if kind == "ext4" else []
    for command in (
        [*MKFS[kind], *extra, str(image)],
        ["mount", "-o", "loop,noatime", str(image), str(mount)],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return str(done.stderr).strip().rpartition("\n")[2]
    mount.chmod(0o755)
    mount.parent.chmod(0o711)
    return ""


def _kind_of(folder: Path) -> str:
    done = subprocess.run(
        ["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
