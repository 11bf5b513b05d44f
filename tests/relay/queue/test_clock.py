"""Whether the clock is believed, and what a jump does to the times of mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.queue.clock import STEP, judge, taken_lines
from relay.queue.retry import due_at
from relay.queue.schedule import Limits, Schedule
from spooltool.control import ClockTaken

NOW = 1795543999.0
HOUR = 3600.0


@pytest.mark.parametrize(
    ("wall", "newest", "believed", "says"),
    [
        (NOW, 0.0, 0.0, ""),
        (NOW, NOW - 5, 0.0, ""),
        (NOW + STEP, 0.0, 0.0, ""),
        (NOW - STEP, 0.0, 0.0, ""),
        (NOW, NOW + STEP, 0.0, ""),
        (NOW + 61, 0.0, 0.0, "the clock jumped 1 m ahead"),
        (NOW + 240 * HOUR, 0.0, 0.0, "the clock jumped 10d00h ahead"),
        (NOW - HOUR, NOW, 0.0, "the clock was set back by 1h00m"),
        (NOW, NOW + 26 * HOUR, 0.0, "the clock is 1d02h before the newest mail's arrival"),
        (NOW, NOW + HOUR, NOW + HOUR, ""),
        (NOW, NOW + 2 * HOUR, NOW + HOUR, "the clock is 2h00m before the newest mail's arrival"),
    ],
)
def test_what_speaks_against_a_clock(wall: float, newest: float, believed: float, says: str):
    doubt = judge(wall, 500.0, NOW - 500.0, newest, believed)
    assert ("" if doubt is None else str(doubt)) == says


def test_what_is_said_about_a_clock_that_a_person_vouched_for() -> None:
    assert taken_lines(ClockTaken(NOW, True, 240 * HOUR, NOW - 60, 3)) == [
        "the clock counts as right: 2026-11-24T18:13:19Z",
        "found: the clock jumped 10d00h ahead",
        "newest mail: arrived 2026-11-24T18:12:19Z, 1 m ago",
        "3 messages are past the abandon time: given up when the next attempt fails",
    ]
    assert taken_lines(ClockTaken(NOW, True, 0.2))[1:] == [
        "found: it had been doubted, and departs no more"
    ]
    assert taken_lines(ClockTaken(NOW, newest=NOW + HOUR, past_term=1))[1:] == [
        "found: it had not been doubted",
        "newest mail: arrived 2026-11-24T19:13:19Z, in 1h00m",
        "1 message is past the abandon time: given up when the next attempt fails",
    ]


@pytest.mark.parametrize(
    ("last_try", "next_try", "now", "due"),
    [
        (NOW, NOW + 600, NOW + 60, NOW + 600),
        (NOW, NOW + 600, NOW + 9999, NOW + 600),
        (NOW + 864000, NOW + 864600, NOW, NOW + 600),
        (0, NOW - 5, NOW, NOW - 5),
        (0, NOW + 864000, NOW, NOW),
    ],
)
def test_a_file_written_by_a_clock_that_was_ahead_waits_no_longer(
    last_try: float, next_try: float, now: float, due: float
) -> None:
    assert due_at(last_try, next_try, now) == due


PERIOD = 100.0


@given(
    st.integers(1, 6),
    st.lists(
        st.tuples(st.floats(1, 300), st.sampled_from([-1e7, -5000, -70, -2, 3, 70, 5000, 1e7])),
        max_size=4,
    ),
    st.booleans(),
)
def test_no_jump_makes_mail_wait_longer_than_a_period(
    count: int, jumps: list[tuple[float, float]], down: bool
) -> None:
    """Between two tries lies at most a period, and the two looks that may notice it late."""
    plan: Schedule[str] = Schedule(Limits(resend_period=PERIOD))
    offset, monotonic, last = NOW, 0.0, dict.fromkeys(map(str, range(count)), 0.0)
    for id_ in last:
        plan.add(id_, "a", NOW, fresh=True)
    ahead = sorted(jumps)
    while monotonic < 700:
        while ahead and ahead[0][0] <= monotonic:
            offset += ahead.pop(0)[1]
        wall = monotonic + offset
        began = plan.start(wall)
        while began:
            for _, id_ in began:
                last[id_] = monotonic
                if down:
                    plan.failed(id_, wall, "refused", due=wall + PERIOD)
                else:
                    plan.finished(id_, wall, due=wall + PERIOD)
            began = plan.start(wall)
        slack = 2 * (1 + len(jumps)) + 1
        if down:
            assert monotonic - max(last.values()) <= PERIOD + slack
        else:
            assert monotonic - min(last.values()) <= PERIOD + slack
        monotonic += 1.0
