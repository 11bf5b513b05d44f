"""`make bench`: everything that is measured, in turn; `python -m bench.run --only throughput`.

Root is needed for a private Postfix and the loop mount.  Nothing of the machine's own
Postfix is read or touched, and all traffic is on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.disk import Disk, journaled
from bench.filtering import filtering
from bench.listing import listing_commands, startup_commands, time_in_turn
from bench.memory import MEGABYTES, peak_of_large_message
from bench.queues import fill_postfix, fill_spool
from bench.report import Report, Target, code, machine, table
from bench.screen import screen
from bench.structure import SIZES, growth
from bench.systems import RELAY_TOML, Counter, PostfixSystem, RelaySystem, System
from bench.throughput import LOADS, WARM_UP, ceiling, compare, source_command
from tests.harness import postfix as postfix_harness
from tests.harness.postfix import SETTINGS, Postfix
from tests.harness.process import ROOT

RESULTS = ROOT / "bench" / "RESULTS.md"
COUNTS = (10_000, 100_000)
TARGET_SESSIONS = (10, 50)


def throughput(report: Report, disk: Disk, rounds: int) -> None:
    """Postfix and relay, end to end."""
    sink = Counter()
    relay = RelaySystem(disk.path, sink.port)
    systems: list[System] = [PostfixSystem(disk.path, sink.port), relay]
    try:
        tops = [f"{ceiling(sink, n):,.0f}/s at {n} sessions" for n in TARGET_SESSIONS]
        for system in systems:
            system.start()
        results = compare(systems, sink, rounds)
        command = relay.command
    finally:
        for system in systems:
            system.stop()
        sink.stop()
    rows = []
    for load, by_name in results.items():
        theirs, ours = by_name["Postfix"], by_name["relay"]
        ratio = ours.rate / theirs.rate
        rows.append(
            [
                load.name,
                *(f"{theirs.rate:,.0f}/s", f"{ours.rate:,.0f}/s", f"**{ratio:.2f}**"),
                *(f"{theirs.cpu_ms:.2f} ms", f"{ours.cpu_ms:.2f} ms"),
                f"{ours.cpu_ms / theirs.cpu_ms:.2f}",
                f"{min(ours.rates):,.0f}–{max(ours.rates):,.0f}",
            ]
        )
        if load.sessions in TARGET_SESSIONS:
            name = f"end to end, {load.name}"
            report.targets.append(Target(name, ratio, 2.0, "× Postfix", at_least=True))
            report.targets.append(Target(f"CPU, {load.name}", ours.cpu_ms, 1.0, "ms a message"))
    report.section(
        "End to end",
        "smtp-source → system → smtp-sink, connections kept open, until the sink has counted "
        f"every message. Medians of {rounds} rounds in turn, after {WARM_UP} messages of warm-up "
        "each. CPU is user and system time of all processes of the system. Both log every "
        f"message. File system: {disk.note}. The tools alone, source into sink: "
        f"{', '.join(tops)}.",
        table(
            [
                "load",
                "Postfix",
                "relay",
                "ratio",
                "CPU Postfix",
                "CPU relay",
                "ratio",
                "relay, span",
            ],
            rows,
        ),
        code(
            " ".join(source_command(LOADS[1], 0, LOADS[1].messages)).replace(":0", ":PORT"),
            "smtp-sink -c 127.0.0.1:PORT 1000",
            " ".join(Path(command[0]).name if n == 0 else word for n, word in enumerate(command)),
        ),
        "relay.toml:",
        code(*RELAY_TOML.splitlines()),
        "Postfix's main.cf beyond its places and ports (all of it: tests/harness/postfix.py):",
        code(*(f"{key} = {value}" for key, value in SETTINGS.items())),
    )


def listing(report: Report, disk: Disk, rounds: int) -> None:
    """10,000 and 100,000 deferred messages."""
    for count in COUNTS:
        spool = disk.path / f"spool-{count}"
        fill_spool(spool, count, time.time())
        postfix = Postfix(disk.path / f"postfix-{count}", defer=True)
        asyncio.run(fill_postfix(postfix, count))
        with postfix:
            commands = listing_commands(spool, postfix, count)
            figures = time_in_turn(commands, rounds)
        reference = figures["postqueue -j"]
        rows = [
            [f"`{name}`", f"{seconds:.2f} s", f"{seconds / reference:.2f}"]
            for name, seconds in figures.items()
        ]
        print(
            f"  {count:,}: " + ", ".join(f"{n} {s:.2f} s" for n, s in figures.items()), flush=True
        )
        report.section(
            f"Listing {count:,} deferred messages",
            f"4 KiB each, warm cache, output to a file, medians of {rounds} rounds in turn.",
            table(["command", "time", "to postqueue -j"], rows),
        )
        if count == COUNTS[-1]:
            name = f"ls --stuck --ids over {count:,}"
            seconds = figures["spooltool ls --stuck --ids"]
            report.targets.append(Target(name, seconds, round(reference, 3), "s (postqueue -j)"))


def startup(report: Report, disk: Disk, rounds: int) -> None:
    """What the first character of output costs."""
    figures = time_in_turn(startup_commands(disk.path), 4 * rounds)
    rows = [[f"`{name}`", f"{seconds * 1000:.0f} ms"] for name, seconds in figures.items()]
    report.section(
        "Start-up", f"Medians of {4 * rounds} runs in turn.", table(["command", "time"], rows)
    )
    ours = next(iter(figures.values())) * 1000
    report.targets.append(Target("spooltool ls on an empty spool", ours, 120, "ms"))


def memory(report: Report, disk: Disk, rounds: int) -> None:
    """One large message; a single run, since a peak needs no median."""
    del rounds
    peaks = peak_of_large_message(disk.path)
    rows = [[_process(name), f"{peak / 1e6:.0f} MB"] for name, peak in sorted(peaks.items())]
    report.section(
        f"A {MEGABYTES} MB message",
        "Peak resident memory of each process of relay (VmHWM) through intake and delivery.",
        table(["process", "peak"], rows),
    )
    largest = max(peaks.values()) / 1e6
    report.targets.append(Target(f"memory, {MEGABYTES} MB message", largest, 80, "MB a process"))


def structure(report: Report, disk: Disk, rounds: int) -> None:
    """Linear time: MIME structure of what is made to be slow."""
    del disk, rounds
    figures = growth()
    rows = [[name, *(f"{one:.3f} s" for one in times)] for name, times in figures.items()]
    head = ["message", *(f"{size >> 20} MiB" for size in SIZES)]
    report.section(
        "MIME structure", "CPU time of scanning one message, by its size.", table(head, rows)
    )
    ratio = max(times[-1] / max(times[-2], 0.05) for times in figures.values())
    report.targets.append(Target("MIME structure, a doubling", ratio, 2.5, "×"))


def content(report: Report, disk: Disk, rounds: int) -> None:
    """Rewriting, stripping, weeding and scanning beside the plain path."""
    filtering(report, disk.path, rounds)


def keys(report: Report, disk: Disk, rounds: int) -> None:
    """How soon the screen answers; on the machine's own disk, for a million files."""
    screen(report)


def _process(name: str) -> str:
    """A process by what it does: `relay asmtpd`."""
    found = re.search(r"\brelay (\w+)", name)
    return f"`{found[0]}`" if found else name.partition(" ")[2]


PARTS: dict[str, Callable[[Report, Disk, int], None]] = {
    "throughput": throughput,
    "listing": listing,
    "startup": startup,
    "memory": memory,
    "structure": structure,
    "filtering": content,
    "screen": keys,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and writes; exit 0 also where a target is missed, which the file says."""
    parser = argparse.ArgumentParser(prog="make bench", description="measure beside Postfix")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help=f"default: {RESULTS.relative_to(ROOT)}")
    options = parser.parse_args(argv)
    if why := postfix_harness.missing():
        print(f"bench: {why}", file=sys.stderr)
        return 1
    report = Report()
    report.section("Machine", table(["", ""], machine()))
    with journaled() as disk:
        print(f"bench: on {disk.note}", flush=True)
        for name, part in PARTS.items():
            if not options.only or name in options.only:
                print(f"bench: {name}", flush=True)
                part(report, disk, options.rounds)
    for target in report.targets:
        print("  " + "  ".join(target.row()), flush=True)
    # A part alone is a look, not the record.
    out = options.out or (None if options.only else RESULTS)
    if out is None:
        print(report.text())
    else:
        out.write_text(report.text(), encoding="utf-8")
        print(f"bench: written to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
