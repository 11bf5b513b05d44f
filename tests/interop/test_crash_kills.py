"""SIGKILLs under load: intake, dequeuer, supervisor and a running `spooltool retarget`
in turn, at random moments.  Whatever a client was told is taken arrives, whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.harness.checker import check, read_lines
from tests.harness.client import ClientProcess
from tests.harness.gates import GateRun
from tests.harness.gateway import Gateway
from tests.harness.process import PYTHON, Child, free_port, wait_until
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.spool_reader import spool_messages

SEED = 20261124
MAX_CONNS = 20
STUCK = "stuck@example.org"
ENDED = (0, 1)
TURNS = ("asmtpd", "mdq", "supervisor", "spooltool")


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def reached(path: Path, wanted: int) -> bool:
    return lines(path) >= wanted


def retarget(spool: Path, port: int) -> Child:
    words = ["retarget", f"rcpt:{STUCK}", "--to", f"127.0.0.1:{port}", "--no-probe", "--yes"]
    return Child(
        [PYTHON, "-m", "spooltool", *words, "--spool", str(spool)], stderr=subprocess.DEVNULL
    )


def finished(edit: Child) -> None:
    """The command ended by itself: all done, or some messages were busy or had left."""
    status = edit.wait(seconds=120)
    assert status in ENDED, f"spooltool retarget ended with {status}"


def killed_in_time(spool: Path, port: int, chance: random.Random) -> bool:
    """Kill a retarget at a random moment; False when it had ended before."""
    with retarget(spool, port) as edit:
        try:
            edit.popen.wait(chance.uniform(0.2, 0.9))
        except subprocess.TimeoutExpired:
            edit.kill()
            return edit.popen.wait() == -signal.SIGKILL
        finished(edit)
        return False


def running(gateway: Gateway, name: str) -> int:
    """The pid of a running child of the supervisor, once it is really there."""
    found: list[int] = []

    def there() -> bool:
        found[:] = gateway.processes().get(name, [])
        return bool(found) and os.path.exists(f"/proc/{found[0]}")

    wait_until(there, seconds=60, what=f"{name} running")
    return found[0]


@pytest.mark.gate("r2")
def test_kills_under_load_lose_nothing(tmp_path: Path, gate: GateRun) -> None:
    chance = random.Random(SEED)
    acks, taken = tmp_path / "acks", (tmp_path / "sink-a", tmp_path / "sink-b")
    listen = free_port()
    settings = {"max_conns": MAX_CONNS, "max_conns_per_site": MAX_CONNS, "timeout": 10}
    kills: Counter[str] = Counter()
    began = time.monotonic()
    with (
        SinkProcess(plan=SinkPlan(recipients={STUCK: "451 4.2.0 later"}), log=taken[0]) as first,
        SinkProcess(log=taken[1]) as second,
    ):
        gateway = Gateway(tmp_path, first.port, settings=settings, listen=listen)
        load = ["--port", str(listen), "--ack", str(acks), "--size", "2048", "--for", "86400"]
        client = ClientProcess(*load, "--sessions", "4", "--prefix", "load")
        try:
            for count in range(gate.number):
                turn = TURNS[count % len(TURNS)]
                stuck = ["--sessions", "1", "--messages", "20", "--to", STUCK]
                with ClientProcess(*load, *stuck, "--prefix", f"stuck{count}") as more:
                    more.tally()
                wanted = lines(acks) + chance.randint(5, 150)
                wait_until(partial(reached, acks, wanted), seconds=120, what="acks")
                if turn == "spooltool":
                    while not killed_in_time(tmp_path / "spool", second.port, chance):
                        pass
                    kills[turn] += 1
                elif turn == "supervisor":
                    gateway.kill()
                    gateway.popen.wait()
                    kills[turn] += 1
                    gateway.stop()
                    gateway = Gateway(tmp_path, first.port, settings=settings, listen=listen)
                else:
                    os.kill(running(gateway, turn), signal.SIGKILL)
                    kills[turn] += 1
            client.stop()
            with retarget(tmp_path / "spool", second.port) as edit:
                finished(edit)
            gateway.stop()
            gateway = Gateway(tmp_path, first.port, settings=settings, listen=listen)

            def drained() -> bool:
                found = spool_messages(gateway.spool)
                if any(STUCK in m.recipients for m in found if m.place == "D_resend"):
                    with retarget(gateway.spool, second.port) as edit:
                        finished(edit)
                return not any(m.letter in "RE" for m in spool_messages(gateway.spool))

            wait_until(drained, seconds=300, what="an empty spool")
        finally:
            client.stop()
            gateway.stop()
    verdict = check(
        list(read_lines(acks)),
        [entry for path in taken for entry in read_lines(path)],
        list(spool_messages(gateway.spool)),
    )
    # A peer has taken a message and its mark is not written: once a connection and kill.
    in_flight = MAX_CONNS * (kills["mdq"] + kills["supervisor"])
    kinds = ("lost", "torn", "doubled", "reused", "damaged")
    harms = {kind: len(getattr(verdict, kind)) for kind in kinds}
    gate.report(
        f"{sum(kills.values())} kills (seed {SEED}): {dict(kills)}; acked {verdict.acked}, "
        f"{harms}, duplicated {len(verdict.duplicated)} of at most {in_flight} in flight, "
        f"left {len(verdict.left)}, {time.monotonic() - began:.0f} s",
        {"kills": sum(kills.values()), "acked": verdict.acked, **harms}
        | {"duplicated": len(verdict.duplicated)},
    )
    assert sum(kills.values()) == gate.number
    assert verdict.acked > gate.number
    assert verdict.holds(duplicates=in_flight), verdict
