"""The guard over expiry, with clocks that are told what to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.dequeue.clock_guard import ClockGuard, arrived_in, look_through
from spooltool.errors import Refused
from spooltool.store.root import Spool

NOW = 1795543999.0
HOUR = 3600.0


class Clocks:
    """A wall clock and a monotonic one."""

    def __init__(self) -> None:
        self.wall, self.monotonic = NOW, 500.0

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def guard(self) -> ClockGuard:
        made = ClockGuard(lambda: self.wall, lambda: self.monotonic)
        made.complete()
        return made


def head(at: float) -> bytes:
    return b"LOG_ERR: \t MDQ_ALERT\nFORMAT:\t1\nARRIVED:\t%.6f\nHELO:\tx\n" % at


def test_a_clock_that_goes_is_believed() -> None:
    clocks = Clocks()
    guard = clocks.guard()
    guard.arrived(head(NOW - 5))
    clocks.go(1e6)
    assert guard.ok and guard.news() is None


def test_nothing_expires_before_all_mail_was_seen() -> None:
    clocks = Clocks()
    guard = ClockGuard(lambda: clocks.wall, lambda: clocks.monotonic)
    assert not guard.ok and guard.look() is None
    guard.complete()
    assert guard.ok


@pytest.mark.parametrize("step", [-HOUR, 61.0, 10 * 24 * HOUR])
def test_a_jump_is_doubted_at_once_told_once_and_not_forgotten(step: float) -> None:
    clocks = Clocks()
    guard = clocks.guard()
    clocks.wall += step
    assert not guard.ok  # no tick lies between the jump and an attempt that ends
    assert guard.news() is not None and guard.news() is None
    clocks.wall -= step  # it jumps back: what was written in between may be wrong
    clocks.go(HOUR)
    assert not guard.ok
    taken = guard.take(0, force=False)
    assert taken.doubted and abs(taken.departed) < 1e-6 and guard.ok
    clocks.wall += step
    assert guard.news() is not None


def test_mail_from_the_future_is_doubted_also_at_the_start() -> None:
    clocks = Clocks()
    guard = clocks.guard()
    guard.arrived(head(NOW + HOUR))
    assert not guard.ok
    with pytest.raises(Refused, match="mail arrived at 2026-11-24T19:13:19"):
        guard.take(0, force=False)
    assert not guard.ok
    assert guard.take(0, force=True).newest == NOW + HOUR
    assert guard.ok
    guard.arrived(head(NOW + 2 * HOUR))
    assert not guard.ok


def test_a_clock_that_would_end_mail_wants_a_word_more() -> None:
    clocks = Clocks()
    guard = clocks.guard()
    assert guard.take(7, force=False).past_term == 7  # it was never doubted
    clocks.wall += 10 * 24 * HOUR
    with pytest.raises(Refused, match="7 messages are past the abandon time"):
        guard.take(7, force=False)
    taken = guard.take(7, force=True)
    assert (taken.departed, taken.past_term, guard.ok) == (10 * 24 * HOUR, 7, True)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (b"FORMAT:\t1\nARRIVED:\t1795543999.5\nX", 1795543999.5),
        (b"FORMAT:\t1\nARRIVED: 12\r\n", 12.0),
        (b"FORMAT:\t1\nARRIVED:\t12", 0.0),
        (b"ARRIVED", 0.0),
        (b"\nARRIVED:\tnan\n", 0.0),
        (b"\nARRIVED:\t1e9\n", 0.0),
        (b"\nARRIVED:\t-5\n", 0.0),
        (b"\nARRIVED:\t99999999999999\n", 0.0),
        (b"", 0.0),
    ],
)
def test_arrived_is_read_from_a_head(text: bytes, at: float) -> None:
    assert arrived_in(text) == at


def test_held_mail_speaks_too(tmp_path: Path) -> None:
    clocks = Clocks()
    guard = clocks.guard()
    with Spool.create(str(tmp_path / "spool")) as spool:
        (tmp_path / "spool" / "D_hold" / "R00000001").write_bytes(head(NOW + HOUR))
        look_through(guard, spool, ("D_hold", "D_quarantine"))
    assert guard.newest == NOW + HOUR and not guard.ok
