"""How soon the reader of the queue shows it: `python -m bench.reader [COUNT ...]`.

Beside it stands `ls --stuck --ids` over the same files, which does it once on both cores.
The spool is made anew for each count, in the folder that `--folder` names.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.listing import Command, run_once
from bench.processes import cpu_seconds, peak_memory
from bench.queues import fill_spool
from bench.report import table
from bench.systems import SPOOLTOOL
from spooltool.look.sight import Sight
from spooltool.workers.process import Worker
from spooltool.workers.queue import Picture, Show
from spooltool.workers.table import block, order
from spooltool.workers.wire import Frame

COUNTS = (100_000, 1_000_000)
QUIET = 20.0
"""Seconds in which nothing happens, for what it costs to go on looking."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds until a picture shows rows, all of them, a query over columns, one over files,
    another order; the share of a core at rest; bytes at most; seconds of `ls`."""

    first: float
    whole: float
    columns: float
    files: float
    sorted: float
    quiet: float
    memory: int
    ls: float


class Watch:
    """The reader's process, waited for."""

    def __init__(self, spool: Path) -> None:
        self.picture: Picture | None = None
        self._serial = 0
        self._over = ""
        self._news = asyncio.Event()
        sight = Sight(spool_option=str(spool))
        self.worker = Worker("reader", sight.handed_over(), self._told, self._ended)

    def _told(self, frame: Frame) -> None:
        self.picture = frame.value
        block(frame.fds[0], frame.value.rows)
        order(frame.fds[1], frame.value.listed)
        self._news.set()

    def _ended(self, why: str) -> None:
        self._over = why
        self._news.set()

    async def show(self, text: str, sort: str = "") -> float:
        """Seconds until a query is answered whole."""
        began = time.perf_counter()
        self._serial += 1
        self.worker.ask(Show(self._serial, text, sort))
        await self.until(self._answered)
        return time.perf_counter() - began

    def _answered(self) -> bool:
        picture = self.picture
        return (
            picture is not None
            and picture.serial == self._serial
            and picture.reading is None
            and picture.judging is None
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a picture of which this is true."""
        while not condition():
            if self._over:
                raise RuntimeError(self._over)
            self._news.clear()
            await self._news.wait()


async def measure(spool: Path, count: int) -> Figures:
    """One life of a reader over this spool."""
    watch = Watch(spool)
    began = time.perf_counter()
    watch.worker.start(asyncio.get_running_loop())
    try:
        showing = asyncio.create_task(watch.show("stuck"))
        await watch.until(lambda: watch.picture is not None and watch.picture.listed > 0)
        first = time.perf_counter() - began
        await showing
        whole = time.perf_counter() - began
        if watch.picture is None or watch.picture.listed != count:
            raise RuntimeError(f"{watch.picture and watch.picture.listed} of {count} are listed")
        columns = await watch.show("stuck dst:10.1.5.2 attempts:20..")
        files = await watch.show("rcpt:@example.org")
        sort = await watch.show("stuck", "-size")
        pid = watch.worker.pid
        before = cpu_seconds(pid)
        await asyncio.sleep(QUIET)
        quiet = (cpu_seconds(pid) - before) / QUIET
        memory = max(peak_memory(pid).values())
    finally:
        watch.worker.close()
    words = ["--spool", str(spool), "ls", "--stuck", "--ids"]
    ls = run_once(Command("ls", [str(SPOOLTOOL), *words], count))
    return Figures(first, whole, columns, files, sort, quiet, memory, ls)


def rows(counts: Sequence[int], folder: Path) -> list[list[str]]:
    """The table's lines, one a count."""
    found = []
    for count in counts:
        spool = folder / f"spool-{count}"
        fill_spool(spool, count, time.time())
        one = asyncio.run(measure(spool, count))
        shutil.rmtree(spool)
        found.append(
            [
                f"{count:,}",
                f"{one.first:.2f} s",
                f"{one.whole:.1f} s",
                f"{one.whole / one.ls:.1f} x {one.ls:.1f} s",
                f"{one.columns:.2f} s",
                f"{one.files:.1f} s",
                f"{one.sorted:.2f} s",
                f"{one.quiet:.0%}",
                f"{one.memory / 1e6:.0f} MB",
            ]
        )
    return found


HEAD = [
    "messages",
    "first rows",
    "all rows",
    "to `ls --stuck --ids`",
    "query, columns",
    "query, files",
    "sort by size",
    "CPU at rest",
    "memory",
]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("counts", metavar="COUNT", type=int, nargs="*", default=COUNTS)
    parser.add_argument("--folder", type=Path, help="where the spools are made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(table(HEAD, rows(options.counts, Path(folder))))


if __name__ == "__main__":
    main()
