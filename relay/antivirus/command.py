"""`relay scan`: what a scanner says about files, or about itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import assert_never

from relay.antivirus.client import ScannerClient
from relay.antivirus.scanner import Protocol, Scanner, ScanTask
from relay.policy.scan_outcome import (
    Clean,
    Cured,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Silent,
    Unreachable,
)
from spooltool.errors import ExitCode, UsageError
from spooltool.logs.quoting import raw
from spooltool.spool.hosts import HostPort, parse_host

_CHUNK = 64 * 1024

Say = Callable[[str], None]


def run(
    scanner: Scanner, files: Sequence[str], seconds: float, *, mode: Mode, headers: bool, say: Say
) -> ExitCode:
    """Have each file scanned and say what came of it; without files: what the scanner says.

    `seconds` are of silence.  OK when all are clean, SOME when something was found,
    else INCOMPLETE.  Raises OSError for a file that cannot be read.
    """
    return asyncio.run(_run(scanner, files, seconds, mode, headers, say))


def scanner_at(
    protocol: str, address: str, unix_socket: str, service: str, max_size: int
) -> Scanner:
    """The scanner that options name.  Raises UsageError for what names none."""
    if protocol not in list(Protocol):
        raise UsageError(f"--protocol {protocol}: wants {' or '.join(Protocol)}")
    place = parse_host(address) if address else None
    if unix_socket and protocol != Protocol.CLAMD:
        raise UsageError("--socket is for clamd: ICAP has no Unix socket")
    if not unix_socket and (place is None or place.port is None):
        raise UsageError(
            f"--address {address}: wants HOST:PORT" if address else "which scanner?",
            hint="" if address else "relay scan --address 127.0.0.1:3310 FILE",
        )
    return Scanner(
        "",
        Protocol(protocol),
        place or HostPort("localhost"),
        unix_socket,
        service,
        max_size,
    )


async def _run(
    scanner: Scanner, files: Sequence[str], seconds: float, mode: Mode, headers: bool, say: Say
) -> ExitCode:
    async with ScannerClient(scanner, seconds) as client:
        if not files:
            status = await client.status()
            say(f"{scanner}: {status.text}")
            return ExitCode.OK if status.answers else ExitCode.INCOMPLETE
        codes = set()
        for file in files:
            outcome = await _scan(client, file, mode, headers)
            say(f"{raw(file)}: {words(outcome)}")
            codes.add(code_of(outcome))
    return next(
        (code for code in (ExitCode.SOME, ExitCode.INCOMPLETE) if code in codes), ExitCode.OK
    )


async def _scan(client: ScannerClient, file: str, mode: Mode, headers: bool) -> Outcome:
    task = ScanTask(mode, headers, os.path.basename(file), os.stat(file).st_size)
    with TemporaryFile() as sink:
        return await client.scan(task, lambda: _chunks(file), sink)


def _chunks(file: str) -> Iterator[bytes]:
    with open(file, "rb") as handle:
        while chunk := handle.read(_CHUNK):
            yield chunk


def words(outcome: Outcome) -> str:
    """An outcome in one line for a person."""
    match outcome:
        case Clean():
            return "clean"
        case Infected(names):
            return f"infected: {', '.join(names)}"
        case Cured(names, size):
            return f"infected: {', '.join(names)}; the scanner gave back {size} octets without it"
        case NotScanned(reason, text):
            return f"not scanned ({reason}): {text}"
        case Unreachable(text) | Silent(text):
            return f"not scanned (no answer): {text}"
        case _:
            assert_never(outcome)


def code_of(outcome: Outcome) -> ExitCode:
    """The exit code that one outcome leads to."""
    match outcome:
        case Clean():
            return ExitCode.OK
        case Infected() | Cured():
            return ExitCode.SOME
        case _:
            return ExitCode.INCOMPLETE
