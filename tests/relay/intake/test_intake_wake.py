"""The wake-up datagram: it comes through a path of any length, and its loss harms nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.dequeue.process import WAKE, _wake_socket
from relay.intake.wake import NAME, Waker
from spooltool.store.root import Spool
from tests.harness.odd_files import IRREGULAR, Outside, put_odd


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Spool]:
    """A spool whose path is longer than a socket's may be."""
    path = tmp_path / ("a" * 60) / ("b" * 60) / "spool"
    path.parent.mkdir(parents=True)
    assert len(str(path)) > 108
    with Spool.create(str(path)) as made:
        yield made


def heard(listener: socket.socket | None) -> int:
    """How many datagrams waited; the listener is closed after it."""
    assert listener is not None
    count = 0
    with listener:
        while True:
            try:
                listener.recv(64)
            except BlockingIOError:
                return count
            count += 1


def test_it_comes_through_a_path_of_any_length(deep: Spool) -> None:
    assert NAME == WAKE
    waker = Waker(deep)
    first = _wake_socket(deep)
    waker.wake()
    waker.wake()
    second = _wake_socket(deep)  # a dequeuer that was killed leaves its socket behind
    waker.wake()
    assert (heard(first), heard(second)) == (2, 1)
    waker.close()


def test_nobody_who_hears_is_no_trouble(deep: Spool) -> None:
    waker = Waker(deep)
    waker.wake()
    listener = _wake_socket(deep)
    for _ in range(10_000):  # more than wait in the kernel
        waker.wake()
    assert 0 < heard(listener) < 10_000
    waker.wake()
    os.unlink(f"{deep.path}/.spooltool/{NAME}")
    waker.wake()
    waker.close()


@pytest.mark.parametrize("kind", IRREGULAR)
def test_whatever_stands_in_its_place_neither_half_stops(
    deep: Spool, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = Outside.made(tmp_path)
    put_odd(kind, Path(deep.path, ".spooltool", NAME), outside)
    before = outside.facts
    waker = Waker(deep)
    waker.wake()
    listener = _wake_socket(deep)
    waker.wake()
    if kind == "directory":
        assert listener is None
        assert "no wake-up socket" in capsys.readouterr().err
    else:
        assert heard(listener) == 1
    assert outside.facts == before
    waker.close()
