"""Real file systems: on which one syncfs is taken for a proof, and where nobody writes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from spooltool.store.filesystem import Syncer, file_system
from tests.harness.mounts import own_mounts
from tests.harness.process import PYTHON, ROOT
from tests.harness.programs import need, need_root
from tests.spooltool.cli.changed import put, values

CASES = {
    "ext4": (["mkfs.ext4", "-q", "-F"], 64, True),
    "ext4-without-journal": (["mkfs.ext4", "-q", "-F", "-O", "^has_journal"], 64, False),
    "ext2": (["mkfs.ext4", "-q", "-F", "-t", "ext2"], 64, False),
    "xfs": (["mkfs.xfs", "-q", "-f"], 320, True),
    "btrfs": (["mkfs.btrfs", "-q", "-f"], 128, True),
}


@pytest.fixture
def point(tmp_path: Path) -> Iterator[Path]:
    """Where to mount; nobody else sees it, and nothing stays mounted, however the test ends."""
    need_root()
    made = tmp_path / "mount"
    made.mkdir()
    with own_mounts():
        try:
            yield made
        finally:
            # bindfs lives where it is mounted: it would keep both for ever.
            subprocess.run(["umount", "-l", str(made)], capture_output=True, check=False)


def run(*argv: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in argv],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert not ok or done.returncode == 0, (argv, done.stdout, done.stderr)
    return done


@pytest.mark.parametrize("case", CASES)
def test_one_syncfs_is_a_proof_here_and_not_there(point: Path, case: str) -> None:
    make, megabytes, proof = CASES[case]
    image = point.with_name("image")
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    run(need(make[0]), *make[1:], image)
    kind = case.partition("-")[0]
    run("mount", "-t", kind, "-o", "loop", image, point)
    place = point
    if kind == "btrfs":  # a subvolume has a device number that no mount has
        place = point / "subvolume"
        run("btrfs", "subvolume", "create", place)
    found = file_system(str(place))
    assert (found.kind, found.syncfs_is_proof, found.remote) == (kind, proof, False)
    syncer = Syncer(str(place))
    assert syncer.by_syncfs is proof
    syncer.close()
    put(place / "spool", 3)
    assert len(values(place / "spool", "DST")) == 3


@pytest.fixture
def fuse(point: Path) -> Path:
    """A spool with one message, seen through FUSE."""
    behind = point.with_name("behind")
    put(behind / "spool")
    run(need("bindfs"), "--no-allow-other", behind, point)
    return point / "spool"


def relay(*words: str | Path) -> tuple[str | Path, ...]:
    return (PYTHON, "-m", "relay", *words)


def spooltool(*words: str | Path) -> tuple[str | Path, ...]:
    return (PYTHON, "-m", "spooltool", *words)


def test_relay_and_writing_commands_refuse_fuse(fuse: Path) -> None:
    kind = file_system(str(fuse)).kind
    refusal = f"{fuse} lies on {kind}: locks there do not keep the relay and this tool apart"
    to = ("--dst", "127.0.0.1:9")
    for argv in (
        relay("run", "--spool", fuse, "--listen", "127.0.0.1:0", *to),
        relay("asmtpd", "--spool", fuse, "--listen", "127.0.0.1:0", *to),
        relay("mdq", "--once", "--spool", fuse),
        spooltool("--spool", fuse, "retarget", "--all", "--to", "10.1.5.9", "--yes"),
        spooltool("--spool", fuse, "hold", "--all", "--yes"),
        spooltool("--spool", fuse, "undo", "--yes"),
    ):
        done = run(*argv, ok=False)
        assert done.returncode == 1, argv
        assert refusal in done.stderr, argv
        assert "--force" in done.stderr, argv
    assert list(values(fuse, "DST").values()) == ["10.1.5.2"]
    assert not (fuse / ".spooltool/journal").exists()


def test_reading_works_there_and_force_writes(fuse: Path) -> None:
    assert len(run(*spooltool("--spool", fuse, "ls", "--ids")).stdout.split()) == 1
    words = ("retarget", "--all", "--to", "10.1.5.9", "--yes", "--force")
    done = run(*spooltool("--spool", fuse, *words))
    assert "1 done" in done.stdout
    assert list(values(fuse, "DST").values()) == ["10.1.5.9"]
