"""The intake killed at, and failing at, every system call by which it takes one message."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.harness.crash_bench import (
    Bench,
    Scenario,
    Tally,
    Template,
    crash_benches,
    end_traced,
    finish,
    harm_of,
    in_turn,
    make_template,
    prepare,
    reach,
)
from tests.harness.crash_points import Point, injecting, points, recording, was_failed
from tests.harness.gates import GateRun
from tests.harness.process import Child
from tests.harness.programs import need
from tests.harness.sample import Sample, make_sample
from tests.harness.spool_reader import spool_messages

ENDING = (" stop", r'"\17"')
"""The last line of the log, and the wake-up of Python's own SIGTERM handler."""
SECOND = make_sample("second")
Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def benches(tmp_path: Path) -> Iterator[list[Bench]]:
    need("strace")
    with crash_benches(tmp_path) as made:
        yield made


def through_intake(bench: Bench, command: list[str], sample: Sample) -> str:
    """Run an intake, send one message, end it; the reply, "" when none came."""
    with Child(command, stderr=subprocess.DEVNULL) as intake:
        port = int(intake.line(seconds=60).rpartition(":")[2])
        reply = bench.send(port, sample)
        end_traced(intake)
    return reply


@pytest.fixture
def empty(benches: list[Bench]) -> Template:
    """A spool that was used before and is empty: its folders and its counter are there."""
    template = make_template(benches[0])
    for message in list(spool_messages(template.spool)):
        (template.spool / message.file).unlink()
    return Template(template.spool, template.port, ())


def intake_points(bench: Bench, scenario: Scenario) -> list[Point]:
    """The calls from the moment on at which it listens; the end of the process is none."""
    prepare(bench, scenario)
    reply = through_intake(bench, recording(bench.trace, bench.intake()), make_sample("first"))
    assert reply[:3] == "250"
    found = points(bench.trace, bench.spool, after="relay: listening")
    return [point for point in found if not any(sign in point.shown for sign in ENDING)]


def test_kill_at_every_call_of_the_intake(
    benches: list[Bench], empty: Template, capsys: Capsys
) -> None:
    scenario = Scenario(empty, lambda bench: bench.intake(), settled={})
    tally = Tally()
    sample = make_sample("first")

    def one(bench: Bench, point: Point) -> None:
        def kill() -> None:
            prepare(bench, scenario)
            command = injecting(bench.trace, bench.intake(), point, bench.spool)
            through_intake(bench, command, sample)

        reach(bench, point, tally, kill)
        verdict = bench.at_rest()
        if verdict.lost or verdict.torn:
            tally.broken.append(f"{point}: right after the kill: {harm_of(verdict)}")
        with Child(bench.intake()) as intake:
            port = int(intake.line(seconds=60).rpartition(":")[2])
            if bench.send(port, SECOND)[:3] != "250":
                tally.broken.append(f"{point}: no 250 after the restart")
            intake.kill(signal.SIGTERM)
            intake.wait(seconds=60)
        finish(bench, scenario, tally, str(point))

    in_turn(benches, intake_points(benches[0], scenario), one)
    with capsys.disabled():
        print(tally.show("the intake"))
    assert not tally.broken, "\n".join(tally.broken)
    assert len(tally.hit) >= 10
    assert not tally.missed


ERRORS = {
    "write": ("ENOSPC", "EDQUOT"),
    "pwrite64": ("ENOSPC",),
    "fsync": ("EIO",),
    "fdatasync": ("EIO",),
    "syncfs": ("EIO",),
    "openat": ("EMFILE", "ENOSPC"),
    "renameat2": ("ENOSPC", "EIO"),
}


@pytest.mark.gate("r13")
def test_the_intake_recovers_from_each_error_by_itself(
    benches: list[Bench], empty: Template, gate: GateRun
) -> None:
    """452 or 451 and no 250, nothing left over, and the next message is taken."""
    scenario = Scenario(empty, lambda bench: bench.intake(), settled={})
    sample = make_sample("first")
    shown: list[str] = []
    broken: list[str] = []
    drained = Tally()

    def one(place: int, bench: Bench, point: Point) -> None:
        error = ERRORS[point.call][place]
        prepare(bench, scenario)
        command = injecting(bench.trace, bench.intake(), point, bench.spool, f"error={error}")
        with Child(command, stderr=subprocess.DEVNULL) as intake:
            port = int(intake.line(seconds=60).rpartition(":")[2])
            reply = bench.send(port, sample)
            again = bench.send(port, SECOND)
            if not was_failed(bench.trace):
                return
            where = f"{error} at {point} -> {reply}"
            shown.append(where)
            log = point.path.startswith(".spooltool/log")
            if reply[:3] not in (("250",) if log else ("451", "452")):
                broken.append(where)
            if again[:3] != "250":
                broken.append(f"{where}; then {again}")
            numbers = {ack["id"] for ack in bench.acks}
            left = [m.file for m in spool_messages(bench.spool) if m.id not in numbers]
            if left:
                broken.append(f"{where}; left over: {left}")
            end_traced(intake)
        finish(bench, scenario, drained, where)

    found = [
        point
        for point in intake_points(benches[0], scenario)
        if point.call in ERRORS and point.path and not point.path.endswith("wake")
    ]
    for _ in range(gate.number):
        for place in range(max(map(len, ERRORS.values()))):
            chosen = [point for point in found if place < len(ERRORS[point.call])]
            in_turn(benches, chosen, partial(one, place))
        gate.progress(f"{len(shown)} errors, {len(broken)} broken")
    gate.report(
        "\n  ".join([f"errors at the intake: {len(shown)}", *sorted(set(shown))]),
        {"errors": len(shown), "broken": len(broken) + len(drained.broken)},
    )
    broken += drained.broken
    assert not broken, "\n".join(broken)
    assert {text.split()[0] for text in shown} >= {"ENOSPC", "EIO", "EMFILE"}
