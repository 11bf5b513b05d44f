"""relay run: both halves, what dies is started anew, and the end in good order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import subprocess
from pathlib import Path

import pytest

from relay.supervisor import (
    LONGEST_DELAY,
    SETTLED,
    Backoff,
    Child,
    child_environment,
    read_processes,
)
from spooltool.store.root import Spool
from tests.harness.process import PYTHON, NotReady, wait_until
from tests.harness.process import Child as Process


@pytest.mark.parametrize(
    ("lives", "delays"),
    [
        ([0, 0, 0, 0], [0.2, 0.4, 0.8, 1.6]),
        ([100, 100], [0.2, 0.2]),
        ([0, 0, SETTLED, 0, 0], [0.2, 0.4, 0.2, 0.2, 0.4]),
        ([1] * 9, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, LONGEST_DELAY]),
    ],
)
def test_backoff(lives: list[float], delays: list[float]) -> None:
    backoff = Backoff()
    assert [backoff.delay(lived) for lived in lives] == pytest.approx(delays)


def test_backoff_does_not_overflow() -> None:
    backoff = Backoff()
    assert [backoff.delay(0) for _ in range(2000)][-1] == LONGEST_DELAY


def test_children_find_this_very_package() -> None:
    here = str(Path(__file__).parents[3])
    assert child_environment({"PYTHONPATH": "/x"})["PYTHONPATH"] == f"{here}:/x"
    assert child_environment({"PYTHONPATH": here})["PYTHONPATH"] == here
    assert Child("mdq", ["mdq"]).starts == 0


class Relay(Process):
    """`relay run` on a free port; ready when made."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self.spool = folder / "spool"
        (folder / "relay.toml").write_text(config)
        self.words = ("--spool", str(self.spool), "--config", str(folder / "relay.toml"))
        super().__init__(
            [
                *(PYTHON, "-m", "relay", "run", *self.words),
                *("--listen", "127.0.0.1:0", "--dst", "127.0.0.1:9"),
            ],
            stderr=subprocess.DEVNULL,
        )
        self.port = 0
        self.said: list[str] = []
        try:
            self.expect("listening on 127.0.0.1:", "dequeuer ready")
        except NotReady:
            self.stop()
            raise

    def expect(self, *texts: str) -> None:
        """Read its output until each of these was said."""
        left = set(texts)
        while left:
            line = self.line()
            self.said.append(line)
            if "listening on" in line:
                self.port = int(line.rpartition(":")[2])
            left = {text for text in left if text not in line}

    def processes(self) -> dict[str, list[int]]:
        with Spool.open(str(self.spool)) as spool:
            return read_processes(spool)

    def send(self, text: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, "client.example", timeout=30) as smtp:
            smtp.sendmail("a@example.com", ["b@example.org"], f"Subject: {text}\r\n\r\n{text}\r\n")


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def mail(spool: Path) -> int:
    return sum(len(list((spool / name).iterdir())) for name in ("D_sender", "D_resend"))


def test_killed_children_are_back_and_nothing_is_lost(tmp_path: Path) -> None:
    with Relay(tmp_path) as relay:
        before = relay.processes()
        assert before["supervisor"] == [relay.pid]
        relay.send("one")
        os.kill(before["asmtpd"][0], signal.SIGKILL)
        relay.expect("asmtpd (", "listening on")
        os.kill(before["mdq"][0], signal.SIGKILL)
        relay.expect("mdq (", "dequeuer ready")
        relay.send("two")
        after = relay.processes()
        assert after["supervisor"] == before["supervisor"]
        assert not {*after["asmtpd"], *after["mdq"]} & {*before["asmtpd"], *before["mdq"]}
        assert mail(relay.spool) == 2


def test_the_end_is_in_good_order(tmp_path: Path) -> None:
    with Relay(tmp_path, "intake_workers = 2\n") as relay:
        children = relay.processes()
        assert [len(children[name]) for name in ("asmtpd", "mdq")] == [2, 1]
        with smtplib.SMTP("127.0.0.1", relay.port, "client.example", timeout=30) as smtp:
            smtp.ehlo()
            commands = ("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.org>", "DATA")
            assert [smtp.docmd(command)[0] for command in commands] == [250, 250, 354]
            relay.kill(signal.SIGTERM)
            assert smtp.sock is not None
            smtp.sock.sendall(b"Subject: last\r\n\r\nlast\r\n.\r\n")
            assert smtp.getreply()[0] == 250
            smtp.close()
        assert relay.wait(seconds=60) == 0
        assert all(gone(pid) for pids in children.values() for pid in pids)
        assert relay.processes() == {"supervisor": [relay.pid]}
        assert mail(relay.spool) == 1


def test_children_do_not_outlive_the_supervisor(tmp_path: Path) -> None:
    with Relay(tmp_path) as relay:
        children = relay.processes()
        relay.kill(signal.SIGKILL)
        for name in ("asmtpd", "mdq"):
            wait_until(lambda: gone(children[name][0]), what=f"{name} is gone")  # noqa: B023


def test_restart_replaces_what_it_is_asked_to(tmp_path: Path) -> None:
    with Relay(tmp_path) as relay:
        before = relay.processes()

        def restart(*what: str) -> str:
            return subprocess.run(
                [PYTHON, "-m", "relay", "restart", *what, *relay.words],
                capture_output=True,
                text=True,
                check=True,
            ).stdout

        said = restart("mdq")
        middle = relay.processes()
        assert said == f"relay: mdq started anew: {before['mdq'][0]} -> {middle['mdq'][0]}\n"
        assert middle["asmtpd"] == before["asmtpd"]
        assert len(restart().splitlines()) == 2
        after = relay.processes()
        assert after["asmtpd"] != middle["asmtpd"]
        assert after["mdq"] != middle["mdq"]
        relay.expect("listening on")
        relay.send("served")


def test_a_configuration_that_went_wrong_does_not_end_the_supervisor(tmp_path: Path) -> None:
    """At the start it is an error; later, what dies is tried again until it is mended."""
    with Relay(tmp_path) as relay:
        (tmp_path / "relay.toml").write_text("timeout = 'x'\n")
        os.kill(relay.processes()["mdq"][0], signal.SIGKILL)
        relay.expect("ended with 78")
        (tmp_path / "relay.toml").write_text("timeout = 30\n")
        relay.expect("dequeuer ready")


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    with Relay(tmp_path) as relay:
        second = subprocess.run(
            [*(PYTHON, "-m", "relay", "run", *relay.words), "--listen", "127.0.0.1:0"],
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert f"pid {relay.pid}" in second.stderr


def test_the_control_socket_answers(tmp_path: Path) -> None:
    async def ask(path: Path, *requests: bytes) -> list[dict[str, object]]:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"".join(request + b"\n" for request in requests))
        answers = [json.loads(await reader.readline()) for _ in requests]
        writer.close()
        await writer.wait_closed()
        return answers

    with Relay(tmp_path) as relay:
        relay.send("one")
        control = relay.spool / ".spooltool/control"
        status, kicked = asyncio.run(ask(control, b'{"do":"status"}', b'{"do":"kick","all":true}'))
        assert (status["ok"], status["pid"]) == (True, relay.processes()["mdq"][0])
        assert status["intake"] is True
        assert kicked["ok"] is True
        (tmp_path / "relay.toml").write_text("max_conns = 7\n")
        reloaded, status = asyncio.run(ask(control, b'{"do":"reload"}', b'{"do":"status"}'))
        assert (reloaded["ok"], status["max_conns"]) == (True, 7)
        (tmp_path / "relay.toml").write_text("\nmax_conns = 'many'\n")
        (refused,) = asyncio.run(ask(control, b'{"do":"reload"}'))
        assert "relay.toml:2: max_conns" in str(refused["error"])


def test_both_halves_read_the_configuration_with_the_same_options(tmp_path: Path) -> None:
    """A file whose `accept_from` wants a destination has one by `--dst`, for mdq too."""
    with Relay(tmp_path, 'accept_from = ["192.0.2.0/24"]\n') as relay:
        relay.send("one")
        assert mail(relay.spool) == 1
