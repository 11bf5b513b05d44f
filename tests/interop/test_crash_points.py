"""A kill at every system call of one message's life: nothing acknowledged is lost.

Each scenario runs once under strace to learn its calls, then once for each of them with
SIGKILL at its entry.  After each the relay starts again, drains, and the checker judges.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.harness.checker import Verdict, check
from tests.harness.client import Connection, Unanswered
from tests.harness.crash_points import (
    Point,
    injecting,
    points,
    recording,
    was_failed,
    was_killed,
)
from tests.harness.gateway import write_config
from tests.harness.live_sink import LiveSink
from tests.harness.process import PYTHON, ROOT, Child, wait_until
from tests.harness.programs import need
from tests.harness.sample import Sample, make_sample
from tests.harness.sink_plan import SinkPlan
from tests.harness.spool_reader import spool_messages

WORKERS = 3
ANNA, BEN, CARL = "anna@example.org", "ben@example.org", "carl@example.org"
LATER, NEVER = "451 4.3.0 try again later", "550 5.1.1 no such user"
SECOND = make_sample("second")


@dataclass
class Bench:
    """A folder with one spool, one sink and the log of one client."""

    folder: Path
    sink: LiveSink
    acks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def trace(self) -> Path:
        return self.folder / "trace"

    def lay_out(self, template: Template) -> None:
        """A fresh copy of a spool whose mail goes to this sink."""
        shutil.rmtree(self.spool, ignore_errors=True)
        shutil.copytree(template.spool, self.spool)
        old, new = (str(port).encode() for port in (template.port, self.sink.port))
        for message in list(spool_messages(self.spool)):
            path = self.spool / message.file
            head, blank, content = path.read_bytes().partition(b"\n\n")
            path.write_bytes(head.replace(old, new) + blank + content)
        self.acks = list(template.acks)

    def configure(self, **settings: object) -> Path:
        return write_config(self.folder, settings)

    def relay(self, *words: str) -> list[str]:
        return [PYTHON, "-m", "relay", *words, "--spool", str(self.spool)] + [
            "--config",
            str(self.folder / "relay.toml"),
        ]

    def intake(self) -> list[str]:
        to = f"127.0.0.1:{self.sink.port}"
        return self.relay("asmtpd", "--listen", "127.0.0.1:0", "--dst", to)

    def spooltool(self, *words: str) -> list[str]:
        return [PYTHON, "-m", "spooltool", *words, "--spool", str(self.spool)]

    def send(self, port: int, sample: Sample) -> str:
        """The reply to the final dot, recorded when it is a 250; "" when none came."""

        async def talk() -> tuple[str, list[str]]:
            connection = await Connection.open(port)
            try:
                return await connection.send(sample)
            finally:
                connection.close()

        try:
            reply, recipients = asyncio.run(talk())
        except Unanswered:
            return ""
        if reply[0] == "2":
            self.acks.append(
                {
                    "id": reply.split()[2][1:],
                    "x_id": sample.x_id,
                    "recipients": recipients,
                    "body_sha256": sample.body_sha256,
                }
            )
        return reply

    def at_rest(self) -> Verdict:
        return check(self.acks, self.sink.entries(), list(spool_messages(self.spool)))

    def drain(self) -> None:
        """Run the dequeuer until nothing is due any more; what is held stays."""

        def busy() -> bool:
            found = spool_messages(self.spool)
            return any(m.place in ("D_sender", "D_resend") and m.letter in "RE" for m in found)

        with Child(self.relay("mdq")) as mdq:
            wait_until(lambda: not busy(), seconds=60, what=f"{self.spool} drained")
            mdq.kill(signal.SIGTERM)
            mdq.wait(seconds=60)


@dataclass(frozen=True)
class Template:
    """A spool at rest to start from, the port its mail goes to, what was acknowledged."""

    spool: Path
    port: int
    acks: tuple[dict[str, Any], ...]


def run(argv: list[str], *, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        argv,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not ok or done.returncode == 0, (argv, done.stdout, done.stderr)
    return done


@pytest.fixture
def benches(tmp_path: Path) -> Iterator[list[Bench]]:
    need("strace")
    sinks = [LiveSink() for _ in range(WORKERS)]
    made = []
    for number, sink in enumerate(sinks):
        folder = tmp_path / f"bench{number}"
        folder.mkdir()
        made.append(Bench(folder, sink))
    yield made
    for sink in sinks:
        with sink:
            pass


@pytest.fixture
def spooled(benches: list[Bench]) -> Callable[..., Template]:
    """Makes a template: a message accepted, and deferred where asked for."""

    def make(
        *recipients: str, deferred: bool = False, commands: tuple[tuple[str, ...], ...] = ()
    ) -> Template:
        bench = benches[0]
        bench.configure()
        bench.acks = []
        with Child(bench.intake()) as intake:
            port = int(intake.line(seconds=60).rpartition(":")[2])
            sample = make_sample("first", recipients=recipients or (ANNA,))
            assert bench.send(port, sample)[0] == "2"
            intake.kill(signal.SIGTERM)
            intake.wait(seconds=60)
        if deferred:
            bench.sink.use(SinkPlan(recipients={"*": LATER}), bench.folder / "sink.log")
            run(bench.relay("mdq", "--once"))
        for words in commands:
            run(bench.spooltool(*words, "--yes"))
        target = bench.folder / "template"
        shutil.copytree(bench.spool, target)
        return Template(target, bench.sink.port, tuple(bench.acks))

    return make


@dataclass(frozen=True)
class Scenario:
    """What is killed: `command` on a copy of `template`, the sink behaving as `plan`.

    `after` names the first call that belongs to the message.  `settled` is what the
    checker must count in the end, whichever point the kill came at.
    """

    template: Template
    command: Callable[[Bench], list[str]]
    plan: SinkPlan = field(default_factory=SinkPlan)
    drain_plan: SinkPlan = field(default_factory=SinkPlan)
    settings: dict[str, object] = field(default_factory=dict)
    after: str = ""
    settled: dict[str, int] = field(default_factory=lambda: {"delivered": 1})


@dataclass
class Tally:
    """What the kills of a scenario came to."""

    hit: list[Point] = field(default_factory=list)
    missed: list[Point] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    duplicates: int = 0
    notices_twice: int = 0

    def show(self, name: str) -> str:
        calls: dict[str, int] = {}
        for point in self.hit:
            calls[point.call] = calls.get(point.call, 0) + 1
        by_call = ", ".join(f"{call} {count}" for call, count in sorted(calls.items()))
        lines = [
            f"\ncrash points of {name}: {len(self.hit)} ({by_call}), not reached "
            f"{len(self.missed)}; broken {len(self.broken)}, duplicated {self.duplicates}, "
            f"notices twice {self.notices_twice}"
        ]
        lines += [f"  {point}" for point in self.hit]
        lines += [f"  not reached: {point}" for point in self.missed]
        lines += [f"  BROKEN: {text}" for text in self.broken]
        return "\n".join(lines)


def in_turn(benches: list[Bench], found: list[Point], one: Callable[[Bench, Point], None]) -> None:
    """Each point once, on whichever bench is free."""
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def work(point: Point) -> None:
        bench = free.get()
        try:
            one(bench, point)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(benches)) as pool:
        list(pool.map(work, found))


def harm_of(verdict: Verdict) -> str:
    """Everything that is wrong but for duplicates."""
    kinds = ("lost", "torn", "doubled", "reused", "damaged")
    return "; ".join(f"{kind}: {line}" for kind in kinds for line in getattr(verdict, kind))


def kill_everywhere(benches: list[Bench], scenario: Scenario) -> Tally:
    """Kill the command at each of its points; drain after each and judge."""
    tally = Tally()
    first = benches[0]
    prepare(first, scenario)
    run(recording(first.trace, scenario.command(first)))
    found = points(first.trace, first.spool, after=scenario.after)
    finish(first, scenario, tally, "without a kill")

    def one(bench: Bench, point: Point) -> None:
        def kill() -> None:
            prepare(bench, scenario)
            done = run(injecting(bench.trace, scenario.command(bench), point, bench.spool), ok=False)
            assert was_killed(bench.trace) or done.returncode == 0, (str(point), done.stderr)

        reach(bench, point, tally, kill)
        verdict = bench.at_rest()
        if verdict.lost or verdict.torn or verdict.damaged:
            tally.broken.append(f"{point}: right after the kill: {harm_of(verdict)}")
        finish(bench, scenario, tally, str(point))

    in_turn(benches, found, one)
    return tally


def reach(bench: Bench, point: Point, tally: Tally, kill: Callable[[], None]) -> None:
    """Kill at a point; strace misses a path of `-P` now and then, so up to three times."""
    for _ in range(3):
        kill()
        if was_killed(bench.trace):
            tally.hit.append(point)
            return
    tally.missed.append(point)


def prepare(bench: Bench, scenario: Scenario) -> None:
    bench.lay_out(scenario.template)
    bench.configure(**scenario.settings)
    log = bench.folder / "sink.log"
    log.unlink(missing_ok=True)
    bench.sink.use(scenario.plan, log)


def finish(bench: Bench, scenario: Scenario, tally: Tally, where: str) -> None:
    """Start again, drain, judge."""
    bench.sink.use(scenario.drain_plan)
    bench.drain()
    verdict = bench.at_rest()
    if harm_of(verdict):
        tally.broken.append(f"{where}: {harm_of(verdict)}")
    counted = {key: getattr(verdict, key) for key in scenario.settled}
    if counted != scenario.settled:
        tally.broken.append(f"{where}: {counted}, wanted {scenario.settled}")
    if len(verdict.duplicated) > 1:
        tally.broken.append(f"{where}: {len(verdict.duplicated)} duplicates of one delivery")
    tally.duplicates += len(verdict.duplicated)
    tally.notices_twice += verdict.notices_twice


def judge(tally: Tally, name: str, capsys: pytest.CaptureFixture[str], *, least: int) -> None:
    with capsys.disabled():
        print(tally.show(name))
    assert not tally.broken, "\n".join(tally.broken)
    assert len(tally.hit) >= least
    assert not tally.missed


Spooled = Callable[..., Template]
Capsys = pytest.CaptureFixture[str]


def mdq_once(bench: Bench) -> list[str]:
    return bench.relay("mdq", "--once")


def test_kill_at_every_call_of_a_delivery(
    benches: list[Bench], spooled: Spooled, capsys: Capsys
) -> None:
    tally = kill_everywhere(benches, Scenario(spooled(), mdq_once, after="D_sender"))
    judge(tally, "a delivery", capsys, least=10)


def test_kill_at_every_call_of_a_deferral(
    benches: list[Bench], spooled: Spooled, capsys: Capsys
) -> None:
    plan = SinkPlan(recipients={"*": LATER})
    tally = kill_everywhere(benches, Scenario(spooled(), mdq_once, plan, after="D_sender"))
    judge(tally, "a deferral", capsys, least=10)


def test_kill_at_every_call_of_an_expiry_and_its_notice(
    benches: list[Bench], spooled: Spooled, capsys: Capsys
) -> None:
    plan = SinkPlan(recipients={ANNA: LATER})
    scenario = Scenario(
        spooled(),
        mdq_once,
        plan,
        plan,
        settings={"abandon_time": 0},
        after="D_sender",
        settled={"delivered": 0, "noticed": 1},
    )
    judge(kill_everywhere(benches, scenario), "an expiry and its notice", capsys, least=15)


def test_kill_at_every_call_where_one_recipient_of_three_fails_for_good(
    benches: list[Bench], spooled: Spooled, capsys: Capsys
) -> None:
    scenario = Scenario(
        spooled(ANNA, BEN, CARL),
        mdq_once,
        SinkPlan(recipients={BEN: NEVER, CARL: LATER}),
        SinkPlan(recipients={BEN: NEVER}),
        after="D_sender",
        settled={"delivered": 2, "noticed": 1},
    )
    judge(kill_everywhere(benches, scenario), "one recipient of three", capsys, least=20)


@pytest.mark.parametrize(
    ("verb", "before"),
    [
        (("retarget", "--all", "--to", "localhost", "--no-probe"), ()),
        (("set", "--all", "ERR_SERVER=localhost"), ()),
        (("hold", "--all"), ()),
        (("release", "--all"), (("hold", "--all"),)),
        (("undo", "last"), (("set", "--all", "ERR_SERVER=localhost"),)),
    ],
    ids=lambda words: words[0] if words and isinstance(words[0], str) else "",
)
def test_kill_at_every_call_of_an_operators_command(
    benches: list[Bench],
    spooled: Spooled,
    capsys: Capsys,
    verb: tuple[str, ...],
    before: tuple[tuple[str, ...], ...],
) -> None:
    # A kill may come before the hold or after it, or before the release: then it is owed.
    settled = {} if verb[0] in ("hold", "release") else {"delivered": 1}
    scenario = Scenario(
        spooled(deferred=True, commands=before),
        lambda bench: bench.spooltool(*verb, "--yes"),
        after="journal",
        settled=settled,
    )
    judge(kill_everywhere(benches, scenario), f"spooltool {verb[0]}", capsys, least=8)


def through_intake(bench: Bench, command: list[str], sample: Sample) -> str:
    """Run an intake, send one message, end it; the reply, "" when none came."""
    with Child(command, stderr=subprocess.DEVNULL) as intake:
        port = int(intake.line(seconds=60).rpartition(":")[2])
        reply = bench.send(port, sample)
        end_traced(intake)
    return reply


def end_traced(strace: Child) -> None:
    """SIGTERM to what strace runs, if it still does, and wait for both."""
    try:
        children = Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        pass
    strace.wait(seconds=60)


@pytest.fixture
def empty(spooled: Spooled, tmp_path: Path, benches: list[Bench]) -> Template:
    """A spool that was used before and is empty: its folders and its counter are there."""
    template = spooled()
    for message in list(spool_messages(template.spool)):
        (template.spool / message.file).unlink()
    return Template(template.spool, template.port, ())


def intake_points(bench: Bench, scenario: Scenario) -> list[Point]:
    """The calls from the moment on at which it listens; the end of the process is none."""
    prepare(bench, scenario)
    reply = through_intake(bench, recording(bench.trace, bench.intake()), make_sample("first"))
    assert reply[:3] == "250"
    found = points(bench.trace, bench.spool, after="relay: listening")
    return [point for point in found if " stop" not in point.shown]


def test_kill_at_every_call_of_the_intake(
    benches: list[Bench], empty: Template, capsys: Capsys
) -> None:
    scenario = Scenario(empty, lambda bench: bench.intake(), settled={})
    tally = Tally()
    sample = make_sample("first")

    def one(bench: Bench, point: Point) -> None:
        def kill() -> None:
            prepare(bench, scenario)
            through_intake(bench, injecting(bench.trace, bench.intake(), point, bench.spool), sample)

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
    judge(tally, "the intake", capsys, least=10)


ERRORS = {
    "write": ("ENOSPC", "EDQUOT"),
    "pwrite64": ("ENOSPC",),
    "fsync": ("EIO",),
    "fdatasync": ("EIO",),
    "syncfs": ("EIO",),
    "openat": ("EMFILE", "ENOSPC"),
    "renameat2": ("ENOSPC", "EIO"),
}


def test_the_intake_recovers_from_each_error_by_itself(
    benches: list[Bench], empty: Template, capsys: Capsys
) -> None:
    """452 or 451 and no 250, nothing left over, and the next message is taken."""
    scenario = Scenario(empty, lambda bench: bench.intake(), settled={})
    sample = make_sample("first")
    shown: list[str] = []
    broken: list[str] = []

    def one(bench: Bench, point: Point, error: str) -> None:
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
        finish(bench, scenario, Tally(), where)

    found = [
        point
        for point in intake_points(benches[0], scenario)
        if point.call in ERRORS and point.path and not point.path.endswith("wake")
    ]
    for place in range(max(map(len, ERRORS.values()))):
        chosen = [point for point in found if place < len(ERRORS[point.call])]
        in_turn(benches, chosen, lambda b, p, place=place: one(b, p, ERRORS[p.call][place]))
    with capsys.disabled():
        print(f"\nerrors at the intake: {len(shown)}", *shown, sep="\n  ")
    assert not broken, "\n".join(broken)
    assert {text.split()[0] for text in shown} >= {"ENOSPC", "EIO", "EMFILE"}
