"""The relay below systemd: its units, a socket handed down, and what the manager is told.

The manager itself is not run: `systemd-analyze` reads the units, `systemd-socket-activate`
hands the socket down, and a socket of the test listens where the manager would.
"""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.gateway import write_config
from tests.harness.process import PYTHON, ROOT, Child, accepts_connections, free_port, wait_until
from tests.harness.programs import need
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

UNITS = ROOT / "packaging/systemd"


class Manager:
    """Where `sd_notify` arrives."""

    def __init__(self, folder: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(folder / "notify"))
        self.sock.settimeout(30)
        self.environment = {"NOTIFY_SOCKET": str(folder / "notify")}

    def hears(self) -> dict[str, str]:
        """The next datagram."""
        lines = self.sock.recv(4096).decode().split("\n")
        return dict(line.partition("=")[::2] for line in lines)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    one = Manager(tmp_path)
    yield one
    one.sock.close()


def run_words(folder: Path, dst: int) -> list[str]:
    return [
        *(PYTHON, "-m", "relay", "run", "--spool", str(folder / "spool")),
        *("--config", str(write_config(folder)), "--dst", f"127.0.0.1:{dst}"),
    ]


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in found.split()]


def test_units_are_well_formed(tmp_path: Path) -> None:
    need("systemd-analyze")
    for unit in ("relay.service", "relay.socket"):
        text = (UNITS / unit).read_text()
        text = text.replace("/usr/bin/relay", "/bin/true").replace("User=relay", "User=mail")
        (tmp_path / unit).write_text(text.replace("Group=relay", "Group=mail"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.glob("relay.*")))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    mine = [line for line in done.stderr.splitlines() if "relay." in line]
    assert (done.returncode, mine) == (0, [])


def test_mail_comes_in_by_an_activated_socket(tmp_path: Path) -> None:
    need("systemd-socket-activate")
    port = free_port()
    with SinkProcess(log=tmp_path / "sink.log") as sink:
        argv = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "-E", "PYTHONPATH", "--"]
        with Child([*argv, *run_words(tmp_path, sink.port)], stderr=subprocess.DEVNULL):
            wait_until(lambda: accepts_connections(port), what="the activator listens")
            submit(port, make_sample("activated"))
            wait_until(
                lambda: [entry["x_id"] for entry in sink.entries()] == ["activated"],
                what="mail through the activated relay",
            )


def test_manager_hears_of_start_reload_death_and_end(tmp_path: Path, manager: Manager) -> None:
    with SinkProcess(log=tmp_path / "sink.log") as sink:
        argv = [*run_words(tmp_path, sink.port), "--listen", "127.0.0.1:0"]
        with Child(argv, env=manager.environment, stderr=subprocess.DEVNULL) as relay:
            ready = manager.hears()
            assert ready["READY"] == "1"
            intake, mdq = children(relay.pid)
            assert ready["STATUS"] == f"asmtpd {intake}, mdq {mdq}"
            for pid in (intake, mdq):
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                assert not [one for one in environment if one.startswith(b"NOTIFY_SOCKET=")]
            relay.kill(signal.SIGHUP)
            assert manager.hears()["RELOADING"] == "1"
            assert manager.hears()["READY"] == "1"
            os.kill(mdq, signal.SIGKILL)
            assert "started anew" in manager.hears()["STATUS"]
            again = manager.hears()
            assert again["READY"] == "1" and str(mdq) not in again["STATUS"]
            relay.kill(signal.SIGTERM)
            assert manager.hears()["STOPPING"] == "1"
            assert relay.wait(seconds=60) == 0


def test_signs_of_life_come_while_it_runs(tmp_path: Path, manager: Manager) -> None:
    with SinkProcess(log=tmp_path / "sink.log") as sink:
        argv = [*run_words(tmp_path, sink.port), "--listen", "127.0.0.1:0"]
        environment = {**manager.environment, "WATCHDOG_USEC": "200000"}
        with Child(argv, env=environment, stderr=subprocess.DEVNULL):
            said = [manager.hears() for _ in range(6)]
            assert sum("WATCHDOG" in one for one in said) >= 5
            assert sum("READY" in one for one in said) <= 1


def test_terminated_supervisor_ends_its_children_in_good_order(tmp_path: Path) -> None:
    """SIGTERM reaches the supervisor alone: what is in hand is completed on both sides."""
    with SinkProcess(log=tmp_path / "sink.log") as sink:
        argv = [*run_words(tmp_path, sink.port), "--listen", "127.0.0.1:0"]
        with Child(argv, stderr=subprocess.DEVNULL) as relay:
            port = 0
            while not port:
                line = relay.line()
                port = int(line.rpartition(":")[2]) if "listening on" in line else 0
            with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=30) as smtp:
                smtp.ehlo()
                for command in ("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.org>", "DATA"):
                    assert smtp.docmd(command)[0] in (250, 354)
                pids = children(relay.pid)
                relay.kill(signal.SIGTERM)
                assert smtp.sock is not None
                smtp.sock.sendall(b"Subject: in hand\r\n\r\nin hand\r\n.\r\n")
                assert smtp.getreply()[0] == 250
                smtp.close()
            assert relay.wait(seconds=60) == 0
            assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []
    left = [*(tmp_path / "spool/D_sender").iterdir(), *(tmp_path / "spool/D_resend").iterdir()]
    assert len(left) + len(sink.entries()) == 1
