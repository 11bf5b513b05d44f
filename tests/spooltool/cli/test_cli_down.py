"""Mail of a destination that is down: one probe speaks for all, and nothing looks forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spooltool.control import Destination
from tests.spooltool.cli.calling import AS_OF, Ended
from tests.spooltool.cli.test_cli_status import RUNNING, answering

Call = Callable[..., Ended]
LATE = "001njg8r"
"""A message for 192.0.2.40 that was due twelve minutes ago."""

DOWN = Destination(
    "192.0.2.40", (("192.0.2.40", 25),), 1, 1, 0, True, AS_OF - 7200.0, next_probe=AS_OF + 300.0
)


def looked_at(spool: Path, call: Call, destination: Destination) -> dict[str, object]:
    own = spool / ".spooltool"
    own.mkdir(mode=0o700, exist_ok=True)
    with answering(own, replace(RUNNING, delivering=(), destinations=(destination,))):
        record = json.loads(call("--spool", spool, "--as-of", AS_OF, "ls", "--json", LATE).out)
    assert isinstance(record, dict)
    return record


def test_it_is_as_it_failed_and_due_with_the_probe(gateway: Path, call: Call) -> None:
    record = looked_at(gateway, call, DOWN)
    assert record["stuck"] not in (None, "overdue")
    assert record["next_try"] == "2026-11-24T18:49:11Z"


@pytest.mark.parametrize(
    ("destination", "word"),
    [
        (replace(DOWN, hosts=(("192.0.2.41", 25),)), "overdue"),
        (replace(DOWN, hosts=(("192.0.2.40", 26),)), "overdue"),
        (replace(DOWN, down=False), "overdue"),
        (replace(DOWN, next_probe=AS_OF - 61.0), "overdue"),
        (replace(DOWN, next_probe=AS_OF - 61.0, active=1), None),
        (replace(DOWN, next_probe=AS_OF - 59.0), None),
    ],
    ids=["another-host", "another-port", "not-down", "probe-late", "probing", "probe-just-due"],
)
def test_overdue_is_what_nobody_works_on(
    gateway: Path, call: Call, destination: Destination, word: str | None
) -> None:
    record = looked_at(gateway, call, destination)
    assert (record["stuck"] == "overdue") is (word == "overdue")
