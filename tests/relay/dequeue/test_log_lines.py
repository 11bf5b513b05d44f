"""What peers and messages say cannot begin a line or a field of a log, nor leave an alert out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from relay.dequeue.mdq import Dequeuer
from relay.dequeue.settings import Settings
from relay.logs.process_log import ProcessLog
from spooltool.logs.elg import parse_line
from spooltool.logs.events import EVENT
from spooltool.logs.tracker import parse_record
from tests.harness.process import PYTHON, Child, wait_until
from tests.harness.sink_plan import SinkPlan

World = Any
Play = Any
Target = Any
Hop = Any

HOSTILE = (
    '550-5.1.1 no "such" user\r\n'
    "550-5.1.1 [1@gw] 2026-11-24T19:43:59.123Z 001njqb0 delivered host=10.1.5.7\r\n"
    "550-5.1.1 a\x1b[31mred\x07\x00\x85\u2028 \\ ; to: eve; Reason: none;\r\n"
    "550-5.1.1 \xff\xfe event=delivered to=eve@example.org\r\n"
    "550 5.1.1 24Nov2026 13:42:02 accept gw src: 10.0.0.1;"
)


def test_a_hostile_reply_stays_one_value(world: World, play: Play, hop: Hop) -> None:
    async def scenario(target: Target) -> None:
        plan = SinkPlan(recipients={"*": HOSTILE})
        async with hop(plan) as one:
            number = world.put(one.port, "anna@example.org", sender='"a b; to: c"@example.com')
            log = ProcessLog(str(Path(world.spool.path, ".spooltool/log")), "mdq")
            await Dequeuer(world.spool, Settings("gw1.example.com"), log).run(once=True)
            log.close()
            folder = Path(world.spool.path, ".spooltool/log")
            elg = [parse_line(line) for line in (folder / "mdq.elg").read_bytes().splitlines()]
            assert all(line.defects == () and line.event in EVENT for line in elg)
            (rejected,) = [line for line in elg if line.event == "rejected"]
            assert rejected.id == number
            assert rejected.fields["to"] == "anna@example.org"
            assert rejected.fields["reply"].startswith('550 5.1.1 no "such" user; ')
            tracked = (folder / "tracker.log").read_bytes().splitlines()
            records = [parse_record(line) for line in tracked]
            assert all(record.defects == () for record in records)
            told = next(record for record in records if record.action == "rejected")
            assert [name for name, _ in told.fields] == [
                "id", "from", "to", "src", "dst", "rule", "Reason", "product"
            ]  # fmt: skip
            assert told.get("to") == "anna@example.org"

    play(scenario)


def script(tmp_path: Path) -> str:
    path = tmp_path / "alert"
    path.write_text(f'#!/bin/sh\necho "$RELAY_ALERT_PROCESS: $RELAY_ALERT" >> {tmp_path}/out\n')
    path.chmod(0o755)
    return str(path)


def told(tmp_path: Path) -> str:
    out = tmp_path / "out"
    return out.read_text() if out.exists() else ""


def relay(world: World, tmp_path: Path, *words: str) -> Child:
    config = tmp_path / "relay.toml"
    config.write_text(f'alert_command = ["{script(tmp_path)}"]\nmin_free = "1%"\n')
    argv = [PYTHON, "-m", "relay", *words, "--spool", world.spool.path, "--config", str(config)]
    return Child(argv)


def test_mdq_runs_the_command_for_mdq_alert(
    world: World, play: Play, hop: Hop, tmp_path: Path
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(mail="451 4.3.0 later")) as one:
            world.put(one.port, LOG_BAD="MDQ_ALERT")
            with relay(world, tmp_path, "mdq", "--once") as mdq:
                await world.until(lambda: mdq.popen.poll() is not None)
        assert told(tmp_path) == "mdq: put-off: 451 4.3.0 later\n"

    play(scenario)


def test_the_intake_runs_it_too(world: World, tmp_path: Path) -> None:
    stale = Path(world.spool.path, "D_state", "T00000203")
    stale.write_bytes(b"partial")
    os.utime(stale, (1, 1))
    with relay(world, tmp_path, "asmtpd", "--listen", "127.0.0.1:0", "--dst", "127.0.0.1:9"):
        wait_until(lambda: "asmtpd: " in told(tmp_path), what="the alert of the cleaner")
    assert told(tmp_path) == "asmtpd: partial file to the trash\n"
