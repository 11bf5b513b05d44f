"""Renames that refuse to overwrite, with the kernel's help and without it."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from spooltool.store import syscalls
from spooltool.store.syscalls import rename_noreplace


class Kernel:
    """A C library whose renameat2 knows no RENAME_NOREPLACE."""

    def __init__(self, number: int) -> None:
        self.number = number

    def renameat2(self, *arguments: object) -> int:
        ctypes.set_errno(self.number)
        return -1


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[tuple[int, int]]:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found.append(os.open(tmp_path / name, os.O_RDONLY))
    (tmp_path / "a/one").write_bytes(b"one")
    yield found[0], found[1]
    for fd in found:
        os.close(fd)


@pytest.mark.parametrize("lacking", [0, errno.EINVAL, errno.ENOSYS])
def test_it_moves_and_never_replaces(
    folders: tuple[int, int], tmp_path: Path, lacking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lacking:
        monkeypatch.setattr(syscalls, "_libc", Kernel(lacking))
    here, there = folders
    (tmp_path / "b/taken").write_bytes(b"older")
    with pytest.raises(FileExistsError):
        rename_noreplace("one", "taken", here, there)
    assert (tmp_path / "b/taken").read_bytes() == b"older"
    assert (tmp_path / "a/one").stat().st_nlink == 1
    rename_noreplace("one", "two", here, there)
    assert (tmp_path / "b/two").read_bytes() == b"one"
    assert (tmp_path / "b/two").stat().st_nlink == 1
    assert os.listdir(here) == []
    with pytest.raises(FileNotFoundError):
        rename_noreplace("one", "three", here, there)


def test_another_error_is_raised_as_it_is(
    folders: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syscalls, "_libc", Kernel(errno.ENOSPC))
    with pytest.raises(OSError, match="No space"):
        rename_noreplace("one", "two", *folders)
    assert os.listdir(folders[0]) == ["one"]
