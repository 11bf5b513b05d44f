"""The hard case: 500 messages for a host that has turned tarpit, 100 of them in an attempt.

What a person wants to send elsewhere is what is being worked on.  All of it is changed,
all of it arrives at the other host, once, and the tarpit gets nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.client import AckLog, run_load
from tests.harness.gateway import Gateway
from tests.harness.live_sink import LiveSink
from tests.harness.process import wait_until
from tests.harness.sample import Sample, make_sample
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit

MESSAGES = 500
IN_FLIGHT = 100
EARNING = 8
"""So many deliveries earn a destination 2, 4, 8 … slots: more than IN_FLIGHT."""

SETTINGS = {
    "max_conns": IN_FLIGHT,
    "max_conns_per_site": IN_FLIGHT,
    "max_mails_per_conn": 1,
    "resend_period": 600,
}


def fill(gateway: Gateway) -> list[Sample]:
    """Hand the messages over, ten sessions at a time; each has its 250."""
    samples = [make_sample(f"caught-{n}") for n in range(MESSAGES)]
    tally = asyncio.run(run_load(gateway.port, iter(samples), AckLog(None), sessions=10))
    assert tally.acked == MESSAGES
    return samples


def earn_slots(gateway: Gateway, sink: LiveSink) -> None:
    """Let the host take some mail: what has shown that it works gets all slots."""
    for number in range(EARNING):
        submit(gateway.port, make_sample(f"early-{number}"))
        gateway.wait_empty()
    assert len(sink.entries()) == EARNING


def in_flight(gateway: Gateway) -> int:
    """Messages that are in an attempt now."""
    return len(gateway.listed("delivering"))


@contextmanager
def caught(folder: Path, stage: str) -> Iterator[tuple[Gateway, SinkProcess, str]]:
    """A relay with all its attempts in flight at a tarpit, another host, and the query for it.

    At the end everything that was accepted is at the other host, once.
    """
    tarpit = LiveSink()
    tarpit.use(SinkPlan(), folder / "tarpit.log")
    try:
        with (
            SinkProcess(log=folder / "good.log") as good,
            Gateway(folder, tarpit.port, settings=SETTINGS) as gateway,
        ):
            earn_slots(gateway, tarpit)
            tarpit.use(SinkPlan(silent_at=stage))
            samples = fill(gateway)
            wait_until(lambda: in_flight(gateway) == IN_FLIGHT, what="all slots at the tarpit")
            yield gateway, good, f"dst:127.0.0.1:{tarpit.port}"
            gateway.wait_empty()
            assert gateway.files(".spooltool/trash") == []
            taken = [(entry["x_id"], entry["body_sha256"]) for entry in good.entries()]
        assert sorted(taken) == sorted((one.x_id, one.body_sha256) for one in samples)
        assert len(tarpit.entries()) == EARNING
    finally:
        tarpit.close()


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "data"])
def test_all_are_changed_and_arrive_once(tmp_path: Path, stage: str) -> None:
    with caught(tmp_path, stage) as (gateway, good, query):
        done = gateway.spooltool(
            *("retarget", query, "--to", f"127.0.0.1:{good.port}"), "--kick", "--yes", "--json"
        )
        assert done.returncode == 0, done.stderr
        *records, summary = [json.loads(line) for line in done.stdout.splitlines()]
        assert Counter(record["result"] for record in records) == {"done": MESSAGES}
        assert summary["counts"] == {"done": MESSAGES}


def test_the_same_watched_to_its_end(tmp_path: Path) -> None:
    with caught(tmp_path, "data") as (gateway, good, query):
        done = gateway.spooltool(
            *("retarget", query, "--to", f"127.0.0.1:{good.port}", "--kick", "--yes"),
            *("--watch", "--for", "90s"),
        )
        assert done.returncode == 0, done.stderr
        assert f"{MESSAGES} done, 0 busy, 0 gone, 0 failed" in done.stdout
        last = done.stdout.splitlines()[-1]
        assert re.fullmatch(rf"{MESSAGES} left in [0-9.]+ s: {MESSAGES} delivered", last)
