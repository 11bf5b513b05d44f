"""What may stand where a spool file belongs, and a file outside that must stay as it is.

Eight kinds, each made by one function; `swapped` puts one in place of a good file in the
very moment before it is opened, after whoever opens it has looked.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SECRET = (
    b"DST:\t10.1.5.2\nFROM:\t<secret@example.com>\nRCPT:\t<eva@example.org>\n\nA: b\n\nA: b\n\nx\n"
)
HUGE = 64 << 30


@dataclass(frozen=True, slots=True)
class Outside:
    """A file outside the spool, that reads as a message; `facts` are what must not change."""

    path: Path

    @classmethod
    def made(cls, folder: Path) -> Outside:
        path = folder / "precious"
        path.write_bytes(SECRET)
        path.chmod(0o604)
        return cls(path)

    @property
    def facts(self) -> tuple[int, int, int, int, bytes]:
        facts = self.path.stat()
        return (
            facts.st_mode,
            facts.st_uid,
            facts.st_gid,
            facts.st_mtime_ns,
            self.path.read_bytes(),
        )


def _symlink(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def _dangling(path: Path, outside: Path) -> None:
    path.symlink_to(outside.with_name("made-by-following"))


def _hardlink(path: Path, outside: Path) -> None:
    os.link(outside, path)


def _fifo(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def _device(path: Path, outside: Path) -> None:
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero: it never ends


def _socket(path: Path, outside: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        here = os.open(path.parent, os.O_PATH)
        listener.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def _directory(path: Path, outside: Path) -> None:
    path.mkdir()


def _sparse(path: Path, outside: Path) -> None:
    path.touch()
    os.truncate(path, HUGE)


KINDS: dict[str, Callable[[Path, Path], None]] = {
    "symlink": _symlink,
    "dangling": _dangling,
    "hardlink": _hardlink,
    "fifo": _fifo,
    "device": _device,
    "socket": _socket,
    "directory": _directory,
    "sparse": _sparse,
}
IRREGULAR = tuple(kind for kind in KINDS if kind != "sparse")
"""All but the regular file of 64 GiB, which is a message without text."""


def put_odd(kind: str, path: Path, outside: Outside) -> None:
    """Make a file of this kind; skips where only root may make one."""
    if kind == "device" and os.geteuid() != 0:
        pytest.skip("only root makes devices")
    KINDS[kind](path, outside.path)


@contextmanager
def swapped(
    monkeypatch: pytest.MonkeyPatch, kind: str, path: Path, outside: Outside
) -> Iterator[list[str]]:
    """Put the odd file in place of `path` just before its first open in this process.

    The list that is given tells by its one entry that it came to that.
    """
    done: list[str] = []
    real = os.open

    def opened(name: str, *arguments: int, **more: int) -> int:
        if name in (path.name, str(path)) and not done:
            done.append(kind)
            path.unlink()
            put_odd(kind, path, outside)
        return real(name, *arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", opened)
        yield done


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Fail where a call waits, as an open of a FIFO does."""
    import signal

    def late(number: int, frame: object) -> None:
        raise AssertionError(f"it waits for more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
