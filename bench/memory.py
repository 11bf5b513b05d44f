"""Peak resident memory of each process while one large message passes through."""

from __future__ import annotations

import threading
from pathlib import Path

from bench.processes import peak_memory
from bench.systems import Counter, RelaySystem
from bench.throughput import Load, send
from tests.harness.process import wait_until

MEGABYTES = 100


def peak_of_large_message(folder: Path) -> dict[str, int]:
    """Peak bytes by process of a relay that took and delivered a 100 MB message."""
    sink = Counter()
    relay = RelaySystem(folder / "memory", sink.port)
    peaks: dict[str, int] = {}
    ended = threading.Event()
    relay.start()
    try:
        root = relay.pid

        def watch() -> None:
            while not ended.wait(0.1):
                for name, peak in peak_memory(root).items():
                    peaks[name] = max(peaks.get(name, 0), peak)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            send(Load(MEGABYTES << 20, 1, 1), relay.port, 1)
            sink.wait(1)
            wait_until(lambda: relay.queued() == 0, what="the large message is gone")
            peaks |= peak_memory(root)
        finally:
            ended.set()
            watcher.join()
    finally:
        relay.stop()
        sink.stop()
    return peaks
