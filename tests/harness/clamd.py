"""A clamd of its own, with signatures of its own: nothing is downloaded, nobody else is asked.

It knows EICAR and two samples that are viruses by our saying so alone.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.process import Child, accepts_connections, free_port, wait_until
from tests.harness.programs import need

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARKED = b"prologue " + b"RELAY-TEST-MARK-7d1f" + b" epilogue"
"""Infected by a pattern in it."""
HASHED = b"a sample that is known by its hash alone\n" * 4
"""Infected as a whole."""

EICAR_NAME = "Relay.Eicar.UNOFFICIAL"
MARKED_NAME = "Relay.Marked.UNOFFICIAL"
HASHED_NAME = "Relay.Hashed.UNOFFICIAL"

SETTINGS = {
    "Foreground": "yes",
    "AlertEncrypted": "yes",
    "AlertExceedsMax": "yes",
    "StreamMaxLength": "6M",
    # What an archive holds beyond MaxFileSize is cut off without a word; beyond MaxScanSize
    # there is an alert.  So the first must not be the smaller one.
    "MaxFileSize": "16M",
    "MaxScanSize": "16M",
    "MaxFiles": "50",
    "MaxRecursion": "8",
    "MaxThreads": "4",
    "SelfCheck": "3600",
    "ReadTimeout": "120",
    "DisableCache": "yes",
}


class Clamd:
    """`with Clamd(folder) as clamd:` listens on 127.0.0.1:`port` and on `socket`.

    `settings` are clamd.conf lines of the test's own.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.socket = folder / "clamd.sock"
        self.log = folder / "clamd.log"
        self.settings = {**SETTINGS, **(settings or {})}
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def child(self) -> Child:
        """The running process."""
        assert self._child is not None
        return self._child

    def start(self) -> None:
        """Write configuration and signatures, start it, return once it takes connections."""
        program = need("clamd")
        database = self.folder / "signatures"
        database.mkdir(parents=True, exist_ok=True)
        for name, text in _signatures().items():
            (database / name).write_text(text)
        places = {
            "DatabaseDirectory": database,
            "LocalSocket": self.socket,
            "TCPSocket": self.port,
            "TCPAddr": "127.0.0.1",
            "TemporaryDirectory": self.folder,
            "LogFile": self.log,
        }
        config = self.folder / "clamd.conf"
        lines = [f"{key} {value}\n" for key, value in {**places, **self.settings}.items()]
        config.write_text("".join(lines))
        self._child = Child([program, "-c", str(config)], cwd=self.folder)
        wait_until(self._is_up, seconds=60, what="a clamd that takes connections")

    def stop(self) -> None:
        """End it."""
        if self._child is not None:
            self._child.kill_all()
            self._child = None
        self.socket.unlink(missing_ok=True)

    def restart(self) -> None:
        """End it and start it anew, at the same place."""
        self.stop()
        self.start()

    def _is_up(self) -> bool:
        if self.child.popen.poll() is not None:
            said = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
            raise RuntimeError(f"clamd ended with {self.child.popen.returncode}: {said[-2000:]}")
        return accepts_connections(self.port) and self._answers()

    def _answers(self) -> bool:
        """Whether the Unix socket, which is bound last, is listened on."""
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(self.socket))
                sock.sendall(b"zPING\0")
                return sock.recv(16) == b"PONG\0"
        except OSError:
            return False


def _signatures() -> dict[str, str]:
    """A file of each kind: by pattern, by hash, by a condition on patterns."""
    digest = hashlib.md5(HASHED, usedforsecurity=False).hexdigest()
    marks = [b"RELAY-TEST-MARK-".hex(), b"7d1f".hex()]
    return {
        "relay.ndb": f"Relay.Eicar:0:*:{EICAR[:68].hex()}\n",
        "relay.hdb": f"{digest}:{len(HASHED)}:Relay.Hashed\n",
        "relay.ldb": f"Relay.Marked;Engine:51-255,Target:0;(0&1);{marks[0]};{marks[1]}\n",
    }
