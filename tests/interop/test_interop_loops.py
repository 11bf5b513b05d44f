"""Two relays that deliver to each other: each loop ends, be it of mail or of its notice."""

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


def test_a_notice_that_goes_round_ends_in_the_trash(tmp_path: Path) -> None:
    """Each relay is the other's DST and ERR_SERVER: the mail loops, and then its notice does."""
    ports = {"a": free_port(), "b": free_port()}
    for name in ports:
        (tmp_path / name).mkdir()

    def relay(name: str, other: str) -> Gateway:
        settings = {
            "hostname": f"{name}.example",
            "error_server": f"127.0.0.1:{ports[other]}",
        }
        return Gateway(tmp_path / name, ports[other], settings=settings, listen=ports[name])

    with relay("a", "b") as first, relay("b", "a") as second:
        both = (first, second)
        number = submit(first.port, make_sample("round-and-round"))
        trash = ".spooltool/trash"
        wait_until(lambda: any(spool_files(one.spool, trash) for one in both), what="an end")
        for one in both:
            one.wait_empty()
        (ended,) = (path for one in both for path in spool_files(one.spool, trash))
        text = ended.read_text()
        logs = [one.spool / ".spooltool/log/asmtpd.elg" for one in both]
        stored = sum(log.read_text().count(" stored ") for log in logs)
        tracked = (ended.parents[1] / "log/tracker.log").read_text()
    assert (ended.name[0], ended.name[1:] != number) == ("R", True)
    assert "FROM:\t<>" in text, "it is the notice, of whose failure nobody is told"
    assert "Auto-Submitted: auto-replied" in text
    assert stored == 12, "six passes of the mail, six of its notice"
    assert " trashed " in tracked
