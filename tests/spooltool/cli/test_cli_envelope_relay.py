"""What `set` and `accept` change is what a real relay sends: processes, sockets, files."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.gateway import spool_files, write_config
from tests.harness.live_sink import LiveSink
from tests.harness.process import PYTHON, ROOT, Child, wait_until
from tests.harness.sink_plan import SinkPlan
from tests.spooltool.cli.calling import Ended, start
from tests.spooltool.cli.changed import put, records

OLD, NEW = "anna0@example.org", "zoe@example.net"


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[LiveSink]:
    made = LiveSink()
    made.use(SinkPlan(), tmp_path / "sink.log")
    yield made
    made.close()


def tool(spool: Path, *words: str) -> Ended:
    return start("--spool", spool, *words)


def once(spool: Path, config: Path) -> None:
    words = ["mdq", "--once", "--spool", str(spool), "--config", str(config)]
    done = subprocess.run(
        [PYTHON, "-m", "relay", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def mdq(spool: Path, config: Path) -> Child:
    child = Child([PYTHON, "-m", "relay", "mdq", "--spool", str(spool), "--config", str(config)])
    while "dequeuer ready" not in child.line(seconds=60):
        pass
    return child


def test_the_chapters_file_gets_an_envelope_lists_and_is_delivered(
    tmp_path: Path, spool_fixtures: Path, sink: LiveSink
) -> None:
    spool, config = tmp_path / "spool", write_config(tmp_path)
    for name in ("D_state", "D_sender", "D_resend"):
        (spool / name).mkdir(parents=True)
    for name in ("Rchapter", "Rnolog"):
        shutil.copy(spool_fixtures / "gw/D_resend" / name, spool / "D_resend" / name)
    once(spool, config)
    assert sink.entries() == []
    files = ("D_resend/Rchapter", "D_resend/Rnolog")
    done = tool(spool, "set", *files, "--from", "billing@example.com", "--rcpt", "eva@example.org",
                "--rcpt", "jörg@müller.example", "--resource", "none", "DST=127.0.0.1",
                f"DPORT={sink.port}",
                "--yes")  # fmt: skip
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in tool(spool, "ls", "--json").lines]
    assert [row["recipients"] for row in rows] == [["eva@example.org", "jörg@müller.example"]] * 2
    once(spool, config)
    assert [path.name for path in (spool / "D_resend").iterdir()] == []
    taken = sink.entries()
    assert {(one["sender"], *one["recipients"]) for one in taken} == {
        ("billing@example.com", "eva@example.org", "jörg@müller.example")
    }
    assert len(taken) == 2


def test_a_message_is_taken_from_its_attempt_and_goes_to_the_other_recipient(
    tmp_path: Path, sink: LiveSink
) -> None:
    spool, config = tmp_path / "spool", write_config(tmp_path, {"timeout": 60})
    sink.use(SinkPlan(greet_after=-1))
    (file,) = put(spool, 1, "127.0.0.1", DPORT=str(sink.port))
    with mdq(spool, config):
        wait_until(
            lambda: "delivering" in tool(spool, "ls").out, seconds=60, what="an attempt under way"
        )
        sink.use(SinkPlan())
        words = ("set", file, "--rcpt", f"{OLD}={NEW}", "--from", "null", "--yes", "--json")
        done = tool(spool, *words, "--kick")
        assert done.code == 0, done.err
        (one,), _ = records(done)
        assert one["result"] == "done"
        wait_until(lambda: not spool_files(spool), seconds=60, what="an empty spool")
    (taken,) = sink.entries()
    assert (taken["sender"], taken["recipients"]) == ("", [NEW])


def test_mail_that_waits_for_accept_is_taken_up_after_it(tmp_path: Path, sink: LiveSink) -> None:
    spool, config = tmp_path / "spool", write_config(tmp_path)
    (file,) = put(spool, 1, "127.0.0.1", DPORT=str(sink.port))
    path = spool / file
    path.write_bytes(path.read_bytes().replace(b"\nhello\n", b"\nHELLO\n"))
    with mdq(spool, config):
        wait_until(
            lambda: " edited " in path.read_bytes().decode("latin-1").replace("\t", " "),
            seconds=60,
            what="set to wait",
        )
        assert "accept" in tool(spool, "ls", "--stuck").out
        done = tool(spool, "accept", file, "--yes")
        assert done.code == 0, done.err
        wait_until(lambda: not spool_files(spool), seconds=60, what="an empty spool")
    (taken,) = sink.entries()
    assert taken["recipients"] == [OLD]
