"""The main job on real processes: mail is stuck, is explained, is sent elsewhere, arrives once."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.gateway import Gateway
from tests.harness.process import wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit


def test_stuck_and_mended(tmp_path: Path) -> None:
    samples = [make_sample(f"stuck-{n}", recipients=("anna@example.org",)) for n in range(20)]
    with (
        SinkProcess(mode="refuse") as nowhere,
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Gateway(tmp_path, nowhere.port, settings={"resend_period": 60}) as gateway,
    ):
        numbers = [submit(gateway.port, sample) for sample in samples]
        wait_until(
            lambda: [row["stuck"] for row in gateway.listed("--stuck")] == ["refused"] * 20,
            what="all listed as refused",
        )
        rows = gateway.listed("--stuck")
        assert [row["id"] for row in rows] == numbers
        assert {row["dst"] for row in rows} == {"127.0.0.1"}
        assert {row["dport"] for row in rows} == {nowhere.port}

        moved = gateway.spooltool(
            *("retarget", f"dst:127.0.0.1:{nowhere.port}", "--json", "--yes", "--kick"),
            *("--to", f"127.0.0.1:{sink.port}", "--reason", "ticket 4711"),
        )
        assert moved.returncode == 0, moved.stderr
        objects = [json.loads(line) for line in moved.stdout.splitlines()]
        assert {row["id"] for row in objects if "id" in row} >= {row["id"] for row in rows}
        gateway.wait_empty()
        assert gateway.files(".spooltool/trash") == []
        taken = [(entry["x_id"], entry["body_sha256"]) for entry in sink.entries()]
        history = gateway.spooltool("history")
    assert sorted(taken) == sorted((sample.x_id, sample.body_sha256) for sample in samples)
    assert "ticket 4711" in history.stdout and "retarget" in history.stdout
