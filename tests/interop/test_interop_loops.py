"""Two relays that deliver to each other: the loop ends, with one notice and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import free_port, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit


@pytest.mark.parametrize(
    ("settings", "passes", "reason"),
    [
        ({}, 6, b"mail loop: passed through a.example 3 times already"),
        ({"max_hops": 4}, 5, b"too many hops: 5 Received lines"),
    ],
    ids=["lines-of-ours", "hop-count"],
)
def test_a_loop_of_two_relays_ends_with_one_notice(
    tmp_path: Path, settings: dict[str, object], passes: int, reason: bytes
) -> None:
    ports = {"a": free_port(), "b": free_port()}
    folders = {name: tmp_path / name for name in ports}
    for folder in folders.values():
        folder.mkdir()
    with SinkProcess(log=tmp_path / "sink.log", keep=tmp_path / "kept") as sink:
        whole = {**settings, "error_server": f"127.0.0.1:{sink.port}"}
        whole["detailed_smtp_err_mail"] = True

        def relay(name: str, other: str) -> Gateway:
            own = {**whole, "hostname": f"{name}.example"}
            return Gateway(folders[name], ports[other], settings=own, listen=ports[name])

        with relay("a", "b") as first, relay("b", "a") as second:
            sample = make_sample("round-and-round")
            submit(first.port, sample)
            wait_until(lambda: len(sink.entries()) == 1, what="the notice")
            for one in (first, second):
                one.wait_empty()
                assert spool_files(one.spool, ".spooltool/trash") == []
            logs = [one.spool / ".spooltool/log/asmtpd.elg" for one in (first, second)]
            stored = sum(log.read_text().count(" stored ") for log in logs)
        (notice,), (content,) = sink.entries(), sink.contents()
    assert stored == passes
    assert notice["sender"] == ""
    assert notice["recipients"] == [sample.sender]
    assert notice["carried"] == [sample.x_id]
    assert notice["final_recipients"] == list(sample.recipients)
    assert reason in content.replace(b"\r\n ", b" ")
    assert b"5.4.6" in content
