"""CPU time and peak memory of a process and all that it started, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
_UTIME = 11  # index after the command's closing parenthesis: proc(5), fields 14 to 17


def family(root: int) -> list[int]:
    """The process and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of the family, descendants that have ended included.

    The time of a process that ended and was waited for is in its parent's account.
    Kernel threads (the journal, write-back) are in nobody's.
    """
    ticks = 0
    for pid in family(root):
        if fields := _stat(pid):
            ticks += sum(int(value) for value in fields[_UTIME : _UTIME + 4])
    return ticks / TICK


def peak_memory(root: int) -> dict[str, int]:
    """The largest resident size each living member ever had, in bytes, by `pid command`."""
    peaks = {}
    for pid in family(root):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                name = b" ".join(command[:6]).decode("utf-8", "replace").strip()
                peaks[f"{pid} {name}"] = int(line.split()[1]) * 1024
    return peaks


def _stat(pid: int) -> list[str]:
    """Fields of /proc/pid/stat from the state on; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
