"""Whatever stands where a spool file belongs: nothing outside is read, written or waited for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter as Counts
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.errors import CannotWrite, NotRegular, SpooltoolError
from spooltool.spool.codec import splices
from spooltool.spool.names import MAIL_DIRS, RESEND, STATE_DIR, SpoolName
from spooltool.store.counter import Counter
from spooltool.store.edit import clear_replacements, rewrite
from spooltool.store.journal import Journal, read_journal
from spooltool.store.lock import OwnLock, SharedLock, lock
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool
from spooltool.store.scan import read_entry
from tests.harness.odd_files import IRREGULAR, KINDS, Outside, deadline, put_odd, swapped

Put = Callable[..., SpoolName]
NUMBER = "0000zzzz"
RACES = int(os.environ.get("SWAP_RACES", "500"))
"""Opens that race with a swap; before a release 5,000."""


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    """A file beside the spool, on the same file system."""
    return Outside.made(tmp_path)


def place(spool: Spool, name: SpoolName) -> Path:
    return Path(spool.path, name.file)


@pytest.mark.parametrize("directory", MAIL_DIRS)
@pytest.mark.parametrize("kind", KINDS)
def test_in_every_directory(spool: Spool, outside: Outside, kind: str, directory: str) -> None:
    name = SpoolName(directory, "T" if directory == STATE_DIR else "R", NUMBER)
    put_odd(kind, place(spool, name), outside)
    before = outside.facts
    with deadline(20):
        entry = read_entry(spool, name)
        assert entry is not None
        if kind == "sparse":
            file = MessageFile(spool, name)
            assert file.read(file.parts.body, 100) == b""
            file.close()
            lock(spool, name).close()
        else:
            assert [defect.code for defect in entry.defects] == ["not-regular"]
            assert entry.head is None
            for open_it in (lock, MessageFile):
                with pytest.raises(NotRegular):
                    open_it(spool, name)
    assert outside.facts == before
    assert not outside.path.with_name("made-by-following").exists()


@pytest.mark.parametrize("kind", IRREGULAR)
def test_swapped_between_the_look_and_the_open(
    spool: Spool, put: Put, outside: Outside, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = outside.facts
    for work in (read_entry, MessageFile, lock):
        name = put()
        with deadline(20), swapped(monkeypatch, kind, place(spool, name), outside) as done:
            try:
                result = work(spool, name)
            except NotRegular:
                pass
            else:
                assert getattr(result, "irregular", False), result
        assert done == [kind]
    assert outside.facts == before


SWAPPER = """
import os, sys
path, outside = sys.argv[1:]
folder, name = os.path.split(path)
good = open(path, "rb").read()
new = os.path.join(folder, ".swap")
print("swapping", flush=True)
while os.getppid() == int(os.environ["WATCHED"]):
    os.symlink(outside, new)
    os.rename(new, path)
    os.mkfifo(new)
    os.rename(new, path)
    with open(new, "wb") as file:
        file.write(good)
    os.rename(new, path)
"""


def test_what_is_swapped_all_the_time_is_never_followed(
    spool: Spool, put: Put, outside: Outside
) -> None:
    """A regular file, a link and a FIFO take turns under one name while it is opened."""
    name = put()
    path = place(spool, name)
    good = path.read_bytes()
    before = outside.facts
    seen: Counts[str] = Counts()
    argv = [sys.executable, "-c", SWAPPER, str(path), str(outside.path)]
    env = {**os.environ, "WATCHED": str(os.getpid())}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env) as swapper, deadline(60):
        assert swapper.stdout is not None
        assert swapper.stdout.readline() == b"swapping\n"
        try:
            while seen.total() < RACES or len(seen) < 2:
                try:
                    with lock(spool, name) as locked:
                        assert os.pread(locked.fd, 4096, 0) == good[:4096]
                        seen["locked"] += 1
                except NotRegular:
                    seen["refused"] += 1
        finally:
            swapper.kill()
    assert outside.facts == before


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("own", ["journal", "counter", "mdq.lock", "intake.lock"])
def test_in_place_of_our_own_files(spool: Spool, outside: Outside, kind: str, own: str) -> None:
    put_odd(kind, Path(spool.path, ".spooltool", own), outside)
    before = outside.facts
    works: dict[str, tuple[Callable[[], object], ...]] = {
        "journal": (lambda: Journal(spool), lambda: read_journal(spool)),
        "counter": (lambda: Counter(spool).take(),),
        "mdq.lock": (lambda: OwnLock(spool, "mdq"),),
        "intake.lock": (lambda: SharedLock(spool, "intake"),),
    }
    with deadline(20):
        for work in works[own]:
            with pytest.raises((SpooltoolError, OSError)):
                work()
    assert outside.facts == before
    assert not outside.path.with_name("made-by-following").exists()


@pytest.mark.parametrize("kind", IRREGULAR)
def test_in_place_of_a_file_that_is_being_made(
    spool: Spool, put: Put, outside: Outside, kind: str
) -> None:
    name = put()
    dot = place(spool, name).with_name(f".{name.base}.{os.getpid()}.new")
    put_odd(kind, dot, outside)
    before = outside.facts
    with deadline(20), lock(spool, name) as locked:
        edits = splices(locked.envelope(), {"DST": "10.1.5.9"})
        if kind == "directory":
            with pytest.raises(CannotWrite):
                rewrite(locked, edits)
        else:
            rewrite(locked, edits).close()
            assert b"DST:\t10.1.5.9\n" in place(spool, name).read_bytes()
    assert outside.facts == before


@pytest.mark.parametrize("kind", IRREGULAR)
def test_the_cleaner_of_left_over_replacements_touches_no_odd_file(
    spool: Spool, outside: Outside, kind: str
) -> None:
    left = place(spool, SpoolName(RESEND, "R", NUMBER)).with_name(f".R{NUMBER}.1.new")
    put_odd(kind, left, outside)
    before = outside.facts
    with deadline(20):
        assert clear_replacements(spool, os.lstat(left).st_ctime + 7200) == []
    assert os.path.lexists(left)
    assert outside.facts == before


def test_a_directory_that_leads_elsewhere_is_not_entered(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Spool.create(str(tmp_path / "spool")) as spool:
        (tmp_path / "spool" / "D_hold").rmdir()
        (tmp_path / "spool" / "D_hold").symlink_to(elsewhere)
        with pytest.raises(OSError, match="Not a directory"):
            spool.mail_dir("D_hold")
    assert list(elsewhere.iterdir()) == []
