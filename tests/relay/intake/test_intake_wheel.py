"""The timer wheel, told the time."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from relay.intake.wheel import Wheel


@dataclass(eq=False)
class Waiter:
    deadline: float


def test_a_moved_deadline_is_honoured_without_being_told() -> None:
    wheel: Wheel[Waiter] = Wheel()
    one = Waiter(5.0)
    wheel.add(one)
    assert wheel.tick(4.9) == []
    one.deadline = 9.5
    assert wheel.tick(6.0) == []
    assert wheel.tick(9.4) == []
    assert wheel.tick(10.0) == [one]
    assert len(wheel) == 0


def test_a_deadline_moved_nearer_is_honoured_once_told() -> None:
    wheel: Wheel[Waiter] = Wheel()
    one = Waiter(300.0)
    wheel.add(one)
    one.deadline = 4.0
    wheel.sooner(one)
    assert wheel.tick(3.9) == []
    assert wheel.tick(5.0) == [one]
    assert len(wheel) == 0
    wheel.sooner(one)
    assert len(wheel) == 0


def test_what_is_discarded_is_not_reported() -> None:
    wheel: Wheel[Waiter] = Wheel()
    one = Waiter(1.0)
    wheel.add(one)
    wheel.discard(one)
    wheel.discard(one)
    assert wheel.tick(100.0) == []


def test_a_deadline_in_the_past_is_over_at_the_next_tick() -> None:
    wheel: Wheel[Waiter] = Wheel()
    wheel.tick(50.0)
    one = Waiter(3.0)
    wheel.add(one)
    assert wheel.tick(51.0) == [one]


@given(
    st.lists(st.floats(0, 60), max_size=20),
    st.lists(st.floats(0.1, 7), min_size=1, max_size=40),
)
def test_each_is_reported_once_and_at_most_a_step_late(
    deadlines: list[float], gaps: list[float]
) -> None:
    wheel: Wheel[Waiter] = Wheel()
    waiters = [Waiter(deadline) for deadline in deadlines]
    for waiter in waiters:
        wheel.add(waiter)
    now = 0.0
    seen: list[Waiter] = []
    for gap in gaps:
        now += gap
        over = wheel.tick(now)
        assert all(waiter.deadline <= now for waiter in over)
        seen += over
        assert {id(w) for w in waiters if w.deadline <= now - 1.0} <= {id(w) for w in seen}
    assert len(seen) == len({id(waiter) for waiter in seen})
    assert len(seen) + len(wheel) == len(waiters)
