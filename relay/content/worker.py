"""The program of a content worker: `python -m relay.content.worker FD FILTER MEMORY CPU JOBS`.

FD is a socket of packets (`protocol`), FILTER names a class as MODULE:NAME, MEMORY is in
octets, CPU in seconds for each task; after JOBS tasks it ends.  With each task come two
descriptors: the message, for reading, and an empty file.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from relay.content.filter import Filter, Output, Source
from relay.content.judgement import Outcome, Progress, Result, Task, Verdict
from relay.content.protocol import LARGEST, decode_task, encode_progress, encode_result

SIGN_OF_LIFE = 0.5
"""Seconds between two signs of life."""

GROWTH = 4
"""How much larger than its content a filtered form may be, besides `ROOM`."""

ROOM = 16 << 20

NICENESS = 5
"""Content waits for the processes that move mail, not they for it."""


class Worker:
    """Takes one task after the other from its socket, until that ends."""

    def __init__(self, sock: socket.socket, judge: Filter, cpu: int) -> None:
        self._sock = sock
        self._judge = judge
        self._cpu = cpu
        self._octets = 0
        self._told = 0.0

    def serve(self, jobs: int) -> None:
        """Do so many tasks, or fewer where one fails: what it left behind ends with us."""
        last = False
        while not last:
            data, fds, _flags, _ = socket.recv_fds(self._sock, LARGEST, 2)
            if not data:
                return
            source, output = fds
            try:
                result, sound = self._work(decode_task(data), source, output)
            finally:
                os.close(source)
                os.close(output)
            jobs -= 1
            last = jobs == 0 or not sound
            self._sock.send(encode_result(replace(result, last=last)))

    def _work(self, task: Task, source_fd: int, output_fd: int) -> tuple[Result, bool]:
        self._octets, self._told = 0, time.monotonic()
        _limit(resource.RLIMIT_CPU, int(sum(os.times()[:2])) + 1 + self._cpu)
        _limit(resource.RLIMIT_FSIZE, GROWTH * task.size + ROOM)

        def alive(octets: int) -> None:
            self._sign(task.number, octets)

        source = Source(source_fd, task.start, task.size, alive)
        output = Output(output_fd, alive)
        try:
            outcome = self._judge.filter(source, output, task.orders)
            return _result(task, outcome, source, output), True
        except MemoryError:
            reason, fault = "content needs more memory than content_memory allows", True
        except Exception as error:  # noqa: BLE001 - unclassified at a filter is defer
            reason = f"content filter failed: {type(error).__name__}: {error}"
            fault = not isinstance(error, OSError) or error.errno == errno.EFBIG
        return Result(task.number, Outcome(Verdict.DEFER, reason, fault=fault)), False

    def _sign(self, number: int, octets: int) -> None:
        self._octets += octets
        now = time.monotonic()
        if now - self._told >= SIGN_OF_LIFE:
            self._told = now
            self._sock.send(encode_progress(Progress(number, self._octets)))


def _result(task: Task, outcome: Outcome, source: Source, output: Output) -> Result:
    match outcome.verdict:
        case Verdict.PASS:
            scanned = hashlib.sha256()
            for chunk in source.chunks():
                scanned.update(chunk)
            return Result(task.number, outcome, source.size, scanned.hexdigest())
        case Verdict.CHANGED:
            return Result(task.number, outcome, output.size, output.digest)
        case Verdict.BLOCKED | Verdict.DEFER:
            return Result(task.number, outcome)


def _limit(what: int, soft: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def load(name: str) -> Filter:
    """The filter that MODULE:NAME makes."""
    module, _, attribute = name.partition(":")
    return cast(Filter, getattr(importlib.import_module(module), attribute)())


def main(argv: Sequence[str]) -> None:
    """Serve until the socket ends or a limit does."""
    fd, name, memory, cpu, jobs = argv
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C is for mdq, which ends us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)
    judge = load(name)
    _limit(resource.RLIMIT_AS, int(memory))
    with socket.socket(fileno=int(fd)) as sock:
        try:
            Worker(sock, judge, int(cpu)).serve(int(jobs))
        except (BrokenPipeError, ConnectionResetError):
            pass  # mdq is gone, and nobody wants to know


if __name__ == "__main__":
    main(sys.argv[1:])
