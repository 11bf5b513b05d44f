"""The two systems that are compared, behind one small interface."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Protocol

from tests.harness.postfix import Postfix
from tests.harness.process import ROOT, Child, accepts_connections, free_port, wait_until

RELAY = Path(os.environ.get("RELAY", ROOT / ".venv/bin/relay"))
SPOOLTOOL = Path(os.environ.get("SPOOLTOOL", ROOT / ".venv/bin/spooltool"))

# The relay's own defaults but for what the measured loads need; logs are on.
RELAY_TOML = """\
hostname = "relay.example"
max_conns = 200
max_mail_size = 204800
min_free = "0"
"""


class System(Protocol):
    """A mail system that takes SMTP on a loopback port and hands it to the next hop."""

    name: str
    port: int

    @property
    def pid(self) -> int:
        """The root of its process tree."""

    def start(self) -> None:
        """Returns once it takes connections."""

    def stop(self) -> None:
        """Ends it with everything that it started."""

    def queued(self) -> int:
        """Messages that it still holds."""


class PostfixSystem:
    """A private Postfix, tuned; see tests/harness/postfix.py for each setting."""

    name = "Postfix"

    def __init__(self, folder: Path, next_hop: int) -> None:
        self._postfix = Postfix(folder / "postfix", next_hop=next_hop)
        self.port = self._postfix.port

    @property
    def pid(self) -> int:
        """Its master."""
        return self._postfix.pid

    def start(self) -> None:
        """Starts the master."""
        self._postfix.start()

    def stop(self) -> None:
        """Ends the master."""
        self._postfix.stop()

    def queued(self) -> int:
        """Files in its queues."""
        return self._postfix.queued()


class RelaySystem:
    """`relay run` with its defaults, logs on, every message durable before its 250."""

    name = "relay"

    def __init__(self, folder: Path, next_hop: int, *, toml: str = RELAY_TOML) -> None:
        self.folder = folder / "relay"
        self.spool = self.folder / "spool"
        self.port = free_port()
        self.next_hop = next_hop
        self._toml = toml
        self._child: Child | None = None

    @property
    def command(self) -> list[str]:
        """How it is started."""
        return [
            *(str(RELAY), "run", "--spool", str(self.spool)),
            *("--listen", f"127.0.0.1:{self.port}", "--dst", f"127.0.0.1:{self.next_hop}"),
            *("--config", str(self.folder / "relay.toml")),
        ]

    @property
    def pid(self) -> int:
        """Its supervisor."""
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Starts the supervisor and waits for its listener."""
        self.spool.mkdir(parents=True, exist_ok=True)
        (self.folder / "relay.toml").write_text(self._toml)
        self._child = Child(self.command)
        wait_until(self._is_up, what="relay run takes connections")

    def _is_up(self) -> bool:
        assert self._child is not None
        if self._child.popen.poll() is not None:
            raise RuntimeError(f"relay run ended with {self._child.popen.returncode}")
        return accepts_connections(self.port)

    def stop(self) -> None:
        """Ends the supervisor and its children."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def queued(self) -> int:
        """Spool files that are not yet delivered."""
        return sum(
            entry.name[0] in "RE"
            for name in ("D_sender", "D_resend")
            if (self.spool / name).is_dir()
            for entry in os.scandir(self.spool / name)
        )


class Counter:
    """smtp-sink, which takes everything and counts it; `wait(n)` returns at the n-th message.

    Its running count goes to a file whose end is read every few milliseconds, not once a
    message, so that the counting costs next to nothing.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self._counts = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        self._popen = subprocess.Popen(
            [program, *user, "-c", f"127.0.0.1:{self.port}", "1000"],
            stdin=subprocess.DEVNULL,
            stdout=self._counts,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: accepts_connections(self.port), what="smtp-sink")

    def read(self) -> int:
        """How many messages it has taken since it was started."""
        descriptor = self._counts.fileno()
        tail = os.pread(descriptor, 200, max(0, os.fstat(descriptor).st_size - 200))
        *_, last = [b"", *tail.split(b"\r")[:-1]]
        return int(last.rpartition(b"mesg=")[2]) if b"mesg=" in last else 0

    def wait(self, count: int, *, seconds: float = 300.0) -> None:
        """Returns when the `count`-th message has arrived."""
        wait_until(lambda: self.read() >= count, seconds=seconds, what=f"{count} at the sink")

    def stop(self) -> None:
        """Ends it."""
        self._popen.kill()
        self._popen.wait()
        self._counts.close()
