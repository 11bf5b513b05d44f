"""Nobody starves, nobody exceeds a limit, whatever the destinations do."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.queue.schedule import RECENT, SLOW, Limits, Schedule

NOW = 1795543999.0
MX = ("10.1.5.2", 25)


def schedule(**limits: float) -> Schedule[str]:
    return Schedule(Limits(**limits))  # type: ignore[arg-type]


def fill(plan: Schedule[str], destination: str, count: int) -> list[str]:
    ids = [f"{destination}{n:04d}" for n in range(count)]
    for id_ in ids:
        plan.add(id_, destination, 0.0, fresh=True)
    return ids


def healthy(plan: Schedule[str], destination: str, count: int) -> list[str]:
    """A destination of which `count` attempts are under way, more mail waiting."""
    fill(plan, destination, 100)
    active: list[str] = []
    while len(active) < count:
        active += [id_ for _, id_ in plan.start(NOW)]
        if len(active) < count:
            plan.finished(active.pop(0), NOW, delivered=True)
    return active


def test_a_slot_that_was_given_out_meanwhile_is_not_given_out_twice() -> None:
    plan = schedule(max_conns=4, max_conns_per_site=20)
    active = healthy(plan, "a", 4)
    plan.finished(active.pop(), NOW, delivered=True)
    assert len(plan.start(NOW)) == 1
    assert plan.next_for("a", NOW) is None
    assert plan.active == 4


def test_destinations_that_never_succeed_take_turns_in_their_half() -> None:
    plan = schedule(max_conns=4)
    for destination in "abc":
        fill(plan, destination, 50)
    active = dict(plan.start(NOW))
    assert sorted(active) == ["a", "b"]
    seen = set(active)
    for _ in range(6):
        destination, id_ = active.popitem()
        plan.finished(id_, NOW, due=NOW + 600)  # a 4xx: the host lives, nothing got through
        follower = plan.next_for(destination, NOW)
        active |= {destination: follower} if follower else dict(plan.start(NOW))
        seen |= set(active)
    assert seen == set("abc")


def test_one_long_message_does_not_keep_back_the_others() -> None:
    plan = schedule(max_conns_per_site=8)
    fill(plan, "a", 30)
    ((_, long),) = plan.start(NOW)
    later = NOW + SLOW + 1
    ((_, probe),) = plan.start(later)
    assert plan.start(later) == []
    plan.finished(probe, later, delivered=True)
    active = plan.start(later)
    assert len(active) == 2
    plan.finished(active[0][1], later, delivered=True)
    assert len(plan.start(later)) == 3
    assert plan.is_active(long)


def test_a_tarpit_holds_two_slots_and_no_more() -> None:
    plan = schedule(max_conns_per_site=8)
    fill(plan, "tar", 30)
    now = NOW
    for _ in range(20):
        plan.start(now)
        now += SLOW + 1
    assert plan.active == 2


def test_a_newly_slow_attempt_costs_the_earned_slots_once() -> None:
    plan = schedule(max_conns_per_site=8)
    active = healthy(plan, "a", 8)
    later = NOW + SLOW + 1
    for id_ in active[2:]:
        plan.finished(id_, later - 2, due=NOW + 9999)
    assert plan.start(later) == []  # two slow ones; one earned slot and one beside it
    plan.finished(active[0], later, delivered=True)
    assert len(plan.start(later)) == 2
    assert len(plan.start(later + 1)) == 0


def test_a_success_wears_off() -> None:
    plan = schedule()
    active = healthy(plan, "a", 8)
    for id_ in active:
        plan.finished(id_, NOW, delivered=True)
    assert len(plan.start(NOW + RECENT + 1)) == 1


def test_one_failed_connection_beside_a_success_is_not_a_dead_host() -> None:
    plan = schedule()
    active = healthy(plan, "a", 4)
    plan.finished(active[0], NOW + 1, delivered=True)
    assert plan.failed(active[1], NOW + 2, "connection reset", due=NOW + 602) is False
    assert plan.view(NOW + 2)[0].down is False
    plan.finished(active[2], NOW + 2, due=NOW + 9999)
    plan.finished(active[3], NOW + 2, due=NOW + 9999)
    ((_, alone),) = plan.start(NOW + 2)
    assert plan.failed(alone, NOW + 3, "refused", due=NOW + 603) is True


def test_a_probe_that_learnt_nothing_is_made_up_for() -> None:
    plan = schedule()
    fill(plan, "a", 3)
    ((_, first),) = plan.start(NOW)
    plan.failed(first, NOW, "refused", due=NOW + 600)
    ((_, probe),) = plan.start(NOW + 600)
    plan.finished(probe, NOW + 600, due=NOW + 601)  # somebody else holds its lock
    assert len(plan.start(NOW + 600)) == 1


def test_an_unknown_outcome_is_not_hurried_by_a_recovery() -> None:
    plan = schedule()
    plan.add("lost", "a", NOW + 1200, fresh=False)
    plan.add("put-off", "a", NOW + 500, fresh=False)
    plan.add("probe", "a", 0.0, fresh=True)
    plan.start(NOW)
    plan.failed("probe", NOW, "refused", due=NOW + 600)
    plan.kick(["probe"], NOW + 1)
    plan.start(NOW + 1)
    plan.finished("probe", NOW + 1, delivered=True)
    assert plan.start(NOW + 1) == [("a", "put-off")]
    plan.finished("put-off", NOW + 1, delivered=True)
    assert plan.start(NOW + 2) == []
    assert plan.start(NOW + 1200) == [("a", "lost")]


def test_a_second_name_of_a_busy_host_waits() -> None:
    plan = schedule(max_conns_per_site=1)
    plan.add("b0", "b", 0.0, fresh=True)
    plan.start(NOW)
    assert plan.attach("b0", MX)
    plan.finished("b0", NOW, delivered=True)
    plan.add("a0", "a", 0.0, fresh=True)
    plan.start(NOW)
    assert plan.attach("a0", MX)
    plan.add("b1", "b", 0.0, fresh=True)
    assert plan.start(NOW) == []
    plan.finished("a0", NOW, due=NOW + 600)
    assert plan.start(NOW) == [("b", "b1")]


def test_a_connection_to_another_host_of_the_list_counts_there() -> None:
    plan = schedule(max_conns_per_site=1)
    fill(plan, "a", 1)
    fill(plan, "b", 1)
    plan.start(NOW)
    assert plan.attach("a0000", MX)
    assert plan.attach("a0000", ("10.1.5.3", 25))
    assert plan.attach("b0000", MX)


def test_everything_past_its_term_is_spoken_for_by_one_probe() -> None:
    plan = schedule()
    plan.add("old", "a", 0.0, fresh=False, term=NOW - 1)
    plan.add("older", "a", NOW + 50, fresh=False, term=NOW - 9)
    plan.add("young", "a", 0.0, fresh=False, term=NOW + 9)
    plan.add("held", "a", 0.0, fresh=False, term=NOW - 1)
    plan.withhold(["held"], NOW + 60)
    assert plan.past_term("a", NOW) == ["old"]
    assert plan.past_term("nowhere", NOW) == []
    plan.remove("old")
    assert plan.past_term("a", NOW) == []
    assert plan.past_term("a", NOW + 50) == ["older", "young"]


def test_a_clock_set_back_delays_nothing() -> None:
    plan = schedule()
    day = 86400.0
    fill(plan, "a", 2)
    plan.add("later", "b", NOW + 100, fresh=False)
    plan.withhold(["a0001"], NOW + 60)
    ((_, first),) = plan.start(NOW)
    plan.failed(first, NOW, "refused", due=NOW + 600)
    assert plan.start(NOW - day) == []
    assert plan.start(NOW - day + 100) == [("b", "later")]
    assert plan.start(NOW - day + 599) == []
    assert len(plan.start(NOW - day + 601)) == 1


def test_quiet_destinations_are_forgotten_and_dead_ones_are_not() -> None:
    plan = schedule()
    for number in range(50):
        plan.add(str(number), f"d{number}", 0.0, fresh=True)
    plan.add("dead", "dead", 0.0, fresh=True)
    now = NOW
    for _, id_ in plan.start(now):
        if id_ == "dead":
            plan.failed(id_, now, "refused", due=now + 600)
        else:
            plan.finished(id_, now, delivered=True)
    while len(plan) > 1:
        for _, id_ in plan.start(now):
            plan.finished(id_, now, delivered=True) if id_ != "dead" else plan.failed(
                id_, now, "refused", due=now + 600
            )
    plan.start(now + 1000)
    plan.start(now + 2000)
    assert list(plan._sites) == ["dead"]


KINDS = ("good", "dead", "tarpit", "greylist")


@pytest.mark.parametrize("seed", range(12))
def test_all_mail_of_good_destinations_gets_out_among_bad_ones(seed: int) -> None:
    """A simulation: every message of a good destination is delivered, soon."""
    chance = random.Random(seed)
    plan = schedule(
        max_conns=chance.choice([2, 5, 20]),
        max_conns_per_site=chance.choice([1, 3, 20]),
        max_load=chance.choice([3, 1000]),
        resend_period=60,
    )
    kinds = {f"{kind}{n}": kind for kind in KINDS for n in range(chance.randint(1, 4))}
    wanted = set()
    for destination, kind in kinds.items():
        ids = fill(plan, destination, 40)
        if kind == "good":
            wanted.update(ids)
    limits, now = plan.limits, NOW
    ends: dict[str, tuple[float, str]] = {}

    def begin(destination: str, id_: str) -> None:
        assert id_ not in ends
        took = {"good": 0.2, "dead": 5.0, "tarpit": 90.0, "greylist": 0.3}[kinds[destination]]
        ends[id_] = (now + took, destination)
        assert len(ends) <= limits.slots
        here = sum(1 for _, where in ends.values() if where == destination)
        assert here <= limits.max_conns_per_site
        if kinds[destination] != "good":
            bad = sum(1 for _, where in ends.values() if kinds[where] != "good")
            assert bad <= limits.unproven

    for _ in range(20_000):
        for destination, id_ in plan.start(now):
            begin(destination, id_)
        assert len(ends) == plan.active
        if not wanted:
            break
        wake = plan.wakes_at()
        following = [at for at, _ in ends.values()] + ([wake] if wake is not None else [])
        now = max(now + 0.01, min([*following, now + 2.0]))
        for id_, (at, destination) in list(ends.items()):
            if at > now:
                continue
            del ends[id_]
            kind = kinds[destination]
            if kind == "good":
                plan.finished(id_, now, delivered=True)
                wanted.discard(id_)
            elif kind == "greylist":
                plan.alive(destination, now)
                plan.finished(id_, now, due=now + limits.resend_period)
            else:
                plan.failed(id_, now, "no answer", due=now + limits.resend_period)
            follower = plan.next_for(destination, now)
            if follower is not None:
                begin(destination, follower)
    assert not wanted
    assert now - NOW < 1500


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("AASSSDDRFKWGTBX"), st.integers(0, 14), st.sampled_from([0.3, 4, 11])
        ),
        max_size=150,
    ),
    st.integers(1, 6),
    st.integers(1, 4),
)
def test_limits_hold_on_any_history(
    script: list[tuple[str, int, float]], conns: int, per_site: int
) -> None:
    """A model beside it: who is under way, what was added and has not left."""
    plan = schedule(max_conns=conns, max_conns_per_site=per_site, max_load=5, resend_period=30)
    active: dict[str, str] = {}
    here: dict[str, str] = {}
    last_success = dict.fromkeys("abcd", 0.0)
    now = NOW

    def started(place: str, id_: str) -> None:
        assert id_ not in active
        assert here[id_] == place
        active[id_] = place
        assert sum(1 for where in active.values() if where == place) <= per_site
        fresh = {p for p, at in last_success.items() if now - at <= RECENT}
        if place not in fresh:
            unproven = sum(1 for where in active.values() if where not in fresh)
            assert unproven <= max(1, conns // 2)

    for action, number, seconds in script:
        id_, place = str(number), "abcd"[number % 4]
        now += seconds
        if action == "A":
            if id_ not in active:
                here[id_] = place
            plan.add(id_, place, now + (number % 3 - 1) * 20, fresh=bool(number % 2))
        elif action == "S":
            for where, begun in plan.start(now):
                started(where, begun)
        elif action in "DRF" and id_ in active:
            del active[id_]
            if action == "D":
                plan.finished(id_, now, delivered=True)
                last_success[place] = now
                del here[id_]
            elif action == "R":
                plan.alive(place, now)
                plan.finished(id_, now, due=now + 30)
            else:
                plan.failed(id_, now, "refused", due=now + 30)
            if (follower := plan.next_for(place, now)) is not None:
                started(place, follower)
        elif action == "K":
            plan.kick([id_], now)
        elif action == "W":
            plan.withhold([id_], now + 15)
        elif action == "G":
            plan.give_back([id_])
        elif action == "T" and id_ in active:
            plan.attach(id_, (f"10.0.0.{number % 2}", 25))
        elif action == "B":
            now -= 50
            last_success = {p: at - 50 for p, at in last_success.items()}
            for where, begun in plan.start(now):
                started(where, begun)
        elif action == "X" and id_ not in active:
            plan.remove(id_)
            here.pop(id_, None)
        assert plan.active == len(active) <= min(conns, 5)
        assert len(plan) == len(here)
        assert sum(v.due + v.waiting + v.active for v in plan.view(now)) == len(here)
    _drain(plan, active, here, now)


def _drain(plan: Schedule[str], active: dict[str, str], here: dict[str, str], now: float) -> None:
    """From any state on, when every host takes mail, everything gets out."""
    for _ in range(400):
        for id_ in list(active):
            del active[id_]
            plan.finished(id_, now, delivered=True)
            del here[id_]
        active.update({id_: place for place, id_ in plan.start(now)})
        if not here:
            break
        now += 2.0
    assert not here
