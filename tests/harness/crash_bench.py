"""Where crashes are rehearsed: a spool, a sink and a client's log that are laid out anew for
each crash point, the run that is killed there, and the judgement after the drain.
"""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.harness.checker import Verdict, check
from tests.harness.crash_points import Point, injecting, points, recording, was_killed
from tests.harness.gateway import write_config
from tests.harness.live_sink import LiveSink
from tests.harness.process import PYTHON, ROOT, Child, wait_until
from tests.harness.sample import Sample, make_sample
from tests.harness.sink_plan import SinkPlan
from tests.harness.spool_reader import spool_messages

WORKERS = 4
ANNA = "anna@example.org"
DESTINATION = (b"DST:", b"DPORT:", b"ERR_SERVER:")
AHEAD = 1_300_000_000_000
"""The counter of each copy, ahead of the clock: each run gives the numbers that the first gave."""
LATER = "451 4.3.0 try again later"


@dataclass
class Bench:
    """A folder with one spool, one sink and the log of one client."""

    folder: Path
    sink: LiveSink
    acks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spool(self) -> Path:
        """The spool."""
        return self.folder / "spool"

    @property
    def trace(self) -> Path:
        """What strace wrote in the last run."""
        return self.folder / "trace"

    def lay_out(self, template: Template) -> None:
        """A fresh copy of a spool whose mail goes to this sink."""
        shutil.rmtree(self.spool, ignore_errors=True)
        shutil.copytree(template.spool, self.spool)
        (self.spool / ".spooltool" / "counter").write_text(f"{AHEAD:020d}\n")
        old, new = (str(port).encode() for port in (template.port, self.sink.port))
        for message in list(spool_messages(self.spool)):
            path = self.spool / message.file
            head, blank, content = path.read_bytes().partition(b"\n\n")
            # STATE names the host, too, under a checksum of its own: it stays.
            lines = [
                line.replace(old, new) if line.startswith(DESTINATION) else line
                for line in head.split(b"\n")
            ]
            path.write_bytes(b"\n".join(lines) + blank + content)
        self.acks = list(template.acks)

    def configure(self, tables: str = "", /, **settings: object) -> Path:
        """Write relay.toml."""
        return write_config(self.folder, settings, tables)

    def relay(self, *words: str) -> list[str]:
        """A command of the relay on this spool."""
        config = str(self.folder / "relay.toml")
        return [PYTHON, "-m", "relay", *words, "--spool", str(self.spool), "--config", config]

    def intake(self) -> list[str]:
        """The command of an intake whose mail goes to this sink."""
        to = f"127.0.0.1:{self.sink.port}"
        return self.relay("asmtpd", "--listen", "127.0.0.1:0", "--dst", to)

    def spooltool(self, *words: str) -> list[str]:
        """A command of spooltool on this spool."""
        return [PYTHON, "-m", "spooltool", *words, "--spool", str(self.spool)]

    def send(self, port: int, sample: Sample, *, params: str = "") -> str:
        """The reply to the final dot, recorded when it is a 250; "" when none came.

        `params` are those of each RCPT.
        """

        try:
            with closing(smtplib.SMTP("127.0.0.1", port, "client.example", 60)) as client:
                client.ehlo()
                replies = [client.mail(sample.sender)]
                replies += [client.rcpt(address, params.split()) for address in sample.recipients]
                if all(code == 250 for code, _ in replies):
                    replies.append(client.data(sample.content))
        except (smtplib.SMTPServerDisconnected, ConnectionError):
            return ""
        except smtplib.SMTPDataError as refused:  # in place of the 354
            error = refused.smtp_error
            replies = [(refused.smtp_code, error if isinstance(error, bytes) else error.encode())]
        code, text = next((r for r in replies if r[0] != 250), replies[-1])
        reply = f"{code} {text.decode()}"
        if reply[0] == "2":
            self.acks.append(
                {
                    "id": reply.split()[2][1:],
                    "x_id": sample.x_id,
                    "recipients": list(sample.recipients),
                    "body_sha256": sample.body_sha256,
                }
            )
        return reply

    def at_rest(self, *, freed: bool = False) -> Verdict:
        """The checker's word on this bench; nothing may be running.

        `freed`: an operator's command may have ended every message for good.
        """
        ended = [ack["id"] for ack in self.acks] if freed else []
        found = list(spool_messages(self.spool))
        return check(self.acks, self.sink.entries(), found, ended=ended)

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
    """Run a command to its end; with `ok` it must succeed."""
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


@contextmanager
def crash_benches(folder: Path) -> Iterator[list[Bench]]:
    """As many benches as points are tried at a time, each in a folder of its own."""
    made = []
    for number in range(WORKERS):
        own = folder / f"bench{number}"
        own.mkdir()
        made.append(Bench(own, LiveSink()))
    try:
        yield made
    finally:
        for bench in made:
            bench.sink.close()


def make_template(
    bench: Bench,
    recipients: tuple[str, ...] = (ANNA,),
    *,
    deferred: bool = False,
    expired: bool = False,
    commands: tuple[tuple[str, ...], ...] = (),
    params: str = "",
) -> Template:
    """A message accepted, deferred or expired if so asked, then changed by spooltool."""
    bench.configure()
    bench.acks = []
    with Child(bench.intake()) as intake:
        port = int(intake.line(seconds=60).rpartition(":")[2])
        sample = make_sample("first", recipients=recipients)
        assert bench.send(port, sample, params=params)[0] == "2"
        intake.kill(signal.SIGTERM)
        intake.wait(seconds=60)
    if deferred or expired:
        bench.configure(**({"abandon_time": 0} if expired else {}))
        bench.sink.use(SinkPlan(recipients={"*": LATER}), bench.folder / "sink.log")
        run(bench.relay("mdq", "--once"))
    for words in commands:
        run(bench.spooltool(*words, "--yes"))
    target = bench.folder / "template"
    shutil.copytree(bench.spool, target)
    return Template(target, bench.sink.port, tuple(bench.acks))


def end_traced(strace: Child) -> None:
    """SIGTERM to what strace runs, if it still does, and wait for both."""
    try:
        children = Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        pass
    strace.wait(seconds=60)


@dataclass(frozen=True)
class Scenario:
    """What is killed: `command` on a copy of `template`, the sink behaving as `plan`.

    `settings` and `tables` go into relay.toml.  `after` names the first call that belongs to
    the message.  `settled` is what the checker must count in the end, whichever point the kill
    came at.  Where the point decides how the one recipient ends, `ends` are the counts of
    which one must be 1 and the others 0; with `freed` among them it may also be gone for good.
    """

    template: Template
    command: Callable[[Bench], list[str]]
    plan: SinkPlan = field(default_factory=SinkPlan)
    drain_plan: SinkPlan = field(default_factory=SinkPlan)
    settings: dict[str, object] = field(default_factory=dict)
    tables: str = ""
    after: str = ""
    settled: dict[str, int] = field(default_factory=lambda: {"delivered": 1})
    ends: frozenset[str] = frozenset()


@dataclass
class Tally:
    """What the kills of a scenario came to."""

    hit: list[Point] = field(default_factory=list)
    missed: list[Point] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    duplicates: int = 0
    notices_twice: int = 0

    def show(self, name: str) -> str:
        """The list of points and the counts."""
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
            command = scenario.command(bench)
            done = run(injecting(bench.trace, command, point, bench.spool), ok=False)
            assert was_killed(bench.trace) or done.returncode == 0, (str(point), done.stderr)

        reach(bench, point, tally, kill)
        verdict = bench.at_rest(freed="freed" in scenario.ends)
        if verdict.lost or verdict.torn or verdict.damaged:
            tally.broken.append(f"{point}: right after the kill: {harm_of(verdict)}")
        finish(bench, scenario, tally, str(point))

    in_turn(benches, found, one)
    return tally


def reach(bench: Bench, point: Point, tally: Tally, kill: Callable[[], None]) -> None:
    """Kill at a point, and note whether the run came there."""
    kill()
    (tally.hit if was_killed(bench.trace) else tally.missed).append(point)


def prepare(bench: Bench, scenario: Scenario) -> None:
    """Lay the bench out as it was before the scenario's command."""
    bench.lay_out(scenario.template)
    bench.configure(scenario.tables, **scenario.settings)
    log = bench.folder / "sink.log"
    log.unlink(missing_ok=True)
    bench.sink.use(deepcopy(scenario.plan), log)  # a list of replies is used up


def finish(bench: Bench, scenario: Scenario, tally: Tally, where: str) -> None:
    """Start again, drain, judge."""
    bench.sink.use(deepcopy(scenario.drain_plan))
    bench.drain()
    verdict = bench.at_rest(freed="freed" in scenario.ends)
    if harm_of(verdict):
        tally.broken.append(f"{where}: {harm_of(verdict)}")
    counted = {key: getattr(verdict, key) for key in scenario.settled}
    if counted != scenario.settled:
        tally.broken.append(f"{where}: {counted}, wanted {scenario.settled}")
    ways = {way: getattr(verdict, way) for way in scenario.ends - {"freed"}}
    least = 0 if "freed" in scenario.ends else 1
    if scenario.ends and not least <= sum(ways.values()) <= 1:
        tally.broken.append(f"{where}: {ways}, wanted one of them")
    if len(verdict.duplicated) > 1:
        tally.broken.append(f"{where}: {len(verdict.duplicated)} duplicates of one delivery")
    tally.duplicates += len(verdict.duplicated)
    tally.notices_twice += verdict.notices_twice
