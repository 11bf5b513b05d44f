"""What a test's own process asks of the disk, in its order: `fsync D_hold`, `rename A -> B`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from spooltool.store import filesystem, incoming, move, syscalls


class DiskCalls(list[str]):
    """The calls so far; names are relative to the spool, "." is itself."""

    def __init__(self, spool: str, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._spool = os.path.realpath(spool)
        one_fd = {"fsync": 0, "write": 1, "pwrite": 2, "fdatasync": 0}
        for name in one_fd:
            monkeypatch.setattr(os, name, self._on_descriptor(name, getattr(os, name)))
        monkeypatch.setattr(os, "rename", self._rename(os.rename))
        monkeypatch.setattr(os, "unlink", self._unlink(os.unlink))
        for module in (move, incoming):
            monkeypatch.setattr(module, "rename_noreplace", self._move(syscalls.rename_noreplace))
        monkeypatch.setattr(filesystem, "syncfs", self._on_descriptor("syncfs", syscalls.syncfs))

    def of(self, *calls: str) -> list[str]:
        """Those of these kinds."""
        return [one for one in self if one.split(" ", 1)[0] in calls]

    def _name(self, fd: int) -> str:
        path = os.readlink(f"/proc/self/fd/{fd}")
        return os.path.relpath(path, self._spool)

    def _below(self, fd: int, base: str) -> str:
        return os.path.normpath(os.path.join(self._name(fd), base))

    def _on_descriptor(self, call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def one(fd: int, *more: Any) -> Any:
            self.append(f"{call} {self._name(fd)}")
            return real(fd, *more)

        return one

    def _rename(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def one(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
            here, there = self._below(src_dir_fd, source), self._below(dst_dir_fd, target)
            self.append(f"rename {here} -> {there}")
            real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        return one

    def _move(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def one(source: str, target: str, source_fd: int, target_fd: int) -> None:
            here, there = self._below(source_fd, source), self._below(target_fd, target)
            self.append(f"move {here} -> {there}")
            real(source, target, source_fd, target_fd)

        return one

    def _unlink(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def one(path: str, *, dir_fd: int | None = None) -> None:
            if dir_fd is not None:
                self.append(f"unlink {self._below(dir_fd, path)}")
            real(path, dir_fd=dir_fd)

        return one
