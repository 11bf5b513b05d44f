"""What the power is cut under: the relay, or Debian's Postfix with its queue on the same
kind of image, both driven and judged alike.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.harness.checker import Verdict, check
from tests.harness.gateway import Gateway
from tests.harness.postfix import Postfix
from tests.harness.process import wait_until
from tests.harness.spool_reader import spool_messages

MAX_CONNS = 20
"""Connections to the sink at a time: as many deliveries are in flight at a cut, at most."""

_SYNC_CALLS = "fsync,fdatasync,syncfs"
_STRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={_SYNC_CALLS}")
SYNCS: Mapping[str, Sequence[str]] = {
    "real": (),
    "void": (*_STRACE, "-e", f"inject={_SYNC_CALLS}:retval=0"),
    "slow": (*_STRACE, "-e", f"inject={_SYNC_CALLS}:delay_enter=300000"),
}
"""What runs the relay: nothing; strace, by which every sync says that it succeeded and does
nothing; strace, by which every sync takes 0.3 s, as on a disk that is overwhelmed."""

Entries = Iterable[Mapping[str, Any]]


class System(Protocol):
    """A mail system with its queue on a mounted image and its mail going to one sink."""

    port: int

    def start(self, point: Path) -> None:
        """Run it on the queue below this mount; returns once it takes mail."""

    def try_now(self) -> None:
        """Tell it that its next hop takes mail again."""

    def deliver(self) -> None:
        """The same, where the power will be cut while it delivers."""

    def kill(self) -> None:
        """SIGKILL to all of it."""

    def stop(self) -> None:
        """End it in its own way."""

    def drained(self) -> bool:
        """Whether nothing deliverable is left."""

    def at_rest(self, point: Path, acks: Entries, deliveries: Entries) -> Verdict:
        """What the queue below a mount proves by itself; nothing may be running on it."""


class Relay:
    """`relay run`, all of its processes; `syncs` is a key of SYNCS.

    Slow ones begin with `deliver`: the backlog before is to grow fast.
    """

    def __init__(self, folder: Path, next_hop: int, *, syncs: str = "real") -> None:
        self.port = 0
        self._folder = folder
        self._next_hop = next_hop
        self._syncs = syncs
        self._point = folder
        self._gateway: Gateway | None = None

    def start(self, point: Path) -> None:
        """Run it on `point`/spool."""
        self._point = point
        self._run("real" if self._syncs == "slow" else self._syncs)

    def try_now(self) -> None:
        """Nothing to do: a destination that is down is probed each second."""

    def deliver(self) -> None:
        """Where syncs are to be slow, they are so from now on."""
        if self._syncs == "slow":
            self.stop()
            self._run("slow")

    def _run(self, syncs: str) -> None:
        self._gateway = Gateway(
            self._folder,
            self._next_hop,
            settings={"max_conns": MAX_CONNS, "max_conns_per_site": MAX_CONNS, "timeout": 10},
            spool=self._point / "spool",
            under=SYNCS[syncs],
        )
        self.port = self._gateway.port

    def kill(self) -> None:
        """SIGKILL to the supervisor and its processes."""
        if self._gateway is not None:
            self._gateway.kill_all()
            self._gateway = None

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self._gateway is not None:
            self._gateway.stop()
            self._gateway = None

    def drained(self) -> bool:
        """No R or E file is in D_sender or D_resend."""
        assert self._gateway is not None
        return not self._gateway.files("D_sender", "D_resend")

    def at_rest(self, point: Path, acks: Entries, deliveries: Entries) -> Verdict:
        """The checker's word on the spool."""
        return check(acks, deliveries, spool_messages(point / "spool"))


class DebianPostfix:
    """A private Postfix whose queue lies on the image, configuration and log beside it."""

    def __init__(self, folder: Path, next_hop: int) -> None:
        self.port = 0
        self._folder = folder / "postfix"
        self._next_hop = next_hop
        self._postfix: Postfix | None = None

    def start(self, point: Path) -> None:
        """Run it on `point`/queue."""
        queue = point / "queue"
        settings = {
            "default_destination_concurrency_limit": str(MAX_CONNS),
            # smtpd wants 1.5 times as much free space, and the image is small.
            "message_size_limit": "1000000",
        }
        self._postfix = Postfix(
            self._folder, next_hop=self._next_hop, settings=settings, queue=queue
        )
        self._postfix.start()
        self.port = self._postfix.port

    def try_now(self) -> None:
        """`postqueue -f`: all deferred mail at once."""
        assert self._postfix is not None
        flush = self._postfix.command("postqueue", "-f")

        def told() -> bool:
            """Not while its queue manager is too busy to listen."""
            return subprocess.run(flush, capture_output=True, check=False).returncode == 0

        wait_until(told, what="a queue manager that was told to flush")

    def deliver(self) -> None:
        """`postqueue -f`."""
        self.try_now()

    def kill(self) -> None:
        """SIGKILL to the master and its daemons."""
        if self._postfix is not None:
            self._postfix.kill_all()
            self._postfix = None

    def stop(self) -> None:
        """SIGTERM to the master, and wait."""
        if self._postfix is not None:
            self._postfix.stop()
            self._postfix = None

    def drained(self) -> bool:
        """No complete message is in the queue; one without its execute bit never was."""
        assert self._postfix is not None
        return not _ready(self._postfix.queue)

    def at_rest(self, point: Path, acks: Entries, deliveries: Entries) -> Verdict:
        """Only what stands in two queues: what is lost shows when all has been delivered."""
        twice = Counter(path.name for path in _ready(point / "queue"))
        return Verdict(doubled=[name for name, count in twice.items() if count > 1])


def _ready(queue: Path) -> list[Path]:
    found = []
    for name in ("maildrop", "incoming", "active", "deferred", "hold"):
        for folder, _, files in os.walk(queue / name):
            for file in files:
                path = Path(folder) / file
                try:
                    if path.stat().st_mode & 0o100:
                        found.append(path)
                except FileNotFoundError:
                    continue  # a running Postfix moved it on
    return found
