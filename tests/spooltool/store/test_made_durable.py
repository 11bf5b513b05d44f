"""A directory that was made is on disk before mail lies in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spooltool.spool.names import HOLD, OWN_DIR, TRASH
from spooltool.store.root import Spool
from tests.harness.disk_calls import DiskCalls


def test_a_new_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spool"
    calls = DiskCalls(str(path), monkeypatch)
    Spool.create(str(path)).close()
    assert calls == [f"fsync {OWN_DIR}", "fsync .", "fsync .."]


def test_a_spool_below_a_directory_that_may_not_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spool"
    path.mkdir()
    real = os.open

    def opened(name: str, *arguments: int, **more: int) -> int:
        if name == str(tmp_path):
            raise PermissionError(13, "Permission denied")
        return real(name, *arguments, **more)

    monkeypatch.setattr(os, "open", opened)
    Spool.create(str(path)).close()
    assert (path / "D_sender").is_dir()


def test_a_mail_directory(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    os.rmdir(f"{spool.path}/{HOLD}")
    calls = DiskCalls(spool.path, monkeypatch)
    spool.mail_dir(HOLD)
    spool.mail_dir(HOLD)
    assert calls == ["fsync ."]


def test_our_own(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    os.rmdir(f"{spool.path}/{TRASH}")
    os.rmdir(f"{spool.path}/{OWN_DIR}")
    with Spool.open(spool.path) as again:
        calls = DiskCalls(spool.path, monkeypatch)
        again.own_dir(TRASH)
        again.own_dir(TRASH)
    assert calls == ["fsync .", f"fsync {OWN_DIR}"]
