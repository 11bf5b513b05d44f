"""How a batch of new messages becomes durable: one syncfs, or an fsync of each file.

Run as root: `python bench/commit.py`.  It makes a loop-mounted ext4 (and xfs, where
mkfs.xfs is there), writes batches of 4 KiB messages through `spooltool.store.incoming`
and prints messages a second for each batch size and way, alternating the two.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from spooltool.spool.compose import NewMessage
from spooltool.spool.recipient import Path
from spooltool.store.counter import Counter
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.root import Spool

BATCHES = (1, 2, 5, 10, 20, 50)
ROUNDS = 5
BODY = b"The quick brown fox jumps over the lazy dog, and so on and so forth.\n" * 58
ENVELOPE = NewMessage(
    {"SRC": "127.0.0.1", "SPORT": "1", "DST": "127.0.0.1", "ERR_SERVER": "127.0.0.1"},
    1795543999.0,
    Path("a@example.com"),
    [Path("b@example.org")],
)


@contextmanager
def mounted(kind: str) -> Iterator[str]:
    """A new journaled file system on a loop device; its mount point."""
    folder = tempfile.mkdtemp(prefix="commit-")
    image, point = os.path.join(folder, "image"), os.path.join(folder, "mnt")
    os.mkdir(point)
    with open(image, "wb") as file:
        file.truncate(600 << 20)
    subprocess.run([f"mkfs.{kind}", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, point], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)
        shutil.rmtree(folder)


def rate(spool: Spool, counter: Counter, syncer: Syncer, size: int) -> float:
    """Messages a second, over about 400 messages."""
    rounds = max(1, 400 // size)
    began = time.monotonic()
    for _ in range(rounds):
        batch = [Incoming(spool, counter.take()) for _ in range(size)]
        for message in batch:
            message.begin(ENVELOPE, b"Subject: x\n", b"Received: y\nSubject: x\n")
            message.append(BODY)
            message.finish()
        if any(commit(spool, batch, syncer)):
            raise SystemExit("a commit failed")
        for message in batch:
            message.release()
    seconds = time.monotonic() - began
    for name in os.listdir(spool.dir_fd("D_sender")):
        os.unlink(name, dir_fd=spool.dir_fd("D_sender"))
    return rounds * size / seconds


def main() -> None:
    """Measure and print."""
    print(f"Linux {os.uname().release}, {os.cpu_count()} cores; medians of {ROUNDS} rounds")
    print(f"{'fs':6}{'batch':>6}{'syncfs/s':>12}{'fsync/s':>12}{'ratio':>8}")
    for kind in ("ext4", "xfs"):
        if shutil.which(f"mkfs.{kind}") is None:
            continue
        with mounted(kind) as point, Spool.create(os.path.join(point, "spool")) as spool:
            counter = Counter(spool)
            ways = {flag: Syncer(spool.path, by_syncfs=flag) for flag in (True, False)}
            for size in BATCHES:
                rates: dict[bool, list[float]] = {True: [], False: []}
                for _ in range(ROUNDS):
                    for flag, syncer in ways.items():
                        rates[flag].append(rate(spool, counter, syncer, size))
                by_syncfs, by_fsync = (statistics.median(rates[flag]) for flag in (True, False))
                print(
                    f"{kind:6}{size:6}{by_syncfs:12.0f}{by_fsync:12.0f}{by_syncfs / by_fsync:8.2f}"
                )
            for syncer in ways.values():
                syncer.close()


if __name__ == "__main__":
    main()
