"""Where log entries go: what is a target, and that it reads back."""

from __future__ import annotations

import pytest

from spooltool.logs.log_target import JOURNAL, LogTarget, Way, parse_target
from spooltool.spool.hosts import HostPort


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("journald", LogTarget(Way.JOURNALD, JOURNAL)),
        ("journald:/tmp/socket", LogTarget(Way.JOURNALD, "/tmp/socket")),
        ("unix:/dev/log", LogTarget(Way.UNIX, "/dev/log")),
        ("udp:10.0.0.1:514", LogTarget(Way.UDP, peer=HostPort("10.0.0.1", 514))),
        ("tcp:[2001:db8::1]:601", LogTarget(Way.TCP, peer=HostPort("2001:db8::1", 601))),
        ("tcp:logs.example.net:601", LogTarget(Way.TCP, peer=HostPort("logs.example.net", 601))),
    ],
)
def test_targets(text: str, target: LogTarget) -> None:
    assert parse_target(text) == target
    assert str(target) == text


@pytest.mark.parametrize(
    "text",
    ["", "syslog", "unix:", "unix:dev/log", "unix:/" + "x" * 107, "udp:10.0.0.1", "udp::514",
     "tcp:host:0", "tcp:2001:db8::1:601", "tls:host:6514", "journald:", "unix:/a\0b"],
)  # fmt: skip
def test_no_targets(text: str) -> None:
    assert parse_target(text) is None
