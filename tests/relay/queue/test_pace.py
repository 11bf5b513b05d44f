"""Kicks with a rate: so many a second, whatever else happens."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from relay.queue.schedule import Limits, Schedule

NOW = 1795543999.0


def schedule(**limits: float) -> Schedule[str]:
    return Schedule(Limits(**limits))  # type: ignore[arg-type]


def put_off(plan: Schedule[str], destination: str, count: int) -> list[str]:
    """Messages that are due in five minutes."""
    ids = [f"{destination}{n:04d}" for n in range(count)]
    for id_ in ids:
        plan.add(id_, destination, NOW + 300, fresh=False)
    return ids


def run(
    plan: Schedule[str], until: float, *, begin: float = NOW, step: float = 0.01
) -> list[float]:
    """When attempts begin, with each delivered at once; `step` is how often it is looked."""
    times = []
    at = begin
    while at < until:
        for _, id_ in plan.start(at):
            times.append(at)
            plan.finished(id_, at, delivered=True)
        at += step
    return times


def most_in(times: list[float], seconds: float) -> int:
    return max(sum(1 for one in times if at <= one < at + seconds) for at in times)


def test_ten_a_second() -> None:
    plan = schedule()
    ids = put_off(plan, "a", 100)
    assert plan.kick(ids, NOW, every=0.1) == 100
    assert plan.paced(0.1) == 100
    times = run(plan, NOW + 60)
    assert len(times) == 100
    assert 9.8 < times[-1] - times[0] < 10.5
    assert most_in(times, 1.0) <= 12


def test_three_a_minute_wakes_the_loop_for_its_turns() -> None:
    plan = schedule()
    plan.kick(put_off(plan, "a", 3), NOW, every=20.0)
    at, times = NOW, []
    while len(times) < 3:
        for _, id_ in plan.start(at):
            times.append(at)
            plan.finished(id_, at, delivered=True)
        wakes = plan.wakes_at()
        at = max(at, wakes) if wakes is not None else at
    assert times == [NOW, NOW + 20, NOW + 40]


def test_a_late_look_is_followed_by_no_burst() -> None:
    plan = schedule(max_conns=100, max_conns_per_site=100)
    plan.kick(put_off(plan, "a", 100), NOW, every=0.1)
    run(plan, NOW + 1)
    assert len(run(plan, NOW + 100.005, begin=NOW + 100)) <= 2


def test_one_rate_is_shared_by_hosts_and_by_parts_of_a_kick() -> None:
    plan = schedule()
    plan.kick(put_off(plan, "a", 30), NOW, every=0.1)
    plan.kick(put_off(plan, "b", 30), NOW, every=0.1)
    times = run(plan, NOW + 20)
    assert len(times) == 60 and times[-1] - times[0] > 5.8


def test_the_host_that_comes_up_again_is_not_flooded() -> None:
    plan = schedule(resend_period=600)
    ids = put_off(plan, "a", 50)
    plan.kick([ids[0]], NOW)
    ((_, probe),) = plan.start(NOW)
    plan.failed(probe, NOW, "refused", due=NOW + 600)
    plan.kick(ids, NOW + 1, every=1.0)
    times = run(plan, NOW + 30, begin=NOW + 1)
    assert len(times) <= 30 and most_in(times, 1.0) <= 2


def test_a_dead_host_is_probed_once_and_the_others_go_on() -> None:
    plan = schedule(resend_period=600)
    dead, good = put_off(plan, "dead", 20), put_off(plan, "good", 20)
    plan.kick(dead + good, NOW, every=0.1)
    probes, delivered, at = 0, 0, NOW
    while at < NOW + 20:
        for destination, id_ in plan.start(at):
            if destination == "dead":
                probes += 1
                plan.failed(id_, at, "refused", due=at + 600)
            else:
                delivered += 1
                plan.finished(id_, at, delivered=True)
        at += 0.05
    assert (probes, delivered) == (1, 20)


def test_a_kick_without_a_rate_replaces_it() -> None:
    plan = schedule(max_conns=100, max_conns_per_site=100)
    ids = put_off(plan, "a", 40)
    plan.kick(ids, NOW, every=10.0)
    run(plan, NOW + 1)
    assert plan.kick(ids, NOW + 1) == 39
    assert plan.paced(10.0) == 0
    assert len(run(plan, NOW + 2, begin=NOW + 1)) == 39


def test_another_rate_replaces_it() -> None:
    plan = schedule()
    ids = put_off(plan, "a", 40)
    plan.kick(ids, NOW, every=100.0)
    plan.kick(ids, NOW, every=0.1)
    assert (plan.paced(100.0), plan.paced(0.1)) == (0, 40)
    assert len(run(plan, NOW + 6)) == 40


def test_its_own_time_does_not_hurry_it() -> None:
    plan = schedule()
    plan.kick(put_off(plan, "a", 5), NOW, every=200.0)
    assert len(run(plan, NOW + 400, step=1.0)) == 2  # all were due by themselves after 300 s


def test_what_left_or_moved_meanwhile() -> None:
    plan = schedule()
    ids = put_off(plan, "a", 4)
    plan.kick(ids, NOW, every=1.0)
    plan.remove(ids[1])
    plan.add(ids[2], "b", NOW, fresh=False)  # retargeted: it keeps its turn
    started = []
    at = NOW
    while at < NOW + 10:
        for destination, id_ in plan.start(at):
            started.append((destination, id_))
            plan.finished(id_, at, delivered=True)
        at += 0.5
    assert sorted(started) == [("a", ids[0]), ("a", ids[3]), ("b", ids[2])]
    assert len(plan) == 0 and plan.paced(1.0) == 0


def test_withheld_while_its_turn_comes() -> None:
    plan = schedule()
    ids = put_off(plan, "a", 2)
    plan.kick(ids, NOW, every=1.0)
    plan.withhold([ids[0]], NOW + 50)
    assert [id_ for _, id_ in plan.start(NOW)] == []
    times = run(plan, NOW + 5, step=0.5)
    assert len(times) == 1
    plan.give_back([ids[0]])
    assert [id_ for _, id_ in plan.start(NOW + 5)] == [ids[0]]


def test_a_clock_set_back_does_not_stop_it() -> None:
    plan = schedule()
    plan.kick(put_off(plan, "a", 20), NOW, every=1.0)
    run(plan, NOW + 5)
    assert len(run(plan, NOW - 3590, begin=NOW - 3600)) >= 8


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 8)), max_size=6),
    st.sampled_from([0.1, 0.5, 2.0]),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["fail", "kick", "shut"])), max_size=5),
)
def test_each_has_its_turn_once_and_never_too_early(
    mail: list[tuple[str, int]], every: float, events: list[tuple[int, str]]
) -> None:
    plan = schedule(resend_period=5.0)
    ids: list[str] = []
    for number, (destination, count) in enumerate(mail):
        for one in range(count):
            id_ = f"{destination}{number}{one}"
            ids.append(id_)
            plan.add(id_, destination, NOW + 1e6, fresh=False)
    plan.kick(ids, NOW, every=every)
    shut: set[str] = set()
    begun: list[float] = []
    at = NOW
    while at < NOW + 400 and len(plan):
        for moment, what in events:
            if abs(at - NOW - moment) < 0.01:
                shut = {"a"} if what == "shut" else set()
                plan.suspend(shut.__contains__, at)
        failing = any(NOW + m <= at < NOW + m + 3 and what == "fail" for m, what in events)
        for _, id_ in plan.start(at):
            if failing:
                plan.failed(id_, at, "refused", due=at + 5)
                continue
            begun.append(at)
            plan.finished(id_, at, delivered=True)
        at = round(at + 0.05, 2)
    if not shut and not any(what == "fail" for _, what in events):
        assert len(begun) == len(ids)
        for first, later in itertools.pairwise(begun):
            assert later - first >= every - 0.11 or every <= 0.1
    if not shut:
        assert len(plan) == 0
