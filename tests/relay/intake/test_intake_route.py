"""The question whether an address is one of this machine's."""

from __future__ import annotations

import errno
import struct

import pytest

from relay.intake.route import _means_local, is_local


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("255.255.255.255", True),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("2001:db8::1%lo", False),
    ],
)
def test_the_kernel_knows(address: str, ours: bool) -> None:
    assert is_local(address) is ours


def answer(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


@pytest.mark.parametrize(
    ("kind", "ours"), [(1, False), (2, True), (3, True), (4, True), (5, True), (6, False)]
)
def test_the_kinds_of_a_route(kind: int, ours: bool) -> None:
    assert _means_local(answer(24, bytes([2, 32, 0, 0, 255, 0, 0, kind, 0, 0, 0, 0]))) is ours


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES])
def test_no_route_is_elsewhere(code: int) -> None:
    assert _means_local(answer(2, struct.pack("=i", -code))) is False


def test_no_answer_is_no_answer() -> None:
    with pytest.raises(PermissionError):
        _means_local(answer(2, struct.pack("=i", -errno.EPERM)))
    with pytest.raises(OSError, match="Protocol error"):
        _means_local(answer(99, b""))
