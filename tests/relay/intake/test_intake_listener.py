"""Sockets: bound, handed down, taken from systemd, and the addresses of peers."""

from __future__ import annotations

import os
import smtplib
import socket
import subprocess
from pathlib import Path

import pytest

from relay.intake.asmtpd import listening_on
from relay.intake.listener import bind, from_systemd, handed_down, plain_address
from spooltool.errors import CannotCreate
from spooltool.spool.hosts import HostPort
from tests.harness.process import PYTHON


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("192.0.2.5", "192.0.2.5"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.5", "192.0.2.5"),
        ("::ffff:c000:205", "::ffff:c000:205"),
        ("::1", "::1"),
    ],
)
def test_addresses_as_rules_and_files_have_them(address: str, plain: str) -> None:
    assert plain_address(address) == plain


def test_bind_takes_all_or_none() -> None:
    sockets = bind([HostPort("127.0.0.1", 0), HostPort("127.0.0.1", 0)])
    ports = {sock.getsockname()[1] for sock in sockets}
    assert len(ports) == 2
    taken = sockets[0].getsockname()[1]
    free = sockets[1].getsockname()[1]
    sockets[1].close()
    with pytest.raises(CannotCreate, match=f"cannot listen on 127.0.0.1:{taken}: "):
        bind([HostPort("127.0.0.1", free), HostPort("127.0.0.1", taken)])
    (again,) = bind([HostPort("127.0.0.1", free)])
    assert listening_on(again) == f"127.0.0.1:{free}"
    for sock in (sockets[0], again):
        sock.close()


def test_what_is_no_socket_is_not_listened_on(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(CannotCreate, match="is no socket"):
        handed_down([file.fileno()])


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"},
    ],
)
def test_sockets_of_another_process_are_not_taken(environment: dict[str, str]) -> None:
    assert from_systemd(environment) == []
    assert environment == {}


_AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def test_a_socket_unit(tmp_path: Path) -> None:
    """As systemd starts it: the socket is descriptor 3, LISTEN_PID the process itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd, port = listener.fileno(), listener.getsockname()[1]
        words = ["-m", "relay", "asmtpd", "--spool", str(tmp_path / "spool")]
        words += ["--dst", "127.0.0.1:9", "--listen", "127.0.0.1:1"]
        with subprocess.Popen(
            [PYTHON, "-c", _AS_SYSTEMD, str(fd), *words], stdout=subprocess.PIPE, pass_fds=[fd]
        ) as child:
            try:
                assert child.stdout is not None
                ready = child.stdout.readline()
                assert ready == f"relay: listening on 127.0.0.1:{port}\n".encode()
                with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=30) as smtp:
                    assert smtp.noop()[0] == 250
            finally:
                child.terminate()
            assert child.wait(30) == 0
