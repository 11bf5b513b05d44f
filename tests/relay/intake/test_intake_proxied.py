"""asmtpd behind a proxy: whose limits count, what is greeted, what ends with the process."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relay.intake.listener import make_transparent
from spooltool.errors import NotPermitted
from tests.relay.intake.test_intake_process import Asmtpd

CONFIG = """
hostname = "gate.example"
proxy_from = ["127.0.0.0/8"]
accept_from = ["10.1.0.0/16"]
max_clients_per_address = 2
"""


@pytest.fixture
def asmtpd(tmp_path: Path) -> Iterator[Asmtpd]:
    with Asmtpd(tmp_path / "spool", CONFIG) as running:
        yield running


def greeting(stack: ExitStack, port: int, source: str) -> bytes:
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
    sock.sendall(f"PROXY TCP4 {source} 127.0.0.1 40000 {port}\r\n".encode())
    return sock.recv(1000)[:9]


def test_limits_and_rules_are_about_the_client_and_not_its_proxy(asmtpd: Asmtpd) -> None:
    with ExitStack() as stack:
        said = [greeting(stack, asmtpd.port, f"10.1.0.{n}") for n in (1, 1, 1, 2, 2, 2)]
        assert said == [b"220 gate.", b"220 gate.", b"421 4.7.0"] * 2
        assert greeting(stack, asmtpd.port, "10.2.0.1") == b"554 5.7.1"
        assert greeting(stack, asmtpd.port, "127.0.0.1") == b"220 gate."


def test_a_connection_without_a_header_does_not_keep_the_process(asmtpd: Asmtpd) -> None:
    with socket.create_connection(("127.0.0.1", asmtpd.port), timeout=30) as sock:
        sock.sendall(b"PROXY TCP4 10.1.0.1")
        with ExitStack() as stack:  # a later one has its session: the first was taken up
            assert greeting(stack, asmtpd.port, "10.1.0.2") == b"220 gate."
        asmtpd.kill(signal.SIGTERM)
        assert asmtpd.wait(seconds=30) == 0
        try:
            assert sock.recv(100) == b""
        except ConnectionResetError:
            pass  # closed with octets unread


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_transparent_sockets_want_a_right(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        level, option = (socket.IPPROTO_IPV6, 75) if ":" in host else (socket.IPPROTO_IP, 19)
        try:
            make_transparent([listening])
        except NotPermitted as error:
            assert "Transparent=yes" in error.hint
            return
        assert listening.getsockopt(level, option) == 1

        def refuse(*arguments: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(socket.socket, "setsockopt", refuse)
        make_transparent([listening])  # is so already
