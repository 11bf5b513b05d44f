"""What a service manager is told, over a real socket, and a child's word to its supervisor."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.notify import Notifier, Readiness, told


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(10)
        yield sock


def notifier(manager: socket.socket, **variables: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": manager.getsockname(), **variables})


def test_each_change_is_one_datagram(manager: socket.socket) -> None:
    one = notifier(manager)
    one.ready("asmtpd 7, mdq 8")
    one.reloading()
    one.stopping()
    one.alive()
    said = [manager.recv(4096).decode().split("\n") for _ in range(4)]
    assert said[0] == ["READY=1", "STATUS=asmtpd 7, mdq 8"]
    assert said[1][0] == "RELOADING=1"
    assert said[1][1].removeprefix("MONOTONIC_USEC=").isdigit()
    assert said[2][0] == "STOPPING=1"
    assert said[3] == ["WATCHDOG=1"]


def test_an_abstract_address_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0relay-test-{os.getpid()}")
        sock.settimeout(10)
        Notifier({"NOTIFY_SOCKET": f"@relay-test-{os.getpid()}"}).status("x")
        assert sock.recv(64) == b"STATUS=x"


@pytest.mark.parametrize(
    ("variables", "pause"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_signs_of_life_come_twice_in_the_time_allowed(
    manager: socket.socket, variables: dict[str, str], pause: float | None
) -> None:
    assert notifier(manager, **variables).pause == pause


def test_the_environment_keeps_no_trace_for_children() -> None:
    environment = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/"}
    Notifier(environment)
    assert environment == {"HOME": "/"}


def test_without_a_manager_nothing_happens() -> None:
    Notifier({}).ready("works")
    Notifier({"NOTIFY_SOCKET": "/nowhere/notify"}).ready("works")


def test_a_child_is_heard_each_time_it_works() -> None:
    reading, writing = os.pipe2(os.O_NONBLOCK)
    try:
        assert list(told(reading)) == []
        os.set_inheritable(writing, True)
        readiness = Readiness(writing)
        assert not os.get_inheritable(writing)
        readiness.tell()
        readiness.tell()
        assert list(told(reading)) == [os.getpid()] * 2
        assert list(told(reading)) == []
    finally:
        os.close(reading)
        os.close(writing)


def test_a_supervisor_that_has_gone_is_no_trouble() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    Readiness(writing).tell()
    Readiness(None).tell()
    os.close(writing)
