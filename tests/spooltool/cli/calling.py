"""The command line as a person or a script calls it, and texts to compare with."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

AS_OF = 1795545851
HOUR = 3600
ROOT = Path(__file__).resolve().parents[3]


class Ended(NamedTuple):
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def start(*arguments: str | Path, stdin: bytes = b"", **more: str) -> Ended:
    """Run a command line in a process of its own; its output is a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "spooltool", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more},
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def as_user(user: int, arguments: Sequence[str | Path], folder: Path) -> Ended:
    """Run a command line as another user, in a forked child.

    That user may not be allowed to read Python's own files, so the command is run once as
    root before, with its output thrown away: then all it needs is loaded.
    """
    from spooltool.cli.app import run
    from spooltool.look import ownership

    assert ownership, "what only a refusal needs is loaded here"
    words = [str(word) for word in arguments]
    names = (folder / f"out.{user}", folder / f"err.{user}")
    child = os.fork()
    if child == 0:
        with _ending():
            void = os.open(os.devnull, os.O_RDWR)
            targets = [os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY) for name in names]
            _speak_on(void, void)
            run(words)
            for fd, target in zip((1, 2), targets, strict=True):
                os.dup2(target, fd)
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            sys.exit(run(words))
    _, status = os.waitpid(child, 0)
    out, err = (name.read_text() for name in names)
    return Ended(os.waitstatus_to_exitcode(status), out, err)


def on_terminal(arguments: Sequence[str | Path], columns: int = 100, **more: str) -> bytes:
    """What a terminal of this width gets, standard error included; no pager."""
    from spooltool.cli.app import run

    words = [str(word) for word in arguments]
    leader, follower = pty.openpty()
    child = os.fork()
    if child == 0:
        with _ending():
            os.setsid()
            os.dup2(follower, 0)
            _speak_on(follower, follower)
            os.closerange(3, 64)
            os.environ.update(COLUMNS=str(columns), LINES="9999", PAGER="cat")
            os.environ.update(more)
            sys.exit(run(words))
    os.close(follower)
    out = b""
    while True:
        try:
            data = os.read(leader, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    os.waitpid(child, 0)
    os.close(leader)
    return out.replace(b"\r\n", b"\n")


@contextmanager
def _ending() -> Iterator[None]:
    """A forked child's whole life: it ends here, by `sys.exit` or with a traceback."""
    code = 99
    try:
        yield
    except SystemExit as end:
        code = int(end.code or 0)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - a child must not go on as a second pytest
        traceback.print_exc()
    finally:
        os._exit(code)


def _speak_on(out: int, err: int) -> None:
    """Make these descriptors the standard output and error of this process."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same


def copied(source: Path, target: Path) -> Path:
    """A copy whose times are fixed."""
    shutil.copytree(source, target)
    for path in target.rglob("*"):
        os.utime(path, (AS_OF - 2 * HOUR, AS_OF - 2 * HOUR))
    return target


def golden(name: str, text: str) -> None:
    """Compare with a golden file; GOLDEN=write writes it anew."""
    path = Path(__file__).parent / "golden" / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def settled(text: str, spool: Path) -> str:
    """Text with what differs from machine to machine put right: host, path, disk."""
    host = os.uname().nodename.partition(".")[0]
    text = text.replace(f"{host}:{spool}", "gw1:/var/spool/relay").replace(
        str(spool), "/var/spool/relay"
    )
    return re.sub(
        r"[0-9.]+ [KMGT]?B free of [0-9.]+ [KMGT]?B \([0-9]+ %\)",
        "41 GB free of 50 GB (82 %)",
        text,
    )
