"""End to end: smtp-source -> system -> smtp-sink, until the sink has counted everything."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.processes import cpu_seconds
from bench.systems import Counter, System
from tests.harness.process import wait_until

WARM_UP = 300


@dataclass(frozen=True, slots=True)
class Load:
    """One load: `sessions` connections that stay open, `messages` of `size` bytes."""

    size: int
    sessions: int
    messages: int

    @property
    def name(self) -> str:
        """As in the table."""
        return f"{self.size // 1024} KiB, {self.sessions} session{'s' * (self.sessions > 1)}"


LOADS = (
    Load(4096, 1, 900),
    Load(4096, 10, 6000),
    Load(4096, 50, 6000),
    Load(65536, 1, 800),
    Load(65536, 10, 2000),
    Load(65536, 50, 2000),
)


@dataclass(slots=True)
class Samples:
    """What one system did with one load, a figure a round."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Median messages a second, from the first connection to the last at the sink."""
        return statistics.median(self.rates)

    @property
    def cpu_ms(self) -> float:
        """Median CPU milliseconds a message, all processes of the system."""
        return statistics.median(self.cpu)


def source_command(load: Load, port: int, messages: int) -> list[str]:
    """The smtp-source command of a load."""
    return [
        *("/usr/sbin/smtp-source", "-d", "-s", str(load.sessions), "-m", str(messages)),
        *("-l", str(load.size), "-f", "a@example.com", "-t", "b@example.org"),
        f"127.0.0.1:{port}",
    ]


def send(load: Load, port: int, messages: int) -> None:
    """Sends and returns when smtp-source has had all its replies."""
    subprocess.run(
        source_command(load, port, messages), check=True, stdin=subprocess.DEVNULL, timeout=600
    )


def measure(system: System, sink: Counter, load: Load, samples: Samples) -> None:
    """One round: one more figure of each kind in `samples`."""
    before, cpu_before = sink.read(), cpu_seconds(system.pid)
    began = time.perf_counter()
    send(load, system.port, load.messages)
    sink.wait(before + load.messages)
    took = time.perf_counter() - began
    wait_until(lambda: system.queued() == 0, what=f"{system.name} is empty")
    samples.rates.append(load.messages / took)
    samples.cpu.append((cpu_seconds(system.pid) - cpu_before) * 1000 / load.messages)


def compare(
    systems: Sequence[System], sink: Counter, rounds: int, loads: Sequence[Load] = LOADS
) -> dict[Load, dict[str, Samples]]:
    """Every load, the systems in turn (A B A B), after a warm-up of each."""
    results: dict[Load, dict[str, Samples]] = {}
    for load in loads:
        by_name = results[load] = {system.name: Samples() for system in systems}
        for system in systems:
            count = sink.read()
            send(load, system.port, WARM_UP)
            sink.wait(count + WARM_UP)
        for _ in range(rounds):
            for system in systems:
                measure(system, sink, load, by_name[system.name])
        told = ", ".join(f"{n} {s.rate:,.0f}/s {s.cpu_ms:.2f} ms" for n, s in by_name.items())
        print(f"  {load.name}: {told}", flush=True)
    return results


def ceiling(sink: Counter, sessions: int, messages: int = 20_000) -> float:
    """Messages a second of smtp-source straight into smtp-sink: what the tools can do."""
    before = sink.read()
    began = time.perf_counter()
    send(Load(4096, sessions, messages), sink.port, messages)
    sink.wait(before + messages)
    return messages / (time.perf_counter() - began)
