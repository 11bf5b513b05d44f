"""Partial files that nobody writes any more."""

from __future__ import annotations

import os
import time

from relay.intake.cleaner import clean_partials
from spooltool.spool.names import STATE_DIR, TRASH
from spooltool.spool.places import PARTIAL_AGE
from spooltool.store.incoming import Incoming
from spooltool.store.root import Spool


def partial(spool: Spool, name: str, age: float) -> None:
    fd = os.open(name, os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=spool.dir_fd(STATE_DIR))
    os.write(fd, b"half a mess")
    os.close(fd)
    then = time.time() - age
    os.utime(name, (then, then), dir_fd=spool.dir_fd(STATE_DIR))


def test_only_old_unlocked_partials_go_to_the_trash(spool: Spool) -> None:
    partial(spool, "T00000001", PARTIAL_AGE + 60)
    partial(spool, "T00000002", PARTIAL_AGE - 60)
    partial(spool, "README", PARTIAL_AGE + 60)
    slow = Incoming(spool, "00000003")
    then = time.time() - PARTIAL_AGE - 60
    os.utime("T00000003", (then, then), dir_fd=spool.dir_fd(STATE_DIR))
    os.symlink("/etc/passwd", "T00000004", dir_fd=spool.dir_fd(STATE_DIR))
    os.utime("T00000004", (then, then), dir_fd=spool.dir_fd(STATE_DIR), follow_symlinks=False)
    cleaned = clean_partials(spool, time.time())
    assert [name.file for name in cleaned] == ["D_state/T00000001"]
    left = sorted(os.listdir(spool.dir_fd(STATE_DIR)))
    assert left == ["README", "T00000002", "T00000003", "T00000004"]
    assert os.listdir(spool.dir_fd(TRASH)) == ["T00000001"]
    slow.abort()


def test_nothing_in_the_trash_is_replaced(spool: Spool) -> None:
    partial(spool, "T00000001", PARTIAL_AGE + 60)
    fd = os.open("T00000001", os.O_CREAT | os.O_WRONLY, dir_fd=spool.dir_fd(TRASH))
    os.write(fd, b"older")
    os.close(fd)
    assert clean_partials(spool, time.time()) == []
    assert os.listdir(spool.dir_fd(STATE_DIR)) == ["T00000001"]
    with open(f"{spool.path}/{TRASH}/T00000001", "rb") as trash:
        assert trash.read() == b"older"
