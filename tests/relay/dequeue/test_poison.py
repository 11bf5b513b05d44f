"""A message that kills the dequeuer, a real process, each time that it is tried.

The killer is its next hop: at the RCPT of that message it sends SIGKILL.  So nothing in
the product knows of the test, and the dequeuer dies in the middle of its work.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from relay.queue.suspects import MOST
from tests.harness.gateway import write_config
from tests.harness.process import PYTHON, Child
from tests.harness.sink_plan import SinkPlan

World = Any
Play = Any
Target = Any
Hop = Any

POISON = "poison@example.org"


def test_a_message_that_kills_mdq_is_set_aside_alone_and_the_rest_flows(
    world: World, play: Play, hop: Hop, tmp_path: Path
) -> None:
    config = write_config(tmp_path, {"timeout": 2, "resend_period": 1, "scan_period": 1})
    argv = [PYTHON, "-m", "relay", "mdq"]
    argv += ["--spool", world.spool.path, "--config", str(config)]
    lives = []

    async def scenario(target: Target) -> None:
        async with hop() as good, hop(SinkPlan(greet_after=-1)) as tarpit:

            def heard(line: str) -> None:
                if line == f"RCPT TO:<{POISON}>":
                    os.kill(lives[-1].pid, signal.SIGKILL)

            good.heard = heard
            stuck = [world.put(tarpit.port) for _ in range(3)]
            names = [f"r{number}@example.org" for number in range(30)]
            for name in names[:3]:
                world.put(good.port, name)
            poison = world.put(good.port, POISON)
            for name in names[3:]:
                world.put(good.port, name)

            def at_rest() -> bool:
                files = world.files()
                gone = all(file.startswith("D_hold/") or file[-8:] in stuck for file in files)
                return bool(files) and gone

            while not at_rest():
                with Child(argv) as mdq:
                    lives.append(mdq)
                    await world.until(lambda: mdq.popen.poll() is not None or at_rest())
            assert [life.popen.returncode for life in lives[:-1]] == [-signal.SIGKILL] * MOST
            held = [file for file in world.files() if file.startswith("D_hold/")]
            assert held == [f"D_hold/R{poison}"]
            # One that was under way when the dequeuer was killed may have been taken twice.
            assert {recipients for _, recipients, _ in good.received} == {(n,) for n in names}

    play(scenario)
    log = Path(world.spool.path, ".spooltool/log/mdq.elg").read_text()
    assert log.count("never ended: it may be what ends the dequeuer") == 2  # event and alert
