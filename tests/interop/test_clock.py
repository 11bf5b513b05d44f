"""A clock that jumps: nothing expires early, and nothing waits longer for it.

`now` of the relay's processes is moved by libfaketime; the true clock stays.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.harness.clock import WallClock
from tests.harness.gates import GateRun
from tests.harness.gateway import Gateway, read_results
from tests.harness.live_sink import LiveSink
from tests.harness.process import ROOT, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit

HOUR, DAY = 3600, 86400
ABANDON = HOUR
NTP = 50
"""Seconds: less than what makes the clock doubted, more than any wait of these tests."""
LATER = SinkPlan(recipients={"*": "451 4.2.0 later"})
STEPS = {"a day ahead": DAY, "a day back": -DAY, "ntp ahead": NTP, "ntp back": -NTP}
JUMPS = (DAY, -DAY, HOUR, -HOUR, NTP, -NTP)
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
"""Europe/Berlin in POSIX's words, which ask for no zone files."""


class Stuck(NamedTuple):
    """A gateway with one message that its sink puts off, and the clock of both."""

    gateway: Gateway
    sink: LiveSink
    clock: WallClock
    file: Path

    def attempts(self) -> int:
        """How often it was tried; -1 when it has left."""
        return attempts(self.file)

    def tried_again(self) -> None:
        """Wait until two more attempts have ended: the second began after this call."""
        tried_again(self.file)


def attempts(file: Path) -> int:
    """How often a message was tried; -1 when its file has gone."""
    try:
        return read_results(file)[0].attempts
    except FileNotFoundError:
        return -1


def tried_again(file: Path) -> None:
    """Wait until two more attempts have ended: the second began after this call."""
    before = attempts(file)
    assert before >= 0, f"{file.name} has gone"
    wait_until(lambda: attempts(file) >= before + 2, what=f"more attempts of {file.name}")


def alerts(gateway: Gateway) -> str:
    """What the dequeuer's log says of the clock."""
    log = (gateway.spool / ".spooltool/log/mdq.elg").read_text()
    return "\n".join(line for line in log.splitlines() if "the clock " in line)


def put_off(gateway: Gateway, x_id: str) -> Path:
    """Hand a message over; its file after the first attempt."""
    file = gateway.spool / "D_resend" / f"R{submit(gateway.port, make_sample(x_id))}"
    wait_until(file.exists, what="a first attempt")
    return file


def clock_ok(gateway: Gateway, *words: str) -> subprocess.CompletedProcess[str]:
    """`relay clock ok`."""
    argv = [gateway.python, "-m", "relay", "clock", "ok", "--spool", str(gateway.spool), *words]
    return subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, **gateway.env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def becomes_notice(file: Path) -> None:
    """Wait until a message has expired: what is left of it is the notice that is due."""
    notice = file.with_name("E" + file.name[1:])
    wait_until(lambda: notice.exists() and not file.exists(), what=f"the end of {file.name}")


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[LiveSink]:
    """A next hop that puts off every recipient."""
    hop = LiveSink()
    hop.use(LATER, tmp_path / "sink.log")
    yield hop
    hop.close()


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path)


@contextmanager
def running(
    folder: Path, sink: LiveSink, clock: WallClock, abandon: int = ABANDON, **env: str
) -> Iterator[Gateway]:
    """A relay by this clock."""
    settings: Mapping[str, object] = {"resend_period": 1, "abandon_time": abandon}
    environment = {**clock.environment, **env}
    with Gateway(folder, sink.port, settings=settings, env=environment) as gateway:
        yield gateway


@pytest.fixture
def stuck(tmp_path: Path, sink: LiveSink, clock: WallClock) -> Iterator[Stuck]:
    with running(tmp_path, sink, clock) as gateway:
        yield Stuck(gateway, sink, clock, put_off(gateway, "stuck"))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_step_expires_nothing_and_delays_nothing(stuck: Stuck, step: int) -> None:
    stuck.clock.step(step)
    stuck.tried_again()
    assert stuck.file.exists() and not stuck.gateway.files("D_resend")[1:]
    assert bool(alerts(stuck.gateway)) == (abs(step) == DAY)
    put_off(stuck.gateway, "later")
    stuck.sink.use(SinkPlan())
    stuck.gateway.wait_empty()
    assert sorted(str(entry["x_id"]) for entry in stuck.sink.entries()) == ["later", "stuck"]


@pytest.mark.gate("r30")
def test_jump_upon_jump(stuck: Stuck, gate: GateRun) -> None:
    dice = random.Random(30)
    ahead, jumps = 0, 0
    while jumps < gate.number:
        for jump in dice.sample(JUMPS, min(len(JUMPS), gate.number - jumps)):
            ahead, jumps = ahead + jump, jumps + 1
            stuck.clock.step(ahead)
            os.utime(stuck.file, (stuck.clock.now() + DAY,) * 2)
            stuck.tried_again()
            gate.progress(f"{jumps} of {gate.number}: {jump:+} s, {stuck.attempts()} attempts")
    expired = sum(path.name[0] == "E" for path in stuck.gateway.files())
    gate.report(f"{jumps} jumps, {expired} expired", {"jumps": jumps, "expired": expired})
    assert expired == 0
    stuck.sink.use(SinkPlan())
    stuck.gateway.wait_empty()
    assert [entry["x_id"] for entry in stuck.sink.entries()] == ["stuck"]


def test_file_times_in_the_future_decide_nothing(stuck: Stuck) -> None:
    facts = stuck.file.stat()
    os.utime(stuck.file, (facts.st_atime + DAY, facts.st_mtime + DAY))
    stuck.tried_again()
    stuck.sink.use(SinkPlan())
    stuck.gateway.wait_empty()
    assert [entry["x_id"] for entry in stuck.sink.entries()] == ["stuck"]


def test_after_clock_ok_mail_past_its_term_expires(stuck: Stuck) -> None:
    stuck.clock.step(DAY)
    stuck.tried_again()
    assert "jumped" in alerts(stuck.gateway) and stuck.file.exists()
    refused = clock_ok(stuck.gateway)
    assert refused.returncode != 0 and "1 message is past the abandon time" in refused.stderr
    stuck.tried_again()
    taken = clock_ok(stuck.gateway, "--force")
    assert taken.returncode == 0 and "the clock counts as right" in taken.stdout
    becomes_notice(stuck.file)


def test_a_restart_with_the_clock_set_back_expires_nothing(
    tmp_path: Path, sink: LiveSink, clock: WallClock
) -> None:
    clock.step(-DAY - 2 * HOUR)
    with running(tmp_path, sink, clock) as gateway:
        old = put_off(gateway, "old")
    clock.step(0)
    with running(tmp_path, sink, clock, abandon=30 * DAY) as gateway:
        new = put_off(gateway, "new")
        assert not alerts(gateway)
    clock.step(-DAY)  # "old" is two hours old by this clock, "new" comes tomorrow
    with running(tmp_path, sink, clock) as gateway:
        for _ in range(2):
            tried_again(old)
            tried_again(new)
        assert "before the newest mail's arrival" in alerts(gateway)
        refused = clock_ok(gateway)
        assert refused.returncode != 0 and "set the clock first" in refused.stderr
        tried_again(old)
        assert clock_ok(gateway, "--force").returncode == 0
        becomes_notice(old)
        tried_again(new)


@pytest.mark.parametrize(
    ("before", "change", "abandon"),
    [
        # 02:59:50 becomes 02:00:00: by local time the end would come an hour late
        ("2026-10-25T00:59:50", "2026-10-25T01:00:00", 20),
        # 01:59:50 becomes 03:00:00: by local time the end would come at once
        ("2026-03-29T00:59:50", "2026-03-29T01:00:00", HOUR // 2),
    ],
    ids=["autumn", "spring"],
)
def test_the_change_of_summer_time(
    tmp_path: Path, sink: LiveSink, clock: WallClock, before: str, change: str, abandon: int
) -> None:
    at = {moment: datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (before, change)}
    clock.begin(at[before].timestamp())
    with running(tmp_path, sink, clock, abandon, TZ=BERLIN) as gateway:
        begun = clock.now()
        file = put_off(gateway, "stuck")
        wait_until(lambda: clock.now() > at[change].timestamp(), what="the change")
        if abandon < HOUR // 2:
            becomes_notice(file)
            assert clock.now() >= int(begun) + abandon  # a term has whole seconds
        else:
            tried_again(file)
            assert not alerts(gateway)
            sink.use(SinkPlan())
            gateway.wait_empty()
            assert [entry["x_id"] for entry in sink.entries()] == ["stuck"]
