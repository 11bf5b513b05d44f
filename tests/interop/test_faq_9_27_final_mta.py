"""FAQ 9.27: "Connection to Final MTA failed" in the tracker, while the server is dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.logs import Record, parse_record
from tests.harness.gateway import Gateway
from tests.harness.postfix import Postfix
from tests.harness.process import wait_until
from tests.harness.programs import need_postfix
from tests.harness.sample import make_sample
from tests.harness.submit import submit

FAILED = "Connection to Final MTA failed"


@pytest.fixture(autouse=True)
def _postfix_is_there() -> None:
    need_postfix()


def _tracked(gateway: Gateway) -> list[Record]:
    path = Path(gateway.spool, ".spooltool", "log", "tracker.log")
    lines = path.read_bytes().splitlines() if path.exists() else []
    records = [parse_record(line) for line in lines]
    assert all(record.defects == () for record in records)
    return records


def _failed(gateway: Gateway) -> list[Record]:
    return [one for one in _tracked(gateway) if (one.get("Reason") or "").startswith(FAILED)]


def test_it_stands_there_for_a_dead_postfix_and_no_more_once_it_lives(tmp_path: Path) -> None:
    sample = make_sample("dead", sender="anna@example.com", recipients=("carl@example.org",))
    postfix = Postfix(tmp_path / "postfix", maildir=True)
    postfix.start()
    postfix.stop()
    with Gateway(tmp_path, postfix.port) as gateway:
        submit(gateway.port, sample)
        wait_until(lambda: _failed(gateway), what="the record")
        first = _failed(gateway)[0]
        assert first.action == "put-off"
        assert (first.get("from"), first.get("to")) == ("anna@example.com", "carl@example.org")
        assert f"127.0.0.1:{postfix.port}" in (first.get("Reason") or "")
        postfix.start()
        try:
            gateway.wait_empty()
            wait_until(lambda: _tracked(gateway)[-1].action == "delivered", what="its delivery")
            known = len(_failed(gateway))
            submit(gateway.port, make_sample("alive", recipients=("dora@example.org",)))
            gateway.wait_empty()
            wait_until(
                lambda: [one.action for one in _tracked(gateway)].count("delivered") == 2,
                what="the second delivery",
            )
            assert len(_failed(gateway)) == known
        finally:
            postfix.stop()
