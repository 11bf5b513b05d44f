"""The relay's processes one by one: the dequeuer alone, a second one, and the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import PYTHON, ROOT, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit


def relay(*words: str) -> subprocess.CompletedProcess[str]:
    """One command of the relay, to its end."""
    return subprocess.run(
        [PYTHON, "-m", "relay", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def x_ids(sink: SinkProcess) -> list[str]:
    """What the sink has taken, sorted."""
    return sorted(str(entry["x_id"]) for entry in sink.entries())


def test_mdq_once_drains_a_spool_without_intake(tmp_path: Path) -> None:
    port_file = tmp_path / "sink.log"
    with SinkProcess(mode="refuse") as nowhere:
        port = nowhere.port
        with Gateway(tmp_path, port, settings={"resend_period": 1}) as gateway:
            for number in range(10):
                submit(gateway.port, make_sample(f"once-{number}"))
            spool, config = gateway.spool, gateway.config
    assert len(spool_files(spool)) == 10
    with SinkProcess(log=port_file, port=port) as sink:
        words = ["mdq", "--once", "--spool", str(spool), "--config", str(config)]

        def drained() -> bool:
            done = relay(*words)
            assert (done.returncode, done.stderr) == (0, "")
            return not spool_files(spool)

        # What was tried just before waits out its resend_period: a pass may find it not due.
        wait_until(drained, what="a spool drained by mdq --once")
        assert x_ids(sink) == sorted(f"once-{number}" for number in range(10))
    again = relay(*words)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.parametrize("words", [("mdq",), ("mdq", "--once")], ids=" ".join)
def test_second_mdq_refuses_and_names_the_first(tmp_path: Path, words: Sequence[str]) -> None:
    with (
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Gateway(tmp_path, sink.port) as gateway,
    ):
        (first,) = gateway.processes()["mdq"]
        done = relay(*words, "--spool", str(gateway.spool), "--config", str(gateway.config))
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr == (
            f"relay: mdq runs already on {gateway.spool}: pid {first} on {os.uname().nodename}\n"
        )
        submit(gateway.port, make_sample("still-flows"))
        gateway.wait_empty()
        assert x_ids(sink) == ["still-flows"]


@pytest.mark.parametrize("name", ["asmtpd", "mdq"])
def test_killed_child_is_back_and_mail_flows(tmp_path: Path, name: str) -> None:
    with (
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Gateway(tmp_path, sink.port) as gateway,
    ):
        submit(gateway.port, make_sample("before"))
        wait_until(lambda: x_ids(sink) == ["before"], what="mail before the kill")
        (killed,) = gateway.processes()[name]
        port = gateway.port
        os.kill(killed, signal.SIGKILL)
        said = gateway.line()
        assert said.startswith(f"relay: {name} ({killed}) ended by signal 9, started anew in ")
        gateway.wait_ready(["listening on" if name == "asmtpd" else "dequeuer ready"])
        assert gateway.port == port
        (new,) = gateway.processes()[name]
        assert new != killed
        # The listening socket outlives the intake: no client is refused in between.
        submit(port, make_sample("after"))
        gateway.wait_empty()
        assert x_ids(sink) == ["after", "before"]
        gateway.kill(signal.SIGTERM)
        assert gateway.wait(seconds=60) == 0
    for pid in (killed, new):
        assert not os.path.exists(f"/proc/{pid}")
