"""The rig of a power cut: an image with one mail system on it, a sink, clients, their logs."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.harness.checker import read_lines
from tests.harness.client import ClientProcess
from tests.harness.cut_systems import System
from tests.harness.images import copy_image, make_image, mount, shut_down, unmount
from tests.harness.live_sink import LiveSink
from tests.harness.process import NotReady, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink_plan import SinkPlan

AWAY = SinkPlan(greeting="421 4.3.2 closed")
TAKES_ALL = SinkPlan()
SIZES = (1024, 4096, 4096, 16384, 300_000)
"""Bytes a message, one of them for each round; the last is written in several pieces."""


class Round:
    """What clients and sink wrote between two crashes: a folder with their two logs."""

    def __init__(self, folder: Path, size: int) -> None:
        self.acks, self.taken, self.size = folder / "acks", folder / "taken", size
        self.folder = folder
        folder.mkdir()

    def acked(self, before: float = float("inf")) -> list[dict[str, Any]]:
        """The 250s that were read before a moment."""
        return [ack for ack in read_lines(self.acks) if ack["at"] < before]

    def lines(self, log: Path) -> int:
        """How many whole lines a log has."""
        return log.read_bytes().count(b"\n") if log.exists() else 0

    def strangers(self, acks: Sequence[dict[str, Any]]) -> list[str]:
        """Deliveries that nobody was promised, and that are not whole."""
        known = {ack["x_id"] for ack in acks}
        return [
            f"{entry['x_id']}: never acknowledged, and taken with another body"
            for entry in read_lines(self.taken)
            if entry["x_id"] not in known
            and entry["body_sha256"] != make_sample(entry["x_id"], size=self.size).body_sha256
        ]


class Rig:
    """One image with one system on it, a sink, and clients; each crash begins a new round."""

    def __init__(self, folder: Path, kind: str, system: Callable[[int], System], seed: int) -> None:
        """`system` is given the port of its next hop."""
        self.folder, self.kind = folder, kind
        self.chance = random.Random(seed)
        self.sink = LiveSink()
        self.system = system(self.sink.port)
        self.count = self.rounds = 0
        self.kept = False
        self.round = Round(folder / "round-0", SIZES[0])
        self.clients: list[ClientProcess] = []
        self.point, self.image = folder / "mount-0", make_image(folder / "image-0", kind)
        mount(self.image, self.point, kind)

    def begin(self, plan: SinkPlan = AWAY, *, largest: int = SIZES[-1]) -> None:
        """A new round: fresh logs, another size, the next hop away or not."""
        sizes = [size for size in SIZES if size <= largest]
        if not self.kept:
            shutil.rmtree(self.round.folder)
        self.kept = False
        self.rounds += 1
        self.round = Round(self.folder / f"round-{self.rounds}", self.chance.choice(sizes))
        self.next_hop(plan)

    def next_hop(self, plan: SinkPlan) -> None:
        """What the sink answers from now on."""
        self.sink.use(plan, self.round.taken)
        self.sink.hang_up()

    def start(self) -> None:
        """Run the system; what it wrote to start with is made durable, and not at stake."""
        self.system.start(self.point)
        subprocess.run(["sync", "-f", str(self.point)], check=True)

    def load(self, sessions: int) -> None:
        """So many clients that send until they are killed; returns at the first 250."""
        words = ["--port", str(self.system.port), "--ack", str(self.round.acks), "--for", "600"]
        words += ["--sessions", str(sessions), "--size", str(self.round.size)]
        words += ["--prefix", f"c{self.rounds}-{len(self.clients)}"]
        self.clients.append(ClientProcess(*words))
        self.wait_for(self.round.acks, 1, "the first 250")

    def wait_for(self, log: Path, lines: int, what: str) -> None:
        """Returns once a log has so many lines."""
        wait_until(lambda: self.round.lines(log) >= lines, seconds=120, what=what)

    def stop_clients(self) -> None:
        """SIGKILL to them all: what they have read stands in their logs."""
        for client in self.clients:
            client.kill_all()
        self.clients = []

    def cut(self) -> float:
        """The power cut; returns its moment, and leaves a mounted copy to look at."""
        moment = time.time()
        shut_down(self.point)
        self.system.kill()
        self.stop_clients()
        dead_image, dead_point = self.image, self.point
        self.count += 1
        self.image = copy_image(dead_image, self.folder / f"image-{self.count}")
        self.point = self.folder / f"mount-{self.count}"
        unmount(dead_point)
        dead_point.rmdir()
        dead_image.unlink()
        mount(self.image, self.point, self.kind)
        return moment

    def kill(self) -> float:
        """SIGKILL to everything but the file system; every 250 counts."""
        self.system.kill()
        self.stop_clients()
        return float("inf")

    def drain(self) -> None:
        """Returns once nothing deliverable is left; the next hop must take everything."""
        self.deliver_until(self.system.drained, "a drained queue")

    def deliver_until(self, condition: Callable[[], bool], what: str) -> None:
        """Have what is due tried again and again until a condition holds."""
        for _ in range(60):
            self.system.try_now()
            try:
                wait_until(condition, seconds=2)
                return
            except NotReady:
                continue
        raise NotReady(f"{self.point} has not come to {what}, its image is kept as {self.keep()}")

    def keep(self) -> Path:
        """A copy of the image as evidence; the logs of this round stay, too."""
        self.kept = True
        subprocess.run(["sync", "-f", str(self.point)], check=False)
        return copy_image(self.image, self.folder / f"evidence-{self.count}")

    def close(self) -> None:
        """End everything, unmount, remove the image."""
        self.stop_clients()
        self.system.kill()
        self.sink.close()
        unmount(self.point)
        self.point.rmdir()
        self.image.unlink()
