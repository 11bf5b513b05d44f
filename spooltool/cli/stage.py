"""The stage of the demo: three next hops and a relay, each a process of its own.

Everything lives in one folder and on loopback addresses, and ends with the demo.
"""

from __future__ import annotations

import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from spooltool.cli.corpus import SampleMail
from spooltool.diagnose.row import Found, Row
from spooltool.errors import SpooltoolError
from spooltool.spool.states import Circumstance
from spooltool.store.root import Spool
from spooltool.store.scan import scan

ACCEPTS, REFUSES, DEFERS = "127.0.0.2", "127.0.0.3", "127.0.0.4"
PATIENCE = 20.0
_EVERY = 0.05
_END_WAIT = 10.0
_PORTS_TRIED = 20

CONFIG = """\
# The demo's relay: a failed message is tried again after one second.
hostname = "relay.example"
resend_period = 1
scan_period = 1
timeout = 5
"""


class StageError(SpooltoolError):
    """Something on the stage did not start or did not happen in time."""


@dataclass
class Stage:
    """The folder, the processes, the ports.  A context manager: leaving ends the processes.

    `port` is the same on all three next hops; `intakes` maps a next hop to the port where
    the relay takes mail for it.
    """

    folder: str
    port: int = 0
    intakes: dict[str, int] = field(default_factory=dict)
    _processes: list[tuple[str, subprocess.Popen[str]]] = field(default_factory=list)
    _reserved: list[socket.socket] = field(default_factory=list)

    @property
    def spool(self) -> str:
        """The relay's spool."""
        return os.path.join(self.folder, "spool")

    @property
    def record(self) -> str:
        """What the accepting next hop got, a JSON object a line."""
        return os.path.join(self.folder, "received.jsonl")

    @property
    def config(self) -> str:
        """The relay's configuration file."""
        return os.path.join(self.folder, "relay.toml")

    def set_up(self) -> None:
        """Start everything and wait until it is ready.  Raises StageError."""
        Spool.create(self.spool).close()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f'rundir = "{self.spool}"\n{CONFIG}')
        self._next_hops()
        common = ["--spool", self.spool, "--config", self.config]
        ties = ["--supervisor", str(os.getpid())]
        mdq = self._start("mdq", ["-m", "relay", "mdq", *common, *ties])
        self._ready(mdq, "mdq", "dequeuer ready")
        waiting = []
        for host in (ACCEPTS, REFUSES, DEFERS):
            aim = ["--listen", "127.0.0.1:0", "--dst", f"{host}:{self.port}"]
            name = f"asmtpd-{host}"
            started = self._start(name, ["-m", "relay", "asmtpd", *common, *aim, *ties])
            waiting.append((host, name, started))
        for host, name, started in waiting:
            line = self._ready(started, name, "listening on ")
            self.intakes[host] = int(line.rpartition(":")[2])

    def _next_hops(self) -> None:
        """The accepting and the deferring one on one port, which the refusing one keeps free."""
        for _ in range(_PORTS_TRIED):
            accepts = self._start("sink-accept", self._sink("accept", ACCEPTS, 0))
            self.port = int(self._ready(accepts, "sink", "listening on ").rpartition(":")[2])
            if self._reserve(REFUSES) and self._free(DEFERS):
                defers = self._start("sink-defer", self._sink("defer", DEFERS, self.port))
                self._ready(defers, "sink", "listening on ")
                return
            self._end(accepts)
        raise StageError("no port is free on 127.0.0.2, 127.0.0.3 and 127.0.0.4 together")

    def _sink(self, mode: str, address: str, port: int) -> list[str]:
        record = ["--record", self.record] if mode == "accept" else []
        return ["-m", "spooltool.cli.sink", mode, "--listen", f"{address}:{port}", *record]

    def _reserve(self, address: str) -> bool:
        """Take an address without listening: whoever connects there is refused."""
        sock = socket.socket()
        try:
            sock.bind((address, self.port))
        except OSError:
            sock.close()
            return False
        self._reserved.append(sock)
        return True

    def _free(self, address: str) -> bool:
        with socket.socket() as sock:
            try:
                sock.bind((address, self.port))
            except OSError:
                return False
        return True

    # processes

    def _start(self, name: str, arguments: list[str]) -> subprocess.Popen[str]:
        errors = open(os.path.join(self.folder, f"{name}.err"), "a")  # noqa: SIM115
        with errors:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=self.folder,
                env=environment(),
                start_new_session=True,  # Ctrl-C is for the demo, which then ends them in order
            )
        self._processes.append((name, process))
        return process

    def _ready(self, process: subprocess.Popen[str], name: str, words: str) -> str:
        """Wait for the line that says so."""
        assert process.stdout is not None
        for line in process.stdout:
            if words in line:
                return line.strip()
        process.wait()
        raise StageError(f"{name} did not start (exit {process.returncode}): {self._said(name)}")

    def _said(self, name: str) -> str:
        lines: list[str] = []
        for file in os.listdir(self.folder):
            if file.startswith(name) and file.endswith(".err"):
                with open(os.path.join(self.folder, file), errors="replace") as errors:
                    lines += errors.read().splitlines()
        return " / ".join(lines[-5:])

    def check(self) -> None:
        """Raise StageError when one of the processes has ended by itself."""
        for name, process in self._processes:
            if process.poll() is not None:
                code = process.returncode
                raise StageError(f"{name} ended by itself (exit {code}): {self._said(name)}")

    def _end(self, process: subprocess.Popen[str]) -> None:
        self._processes = [pair for pair in self._processes if pair[1] is not process]
        _stop(process)

    def strike(self) -> None:
        """End the processes that were started here, by their ids, and no others."""
        for _, process in self._processes:
            if process.poll() is None:
                process.terminate()
        for _, process in self._processes:
            _stop(process)
        self._processes = []
        for sock in self._reserved:
            sock.close()
        self._reserved = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.strike()

    # waiting

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something is so.  Raises StageError that names it when it takes too long."""
        until = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > until:
                raise StageError(f"waited {seconds:.0f} s in vain: {what}")
            time.sleep(_EVERY)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def environment() -> dict[str, str]:
    """The environment of the demo's processes: nothing of the person's own spool in it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SPOOLTOOL_", "RELAY_"))}
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH", ""))))
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def inject(mails: Iterable[SampleMail], port: int) -> int:
    """Send messages to the relay over one SMTP session; how many it took.

    Raises smtplib.SMTPException when it takes one not whole.
    """
    taken = 0
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=30) as client:
        client.ehlo()
        for mail in mails:
            refused = client.sendmail(
                mail.sender, mail.recipients, mail.content, mail.mail_params.split()
            )
            if refused:
                raise smtplib.SMTPRecipientsRefused(refused)
            taken += 1
    return taken


def standings(path: str) -> list[Row]:
    """Every message of a spool as it stands."""
    around = Circumstance(time.time())
    with Spool.open(path) as spool:
        return [
            Row(Found(one.name, one.inode, one.size, one.mtime, one.head, one.error), around)
            for one in scan(spool).entries()
        ]
