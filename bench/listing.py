"""How long a listing takes: spooltool beside postqueue, qshape and grep; and start-up."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.systems import SPOOLTOOL
from tests.harness.postfix import Postfix

# Byte code is cached as on any installed system, whatever this shell says.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command to be timed; `rows` is how many lines it must print (None: any)."""

    name: str
    argv: Sequence[str]
    rows: int | None = None


def listing_commands(spool: Path, postfix: Postfix, count: int) -> list[Command]:
    """What lists `count` deferred messages, on either side."""
    own = [str(SPOOLTOOL), "--spool", str(spool), "ls"]
    deferred = str(postfix.queue / "deferred")
    return [
        Command("spooltool ls --stuck --ids", [*own, "--stuck", "--ids"], count),
        Command("spooltool ls", own, count + 1),
        Command("postqueue -j", postfix.command("postqueue", "-j"), count),
        Command("qshape deferred", ["qshape", "-c", str(postfix.config), "deferred"]),
        Command("grep -rl, our files", ["grep", "-rl", "billing@", str(spool / "D_resend")], count),
        Command("grep -rl, Postfix's files", ["grep", "-rl", "billing@", deferred], count),
    ]


def run_once(command: Command) -> float:
    """Seconds from start to exit, its output in a file; wrong output is an error."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        done = subprocess.run(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        took = time.perf_counter() - began
        output.seek(0)
        rows = output.read().count(b"\n")
    if done.returncode or (command.rows is not None and rows != command.rows):
        said = done.stderr.decode("utf-8", "replace")[-500:]
        raise RuntimeError(f"{command.name}: exit {done.returncode}, {rows} rows: {said}")
    return took


def time_in_turn(commands: Sequence[Command], rounds: int) -> dict[str, float]:
    """Median seconds of each command, run in turn, after a warm-up of each."""
    for command in commands:
        run_once(command)
    figures: dict[str, list[float]] = {command.name: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            figures[command.name].append(run_once(command))
    return {name: statistics.median(values) for name, values in figures.items()}


def startup_commands(folder: Path) -> list[Command]:
    """`spooltool ls` on an empty spool, and what Python itself takes of it."""
    empty = folder / "empty"
    for name in ("D_state", "D_sender", "D_resend"):
        (empty / name).mkdir(parents=True, exist_ok=True)
    python = str(SPOOLTOOL.with_name("python"))
    return [
        Command("spooltool ls, empty spool", [str(SPOOLTOOL), "--spool", str(empty), "ls"]),
        Command("python -c pass", [python, "-c", "pass"]),
        Command("python -c 'import typer'", [python, "-c", "import typer"]),
    ]
