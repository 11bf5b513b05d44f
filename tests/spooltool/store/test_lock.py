"""One holder a message, and only of the file that the path names."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from spooltool.errors import Busy, Gone, NotPermitted, NotRegular
from spooltool.spool.names import HOLD, RESEND, SENDER, TRASH, SpoolName
from spooltool.store.lock import OwnLock, SharedLock, holders, lock
from spooltool.store.move import move, remove
from spooltool.store.root import Spool
from spooltool.store.trash import clear_trash

Put = Callable[..., SpoolName]


def test_a_second_lock_is_busy(spool: Spool, put: Put) -> None:
    name = put()
    with lock(spool, name), pytest.raises(Busy):
        lock(spool, name)
    lock(spool, name).close()


def test_holders_names_the_process(spool: Spool, put: Put) -> None:
    name = put()
    facts = os.stat(f"{spool.path}/{name.file}")
    assert (facts.st_dev, facts.st_ino) not in holders()
    with lock(spool, name):
        held = {inode: pid for (_, inode), pid in holders().items()}
        assert held[facts.st_ino] == os.getpid()


def test_the_lock_of_a_replaced_file_is_taken_on_the_new_one(spool: Spool, put: Put) -> None:
    name = put()
    path = f"{spool.path}/{name.file}"
    with open(path, "rb") as old, open(path + ".x", "wb") as new:
        new.write(old.read())
    os.rename(path + ".x", path)
    with lock(spool, name) as locked:
        assert locked.inode == os.stat(path).st_ino


@pytest.mark.parametrize("change", ["replaced", "moved"])
def test_what_changes_between_open_and_lock_is_seen_after_it(
    spool: Spool, put: Put, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = put()
    path = f"{spool.path}/{name.file}"
    real = fcntl.flock
    done: list[int] = []

    def flock(fd: int, how: int) -> None:
        real(fd, how)
        if not done:
            done.append(os.fstat(fd).st_ino)
            if change == "moved":
                os.rename(path, f"{spool.path}/D_hold/{name.base}")
                return
            with open(path + ".x", "wb") as new:
                new.write(b"another\n")
            os.rename(path + ".x", path)

    monkeypatch.setattr(fcntl, "flock", flock)
    if change == "moved":
        with pytest.raises(Gone):
            lock(spool, name)
        return
    with lock(spool, name) as locked:
        assert locked.inode == os.stat(path).st_ino != done[0]
        assert os.pread(locked.fd, 100, 0) == b"another\n"


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "fifo", "directory"])
def test_what_is_no_regular_file_is_never_opened_for_work(
    spool: Spool, put: Put, kind: str
) -> None:
    name = SpoolName(RESEND, "R", "0000zzzz")
    path = f"{spool.path}/{name.file}"
    if kind == "symlink":
        os.symlink("/etc/passwd", path)
    elif kind == "hardlink":
        os.link(f"{spool.path}/{put().file}", path)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        os.mkdir(path)
    with pytest.raises(NotRegular):
        lock(spool, name)


def test_a_missing_file_is_gone(spool: Spool) -> None:
    with pytest.raises(Gone):
        lock(spool, SpoolName(SENDER, "R", "00000001"))


def test_a_move_keeps_the_lock_and_refuses_to_overwrite(spool: Spool, put: Put) -> None:
    name = put()
    locked = lock(spool, name)
    move(locked, name.at(HOLD))
    assert locked.name == name.at(HOLD)
    with pytest.raises(Busy):
        lock(spool, name.at(HOLD))
    remove(locked)
    locked.close()
    assert spool.find(name.number) == []


def test_remove_of_a_replaced_path_removes_nothing(spool: Spool, put: Put) -> None:
    name = put()
    path = f"{spool.path}/{name.file}"
    with lock(spool, name) as locked:
        with open(path + ".x", "wb") as new:
            new.write(b"another\n")
        os.rename(path + ".x", path)
        with pytest.raises(Gone):
            remove(locked)
    assert os.path.exists(path)


def test_own_lock_names_the_first_holder(spool: Spool) -> None:
    first = OwnLock(spool, "mdq")
    with pytest.raises(Busy, match=f"pid {os.getpid()}"):
        OwnLock(spool, "mdq")
    first.close()
    OwnLock(spool, "mdq").close()


def test_several_intakes_share_their_lock_and_nobody_else_gets_it(spool: Spool) -> None:
    first, second = SharedLock(spool, "intake"), SharedLock(spool, "intake")
    for held in (first, second):
        with pytest.raises(Busy):
            OwnLock(spool, "intake")
        held.close()
    alone = OwnLock(spool, "intake")
    with pytest.raises(Busy):
        SharedLock(spool, "intake")
    alone.close()


def test_a_directory_that_was_closed_is_not_taken_for_somebody_elses_lock(
    spool: Spool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the open and the look at the path: the one is tried again, the other is not."""
    name = put()

    def closed(*_: object, **__: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "stat", closed)
    with pytest.raises(NotPermitted, match="permission denied"):
        lock(spool, name)


def test_the_kernel_drops_the_lock_of_a_killed_process(spool: Spool, put: Put) -> None:
    name = put()
    code = (
        "import sys, signal\n"
        "from spooltool.store.root import Spool\n"
        "from spooltool.store.lock import lock\n"
        "from spooltool.spool.names import parse_path\n"
        "held = lock(Spool.open(sys.argv[1]), parse_path(sys.argv[2]))\n"
        "print('locked', flush=True)\n"
        "signal.pause()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, spool.path, name.file], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "locked\n"
    with pytest.raises(Busy):
        lock(spool, name)
    child.kill()
    child.wait()
    child.stdout.close()
    lock(spool, name).close()


def test_the_trash_is_cleared_by_the_time_of_the_move(spool: Spool, put: Put) -> None:
    name = put()
    with lock(spool, name) as locked:
        move(locked, name.at(TRASH))
    moved = os.stat(f"{spool.path}/{TRASH}/{name.base}").st_ctime
    assert clear_trash(spool, moved - 1) == []
    assert clear_trash(spool, moved + 1) == [name.at(TRASH)]
    assert os.listdir(f"{spool.path}/{TRASH}") == []
