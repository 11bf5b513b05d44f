"""Slots over destinations: a dead or slow one delays its own mail only."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.queue.schedule import SLOW, Limits, Schedule

NOW = 1795543999.0


def schedule(**limits: float) -> Schedule[str]:
    return Schedule(Limits(**limits))  # type: ignore[arg-type]


def fill(plan: Schedule[str], destination: str, count: int, *, due: float = 0.0) -> list[str]:
    ids = [f"{destination}{n:04d}" for n in range(count)]
    for id_ in ids:
        plan.add(id_, destination, due, fresh=True)
    return ids


def test_an_unknown_destination_gets_one_probing_slot() -> None:
    plan = schedule()
    fill(plan, "a", 10)
    assert plan.start(NOW) == [("a", "a0000")]
    assert plan.start(NOW) == []


def test_slots_double_with_each_success_up_to_the_site_limit() -> None:
    plan = schedule(max_conns_per_site=6)
    fill(plan, "a", 100)
    active = [id_ for _, id_ in plan.start(NOW)]
    sizes = [len(active)]
    for _ in range(4):
        plan.finished(active.pop(0), NOW, delivered=True)
        active += [id_ for _, id_ in plan.start(NOW)]
        sizes.append(len(active))
    assert sizes == [1, 2, 4, 6, 6]


def test_two_names_of_one_host_share_its_limit() -> None:
    plan = schedule(max_conns_per_site=1)
    plan.add("1", "a", 0.0, fresh=True)
    plan.add("2", "b", 0.0, fresh=True)
    assert [id_ for _, id_ in plan.start(NOW)] == ["1", "2"]
    assert plan.attach("1", ("10.1.5.2", 25)) is True
    assert plan.attach("2", ("10.1.5.2", 25)) is False
    plan.finished("1", NOW, delivered=True)
    assert plan.attach("2", ("10.1.5.2", 25)) is True


def test_a_dead_destination_is_probed_once_a_period_and_speaks_for_all() -> None:
    plan = schedule(resend_period=600)
    fill(plan, "dead", 50)
    ((_, first),) = plan.start(NOW)
    assert plan.failed(first, NOW, "refused", due=NOW + 600) is True
    assert plan.start(NOW + 1) == []
    assert plan.wakes_at() == NOW + 600
    ((_, second),) = plan.start(NOW + 600)
    assert plan.failed(second, NOW + 600, "refused", due=NOW + 1200) is False
    assert plan.start(NOW + 601) == []
    (view,) = plan.view(NOW + 601)
    assert (view.down, view.since, view.next_probe, view.probes) == (True, NOW, NOW + 1200, 2)


def test_when_it_answers_again_everything_is_due() -> None:
    plan = schedule(resend_period=600)
    ids = fill(plan, "a", 4)
    ((_, probe),) = plan.start(NOW)
    plan.failed(probe, NOW, "refused", due=NOW + 600)
    ((_, probe),) = plan.start(NOW + 600)
    plan.finished(probe, NOW + 601, delivered=True)
    left = set(ids) - {probe}
    while left:
        for _, id_ in plan.start(NOW + 601):
            left.discard(id_)
            plan.finished(id_, NOW + 601, delivered=True)
    assert len(plan) == 0


def test_ten_tarpits_and_a_dead_host_leave_the_good_one_its_slots() -> None:
    plan = schedule(max_conns=24, max_conns_per_site=8)
    for number in range(10):
        fill(plan, f"tarpit{number}-", 50)
    fill(plan, "good-", 200)
    active = plan.start(NOW)
    now = NOW
    delivered = 0
    while delivered < 200:
        mine = [id_ for d, id_ in active if d == "good-"]
        assert mine, "the good destination has no slot"
        for id_ in mine:
            active.remove(("good-", id_))
            plan.finished(id_, now, delivered=True)
            delivered += 1
        now += 0.01
        active += plan.start(now)
        assert sum(1 for d, _ in active if d != "good-") <= 12
    assert delivered == 200


def test_an_attempt_that_lasts_makes_its_destination_unproven() -> None:
    plan = schedule()
    fill(plan, "a", 10)
    ((_, first),) = plan.start(NOW)
    plan.finished(first, NOW, delivered=True)
    assert len(plan.start(NOW)) == 2
    assert plan.start(NOW + SLOW + 1) == []


def test_new_mail_and_retries_alternate() -> None:
    plan = schedule(max_conns_per_site=1)
    for number in range(3):
        plan.add(f"new{number}", "a", 0.0, fresh=True)
        plan.add(f"old{number}", "a", 1.0, fresh=False)
    order = []
    ((_, id_),) = plan.start(NOW)
    while id_ is not None:
        order.append(id_)
        plan.finished(id_, NOW, delivered=True)
        id_ = plan.next_for("a", NOW)
    assert order == ["old0", "new0", "old1", "new1", "old2", "new2"]


def test_the_limit_is_hit_only_by_due_mail_of_a_healthy_destination() -> None:
    plan = schedule(max_conns=2, max_conns_per_site=2)
    fill(plan, "a", 10)
    ((_, first),) = plan.start(NOW)
    plan.finished(first, NOW, delivered=True)
    plan.start(NOW)
    assert plan.limit_hit is True
    other = schedule(max_conns=2)
    for destination in "abc":
        fill(other, destination, 1)
    other.start(NOW)
    assert other.limit_hit is False


def test_withheld_messages_are_not_started_until_given_back_or_time_is_up() -> None:
    plan = schedule()
    plan.add("1", "a", 0.0, fresh=True)
    plan.withhold(["1"], NOW + 60)
    assert plan.start(NOW) == []
    assert plan.start(NOW + 60) == [("a", "1")]
    plan.finished("1", NOW + 60, due=0.0)
    plan.withhold(["1"], NOW + 120)
    assert plan.start(NOW + 61) == []
    plan.give_back(["1"])
    assert plan.start(NOW + 61) == [("a", "1")]


def test_a_kick_tries_at_once_even_where_the_host_is_down() -> None:
    plan = schedule()
    plan.add("1", "a", 0.0, fresh=True)
    plan.start(NOW)
    plan.failed("1", NOW, "refused", due=NOW + 600)
    assert plan.kick(["1", "never-heard-of"], NOW + 1) == 1
    assert plan.start(NOW + 1) == [("a", "1")]


@pytest.mark.parametrize("seed", range(4))
def test_every_message_of_a_healthy_destination_is_started(seed: int) -> None:
    chance = random.Random(seed)
    plan = schedule(max_conns=5, max_conns_per_site=3, max_load=4)
    waiting = {id_ for d in "abcdef" for id_ in fill(plan, d, 20, due=NOW + chance.random())}
    now = NOW
    active: list[tuple[str, str]] = []
    while waiting:
        active += plan.start(now)
        if not active:
            now = max(now, plan.wakes_at() or 0.0)
            active += plan.start(now)
        assert plan.active == len(active) <= 4
        assert active, "nothing is started though everything is healthy"
        destination, id_ = active.pop(chance.randrange(len(active)))
        plan.finished(id_, now, delivered=True)
        waiting.discard(id_)
        if (follower := plan.next_for(destination, now)) is not None:
            active.append((destination, follower))
        now += 0.2
    assert len(plan) == len(active)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ASFDKWG"), st.integers(0, 11)), max_size=120))
def test_limits_hold_whatever_happens(script: list[tuple[str, int]]) -> None:
    """Random adds, starts, ends, kicks and changes: never above a limit, never twice."""
    plan = schedule(max_conns=4, max_conns_per_site=2, resend_period=10)
    active: dict[str, str] = {}
    now = NOW
    for action, number in script:
        id_, destination = str(number), "abc"[number % 3]
        now += 0.7
        if action == "A":
            plan.add(id_, destination, now - 1, fresh=bool(number % 2))
        elif action == "S":
            for place, started in plan.start(now):
                assert started not in active
                active[started] = place
        elif action == "F" and id_ in active:
            del active[id_]
            plan.failed(id_, now, "refused", due=now + 10)
        elif action == "D" and id_ in active:
            place = active.pop(id_)
            plan.finished(id_, now, delivered=True)
            follower = plan.next_for(place, now)
            if follower is not None:
                assert follower not in active
                active[follower] = place
        elif action == "K":
            plan.kick([id_], now)
        elif action == "W":
            plan.withhold([id_], now + 5)
        elif action == "G":
            plan.give_back([id_])
        assert plan.active == len(active) <= 4
        for place in "abc":
            assert sum(1 for where in active.values() if where == place) <= 2
