"""Figures -> RESULTS.md: the machine, the commands, ratios, and what was reached or missed."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that is to be reached: `value` at least, or at most, `limit`."""

    what: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def row(self) -> list[str]:
        """Its row in the table of targets."""
        sign = "≥" if self.at_least else "≤"
        word = "reached" if self.reached else "**missed**"
        return [
            self.what,
            f"{sign} {self.limit:g} {self.unit}",
            f"{self.value:.3g} {self.unit}",
            word,
        ]


@dataclass(slots=True)
class Report:
    """The results, section by section, in the order in which they were measured."""

    targets: list[Target] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)

    def section(self, title: str, *paragraphs: str) -> None:
        """Adds a section."""
        self.sections.append("\n\n".join([f"## {title}", *paragraphs]))

    def text(self) -> str:
        """The whole file."""
        rows = [target.row() for target in self.targets]
        parts = [
            "# Results",
            "Written by `make bench`. Ratios count: both systems ran on the same machine, in the "
            "same run, in turn.",
            "## Targets",
            table(["figure", "target", "measured", ""], rows),
            *self.sections,
        ]
        return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns after the first are right-aligned."""
    lines = [f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def code(*lines: str) -> str:
    """A block of commands."""
    return "```\n" + "\n".join(lines) + "\n```"


def machine() -> list[list[str]]:
    """What the figures were taken on."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    gigabytes = int(memory[1]) / (1 << 20) if memory else 0
    load = os.getloadavg()[0]
    return [
        ["processor", f"{os.cpu_count()} cores, {cpu[1] if cpu else 'unknown'}"],
        ["memory", f"{gigabytes:.0f} GiB"],
        ["kernel", platform.release()],
        ["load before the run", f"{load:.1f}"],
        ["Python", platform.python_version()],
        *([name, version_of(name)] for name in ("uvloop", "typer")),
        ["Postfix", said("/usr/sbin/postconf", "-dh", "mail_version")],
        ["commit", said("git", "rev-parse", "--short", "HEAD")],
    ]


def version_of(distribution: str) -> str:
    """The installed version of a Python package."""
    from importlib.metadata import version

    return version(distribution)


def said(*argv: str) -> str:
    """A command's first line; "unknown" when it cannot be run."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return done.stdout.partition("\n")[0].strip() or "unknown"
