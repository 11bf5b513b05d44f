"""Commands on a file system that is filled to the last byte: a loop-mounted ext4, and a tmpfs."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from spooltool.store.journal import KEEP_ALLOCATED
from spooltool.store.syscalls import syncfs
from tests.harness.crash_bench import run
from tests.harness.gateway import spool_files, write_config
from tests.harness.mounts import own_mounts
from tests.harness.process import PYTHON, ROOT, wait_until
from tests.harness.programs import need, need_root
from tests.spooltool.cli.changed import put

TRASH = ".spooltool/trash"
MESSAGES = 40


@pytest.fixture(params=["ext4", "tmpfs"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A mount of 32 MiB that only this test and its programs see."""
    need_root()
    disk = tmp_path / "mount"
    disk.mkdir()
    source = ["-t", "tmpfs", "-o", "size=32m", "tmpfs"]
    if request.param == "ext4":
        need("mkfs.ext4")
        image = tmp_path / "image"
        with image.open("wb") as file:
            file.truncate(32 << 20)
        # No blocks are set aside for root: the tests are root, operators need not be.
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True)
        source = ["-o", "loop", str(image)]
    with ExitStack() as stack:
        try:
            stack.enter_context(own_mounts())
            subprocess.run(["mount", *source, disk], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            why = getattr(error, "stderr", "") or str(error)
            (pytest.fail if "CI" in os.environ else pytest.skip)(f"cannot mount: {why}")
        yield disk


def pour(path: Path, chunk: bytes) -> int:
    """Append until not one byte more can be had; how many were."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    poured = 0
    try:
        while chunk:
            try:
                poured += os.write(fd, chunk)
                os.fsync(fd)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                chunk = chunk[: len(chunk) // 2]
    finally:
        os.close(fd)
    return poured


def fill(disk: Path) -> None:
    """Fill a disk to the last byte."""
    pour(disk / "ballast", b"x" * (1 << 20))
    assert os.statvfs(disk).f_bavail == 0


def wait_for_space(disk: Path) -> None:
    """ext4 counts freed blocks a moment after the commit that frees them."""

    def freed() -> bool:
        descriptor = os.open(disk, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            syncfs(descriptor)
        finally:
            os.close(descriptor)
        facts = os.statvfs(disk)
        return facts.f_bavail * facts.f_frsize > 16384

    wait_until(freed, what="free space")


@pytest.fixture
def spool(small_disk: Path, tmp_path: Path) -> Path:
    """A spool whose relay has run, with mail that was refused, on a disk that is full now."""
    spool = small_disk / "spool"
    put(spool, MESSAGES, dst="127.0.0.1:1", body=b"a line of the body\n" * 2000)
    config = write_config(tmp_path, {"resend_period": 600})
    run([PYTHON, "-m", "relay", "mdq", "--once", "--spool", str(spool), "--config", str(config)])
    assert len(spool_files(spool, "D_resend")) == MESSAGES
    journal = spool / ".spooltool/journal"
    assert journal.stat().st_blocks * 512 >= KEEP_ALLOCATED
    fill(small_disk)
    return spool


def spooltool(spool: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [PYTHON, "-m", "spooltool", *words, "--spool", str(spool)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def ok(spool: Path, *words: str) -> str:
    done = spooltool(spool, *words, "--yes")
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert done.stderr == ""
    return done.stdout


def test_what_needs_no_space_works(small_disk: Path, spool: Path) -> None:
    for words, place in (
        (("hold", "stuck"), "D_hold"),
        (("delete", "held"), TRASH),
        (("undo",), "D_hold"),
        (("requeue", "held"), "D_sender"),
        (("bounce", "fresh"), "D_resend"),
        (("delete", "stuck"), TRASH),
    ):
        assert f"{MESSAGES} done" in ok(spool, *words), words
        assert len(spool_files(spool, place)) == MESSAGES
        assert os.statvfs(small_disk).f_bavail == 0, words
    ids = [path.name for path in spool_files(spool, TRASH)[:30]]
    ok(spool, "delete", "--purge", *ids)
    assert len(spool_files(spool, TRASH)) == MESSAGES - 30
    ok(spool, "purge")
    assert spool_files(spool, TRASH) == []
    wait_for_space(small_disk)


def test_what_rewrites_says_so_before_it_begins(spool: Path) -> None:
    done = spooltool(spool, "retarget", "stuck", "--to", "10.1.5.9", "--yes")
    assert done.returncode == 74
    assert "nothing was changed" in done.stderr and "hold and release need none" in done.stderr


def test_without_a_journal_only_what_frees_space_goes_on(small_disk: Path, spool: Path) -> None:
    ok(spool, "delete", "stuck")
    first = spool_files(spool, TRASH)[0].name
    pour(spool / ".spooltool/journal", b"\n" * (1 << 16))
    for words in (("undo",), ("requeue", first), ("hold", f"{TRASH}/{first}")):
        done = spooltool(spool, *words, "--yes")
        assert done.returncode in (1, 74), words
        assert len(spool_files(spool, TRASH)) == MESSAGES
    done = spooltool(spool, "delete", "--purge", first, "--yes")
    assert done.returncode == 0, done.stderr
    fill(small_disk)
    pour(spool / ".spooltool/journal", b"\n")
    done = spooltool(spool, "purge", "--yes", "--reason", "the disk is full")
    assert done.returncode == 0, done.stderr
    assert f"{MESSAGES - 1} done" in done.stdout
    assert spool_files(spool, TRASH) == []
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert told[0]["kind"] == "begin" and told[0]["reason"] == "the disk is full"
    assert sum(record["kind"] == "intent" for record in told) >= 1
    assert "the journal cannot be written" in done.stderr
    wait_for_space(small_disk)
    put(spool, 1)
    assert "1 done" in ok(spool, "hold", "fresh")
    assert "hold" in spooltool(spool, "history").stdout
