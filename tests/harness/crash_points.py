"""Crash points: every system call of a program that changes a spool, found by strace, each
of which a second run can be made to die at, or to fail at.

strace kills at the entry of a call, so the call itself is not carried out.  A point is
named by call, path and count, and strace's `-P` counts only calls on that path: what
other threads do elsewhere does not shift it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SYSCALLS = (
    "write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg",
    "fsync", "fdatasync", "syncfs", "sync_file_range", "ftruncate", "fallocate",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "openat",
)  # fmt: skip

_CALL = re.compile(r"(\d+) +(\w+)\((.*)\Z")
_DESCRIPTOR = re.compile(r"\A\d+<(socket|TCP|UNIX)")
_OWN_PID = re.compile(r"\.\d+\.new")


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`th `call` of a thread on `path`, relative to the spool ("." is itself).

    Without a path: the `number`th such call of a thread on anything.  `shown` is the call.
    """

    call: str
    path: str
    number: int
    shown: str

    def injection(self, spool: Path, effect: str) -> list[str]:
        """The options by which strace brings `effect` about at this point."""
        options = ["-e", f"trace={self.call}"]
        if self.path:
            options += ["-P", str(spool / self.path)]
        return [*options, "-e", f"inject={self.call}:{effect}:when={self.number}"]

    def __str__(self) -> str:
        return f"{self.call} #{self.number} on {self.path or 'anything'}: {self.shown[:80]}"


def recording(trace: Path, argv: Sequence[str]) -> list[str]:
    """The command that runs `argv` and writes all its calls to `trace`."""
    calls = ",".join(SYSCALLS)
    return ["strace", "-f", "-y", "-s", "48", "-o", str(trace), "-e", f"trace={calls}", *argv]


def injecting(
    trace: Path, argv: Sequence[str], point: Point, spool: Path, effect: str = "signal=KILL"
) -> list[str]:
    """The command that runs `argv` with an effect at a point; `was_hit` tells if it came."""
    options = point.injection(spool, effect)
    return ["strace", "-f", "-y", "-s", "48", "-o", str(trace), *options, *argv]


def was_killed(trace: Path) -> bool:
    """Whether a traced run ended by SIGKILL."""
    return "killed by SIGKILL" in trace.read_text(errors="replace")


def was_failed(trace: Path) -> bool:
    """Whether an error was injected into a traced run."""
    return "(INJECTED)" in trace.read_text(errors="replace")


def points(trace: Path, spool: Path, *, after: str = "") -> list[Point]:
    """The points of a recorded run, in their order, from the first call on that has `after`.

    They are all calls below the spool, and writes to sockets.  What an earlier call of
    another thread shares its count with cannot be reached and is left out; so is the opening
    of a folder, which changes nothing and is done by whichever thread needs it first.
    """
    found: list[Point] = []
    seen: set[tuple[str, str, int]] = set()
    counts: Counter[tuple[str, str, str]] = Counter()
    began = not after
    for thread, call, arguments in _calls(trace):
        paths = _paths_below(arguments, str(spool))
        counts[thread, call, ""] += 1
        for path in paths:
            counts[thread, call, path] += 1
        # A name with the writer's pid in it has another one in the next run.
        path = next((p for p in paths if not _OWN_PID.search(p)), "")
        number = counts[thread, call, path]
        new = (call, path, number) not in seen
        seen.update((call, path, counts[thread, call, path]) for path in ("", *paths))
        began = began or after in arguments
        new = new and "O_DIRECTORY" not in arguments
        if began and new and (paths or _DESCRIPTOR.match(arguments)):
            shown = arguments.replace(str(spool), "SPOOL")
            found.append(Point(call, path, number, shown))
    return found


def _calls(trace: Path) -> Iterator[tuple[str, str, str]]:
    for line in trace.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if match:
            arguments = match[3].partition(" <unfinished")[0].rpartition(") = ")
            yield match[1], match[2], arguments[0] or arguments[2]


def _paths_below(arguments: str, spool: str) -> list[str]:
    """Paths of descriptors and literals below the spool, relative to it, each once."""
    paths: dict[str, None] = {}
    for path in re.findall(rf'[<"]({re.escape(spool)}(?:/[^>"]*)?)[>"]', arguments):
        paths[path[len(spool) + 1 :] or "."] = None
    return list(paths)
