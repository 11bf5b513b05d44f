"""Spools that verbs may change, what stands in them, and a person at a terminal."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

from spooltool.spool.compose import NewMessage
from spooltool.spool.recipient import Path
from spooltool.store.counter import Counter
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.root import Spool
from tests.harness.readable import readable
from tests.spooltool.cli.calling import ROOT, Ended

ARRIVED = 1795543999.5
OLD, NEW = "10.1.5.2", "10.1.5.9"

_ON_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "spooltool", *sys.argv[2:]])
"""


_AS_USER = """
import os, sys
from spooltool.change import choosing
from spooltool.cli import app
choosing._load_the_rest()
for verb in ("retarget", "hold", "release", "undo", "set_keys", "kick", "demo"):
    __import__("spooltool.cli." + verb)
user = int(sys.argv[1])
os.setgroups([]); os.setgid(user); os.setuid(user)
code = app.run(sys.argv[2:])
sys.stdout.flush()
os._exit(int(code))
"""


def as_user(user: int, *arguments: str | FilePath) -> Ended:
    """Run as another user, who need not be able to read this installation."""
    done = subprocess.run(
        [sys.executable, "-c", _AS_USER, str(user), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def open_way(folder: FilePath) -> None:
    """Let everybody pass through the test's own folders on the way to this one."""
    for parent in (folder, *folder.parents):
        if "pytest-of-" in str(parent):
            os.chmod(parent, 0o755)


def put(
    spool: FilePath,
    count: int = 1,
    dst: str = OLD,
    params: str = "BODY=8BITMIME",
    body: bytes = b"hello\n",
    **keys: str,
) -> list[str]:
    """Accept messages as the intake does; their files inside the spool."""
    batch = []
    with Spool.create(str(spool)) as opened:
        counter = Counter(opened, block=100)
        syncer = Syncer(opened.path)
        for at in range(count):
            incoming = Incoming(opened, counter.take())
            chapter = {"SRC": "192.168.230.24", "SPORT": "3446", "DST": dst, "ERR_SERVER": dst}
            recipient = Path(f"anna{at}@example.org")
            message = NewMessage(
                {**chapter, **keys}, ARRIVED + at, Path("jo@example.com", params), [recipient]
            )
            incoming.begin(message, b"Subject: a\n", b"Received: from b\nSubject: a\n")
            incoming.append(body)
            incoming.finish()
            batch.append(incoming)
        assert commit(opened, batch, syncer) == [None] * count
        for incoming in batch:
            incoming.release()
        syncer.close()
    return [incoming.name.file for incoming in batch]


def values(spool: FilePath, key: str) -> dict[str, str]:
    """File to the value of a key, over the whole spool."""
    found = {}
    for path in sorted(spool.glob("D_*/[TRE]*")):
        for line in path.read_bytes().split(b"\n\n")[0].split(b"\n"):
            name, _, value = line.partition(b":")
            if name.decode() == key:
                found[str(path.relative_to(spool))] = value.decode().strip()
    return found


def tree(folder: FilePath) -> dict[str, tuple[object, ...]]:
    """Everything below a folder: mode, owner, times, inode, content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted((folder, *folder.rglob("*"))):
        facts = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (
            facts.st_mode,
            facts.st_uid,
            facts.st_ino,
            facts.st_mtime_ns,
            facts.st_ctime_ns,
            content,
        )
    return found


def records(done: Ended) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The objects of `--json`: one a message, and the summary."""
    *messages, summary = [json.loads(line) for line in done.lines]
    return messages, summary


def answered(
    arguments: Sequence[str | FilePath], *answers: str, stdin: bytes | None = None
) -> tuple[int, str]:
    """Run at a terminal of its own and answer each question; exit code and the screen.

    `stdin` is piped in; without it the terminal is the standard input, too.  An answer is
    typed when a line that ends in a question stands on the screen.
    """
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "PAGER": "cat"}
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_A_TERMINAL, str(follower), *map(str, arguments)],
        stdin=follower if stdin is None else subprocess.PIPE,
        stdout=follower,
        stderr=follower,
        pass_fds=(follower,),
        env=environment,
    )
    os.close(follower)
    if stdin is not None:
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
    screen = ""
    left = list(answers)
    while True:
        if not readable(leader, 60.0):
            process.kill()
            raise AssertionError(f"nothing more in 60 s: {screen}")
        try:
            data = os.read(leader, 65536)
        except OSError:
            break
        screen += data.decode("utf-8", "replace")
        if left and screen.endswith(("? [y/N] ", "to go on: ")):
            os.write(leader, left.pop(0).encode())
    os.close(leader)
    assert not left, f"never asked: {screen}"
    return process.wait(), screen.replace("\r\n", "\n")
