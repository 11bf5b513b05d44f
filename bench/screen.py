"""How soon a key is seen, through a pty: `python -m bench.screen [COUNT ...]`.

A key is written to the terminal; it is seen when the cursor's mark stands on its new row.
Beside it a relay delivers so many messages a second through the same spool, and the reader
follows them.  Figures are milliseconds of single keys; memory is that of the screen's
process, not of the workers beside it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.queues import fill_spool
from bench.report import Report, Target, table
from bench.systems import SPOOLTOOL, Counter, RelaySystem
from tests.harness.process import Child
from tests.harness.terminal import Terminal

SIZE = (160, 48)
KEYS = 300
COUNTS = (100_000, 1_000_000)
LIMITS = (50.0, 100.0)
"""Milliseconds that a key may take at each of them."""
RATE = 500
GONE = ("127.0.0.2:1", "127.0.0.3:1", "127.0.0.4:1", "127.0.0.5:1")
"""Next hops that refuse at once, on this machine."""

_MOVES = {"j": 1, "k": -1}
_LOADED = 900.0
_TOML = """\
hostname = "relay.example"
max_conns = 200
min_free = "0"
resend_period = 3600
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds from key to paint, seconds to the first and the whole list, memory."""

    count: int
    keys: list[float]
    first: float
    whole: float
    rss: int
    reader_rss: int
    rate: float

    def at(self, share: float) -> float:
        """A quantile of the keys."""
        ordered = sorted(self.keys)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure(folder: Path, count: int, rate: int) -> Figures:
    """One spool of so many stuck messages, a relay that delivers beside, a screen on a pty."""
    sink = Counter()
    relay = RelaySystem(folder, sink.port, toml=_TOML)
    fill_spool(relay.spool, count, time.time(), hosts=GONE, ahead=7200)
    try:
        relay.start()
        with _pace(relay.port, rate), Terminal(_command(relay.spool), SIZE) as terminal:
            first, whole = _load(terminal, count)
            began, before = time.monotonic(), sink.read()
            keys = list(_press(terminal))
            took = time.monotonic() - began
            rss, reader = _memory(terminal.process.pid)
            delivered = (sink.read() - before) / took
            return Figures(count, keys, first, whole, rss, reader, delivered)
    finally:
        relay.stop()
        sink.stop()


def _command(spool: Path) -> list[str]:
    return [str(SPOOLTOOL), "--spool", str(spool), "tui", "stuck", "--read-only"]


@contextmanager
def _pace(port: int, rate: int) -> Iterator[None]:
    if not rate:
        yield
        return
    child = Child([sys.executable, "-m", "bench.pace", str(port), str(rate), "4096"])
    try:
        yield
    finally:
        child.stop()


def _load(terminal: Terminal, count: int) -> tuple[float, float]:
    began = time.monotonic()
    first = terminal.wait_for("refused: connect") - began
    whole = terminal.wait_for(f"{count:,} match of", _LOADED) - began
    return first, whole


def _press(terminal: Terminal) -> Iterator[float]:
    """Keys one by one, at the pace of a quick person; each from its press to its paint."""
    chance = random.Random(1)
    column, line = _mark(terminal)
    for _ in range(KEYS):
        pause = time.monotonic() + chance.uniform(0.05, 0.2)
        while (left := pause - time.monotonic()) > 0:
            terminal.read(left)
        key = "k" if line > SIZE[1] // 2 else "j" if line < 10 else chance.choice("jk")
        line += _MOVES[key]
        pressed = time.monotonic()
        terminal.send(key)
        seen = terminal.wait(_marked(column, line))
        yield (seen - pressed) * 1000


def _marked(column: int, line: int) -> Callable[[Terminal], bool]:
    return lambda screen: screen.cell(column, line) == ">"


def _mark(terminal: Terminal) -> tuple[int, int]:
    """Where the list's cursor is: the rightmost mark of the screen."""
    marks = [(text.rfind(">"), at) for at, text in enumerate(terminal.lines) if "> R" in text]
    return max(marks)


def _memory(pid: int) -> tuple[int, int]:
    """Resident bytes of the screen's process, and of the reader beside it."""
    reader = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _parent(int(entry)) == pid:
            words = Path(f"/proc/{entry}/cmdline").read_bytes()
            if b"workers.reader" in words:
                reader = _resident(int(entry))
    return _resident(pid), reader


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(stat[1])


def screen(report: Report) -> None:
    """Keys, memory and loading at each size, for the report."""
    figures = [_measured(count, RATE) for count in COUNTS]
    rows = [
        [
            f"{one.count:,}",
            *(f"{one.at(share):.1f} ms" for share in (0.5, 0.95)),
            f"{max(one.keys):.1f} ms",
            *(f"{one.first:.2f} s", f"{one.whole:.1f} s"),
            *(f"{one.rss / 1e6:.0f} MB", f"{one.reader_rss / 1e6:.0f} MB"),
            f"{one.rate:.0f}/s",
        ]
        for one in figures
    ]
    for one, limit in zip(figures, LIMITS, strict=True):
        name = f"key to paint, p95, {one.count:,} messages"
        report.targets.append(Target(name, one.at(0.95), limit, "ms"))
    memory = figures[-1].rss / 1e6
    report.targets.append(Target(f"screen, {figures[-1].count:,} messages", memory, 150, "MB"))
    report.section(
        "The screen",
        f"`spooltool tui` on a pty of {SIZE[0]}x{SIZE[1]}; {KEYS} keys that move the cursor, one "
        "each 50 to 200 ms, each from its press until the cursor's mark stands on its new row. "
        f"Beside it a relay takes and delivers {RATE} messages a second through the same spool "
        "where it can. Loading is from the start of the command: to the first rows, and to the "
        "whole list. Memory is resident.",
        table(
            ["stuck", "p50", "p95", "most", "first rows", "all", "screen", "reader", "delivered"],
            rows,
        ),
    )


def _measured(count: int, rate: int) -> Figures:
    folder = Path(tempfile.mkdtemp(prefix="bench-screen-"))
    try:
        return measure(folder, count, rate)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=COUNTS)
    parser.add_argument("--rate", type=int, default=RATE)
    chosen = parser.parse_args(argv)
    for count in chosen.counts:
        one = _measured(count, chosen.rate)
        print(
            f"{one.count:,} messages, {one.rate:.0f} delivered/s: key to paint "
            f"p50 {one.at(0.5):.1f}, p95 {one.at(0.95):.1f}, most {max(one.keys):.1f} ms; "
            f"first rows {one.first:.2f} s, whole list {one.whole:.1f} s; "
            f"screen {one.rss / 1e6:.0f} MB, reader {one.reader_rss / 1e6:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
