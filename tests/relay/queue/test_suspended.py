"""Destinations that a person suspended: not tried, whatever happens, until that ends."""

from __future__ import annotations

from relay.queue.schedule import Limits, Schedule

NOW = 1795543999.0


def schedule(*destinations: str, count: int = 3, **limits: float) -> Schedule[str]:
    plan: Schedule[str] = Schedule(Limits(**limits))  # type: ignore[arg-type]
    for destination in destinations:
        for number in range(count):
            plan.add(f"{destination}{number}", destination, 0.0, fresh=True)
    return plan


def test_nothing_is_started_there_and_the_others_go_on() -> None:
    plan = schedule("a", "b")
    plan.suspend({"a"}.__contains__, NOW)
    assert plan.start(NOW) == [("b", "b0")]
    plan.add("a9", "a", 0.0, fresh=True)
    plan.add("c9", "c", 0.0, fresh=True)
    assert plan.start(NOW + 1) == [("c", "c9")]
    assert plan.suspended("a0") and not plan.suspended("b1")
    assert {view.destination: view.suspended for view in plan.view(NOW)}["a"] is True


def test_mail_that_comes_for_a_host_first_seen_then_waits_too() -> None:
    plan = schedule()
    plan.suspend({"a"}.__contains__, NOW)
    plan.add("a0", "a", 0.0, fresh=True)
    assert plan.start(NOW) == []
    assert plan.wakes_at() is None or plan.wakes_at() > NOW  # it does not spin


def test_a_lane_gets_no_further_message() -> None:
    plan = schedule("a")
    ((_, first),) = plan.start(NOW)
    plan.suspend({"a"}.__contains__, NOW)
    plan.finished(first, NOW, delivered=True)
    assert plan.next_for("a", NOW) is None
    assert plan.start(NOW) == []


def test_resumed_it_is_tried_at_once() -> None:
    plan = schedule("a")
    plan.suspend({"a"}.__contains__, NOW)
    plan.start(NOW)
    plan.suspend(lambda destination: False, NOW + 3600)
    assert plan.wakes_at() == 0.0
    assert plan.start(NOW + 3600) == [("a", "a0")]


def test_resumed_while_down_it_is_probed_once() -> None:
    plan = schedule("a", resend_period=600)
    ((_, probe),) = plan.start(NOW)
    plan.failed(probe, NOW, "refused", due=NOW + 600)
    plan.suspend({"a"}.__contains__, NOW + 10)
    assert plan.start(NOW + 7200) == []
    plan.suspend(lambda destination: False, NOW + 7200)
    ((_, probe),) = plan.start(NOW + 7200)
    plan.failed(probe, NOW + 7200, "refused", due=NOW + 7800)
    assert plan.start(NOW + 7201) == []


def test_nothing_is_past_its_term_by_a_probe_that_is_not_made() -> None:
    plan = schedule("a")
    plan.suspend({"a"}.__contains__, NOW)
    assert plan.kick(["a0", "a1"], NOW) == 0
    assert plan.kick(["a0", "a1"], NOW, every=1.0) == 0
    assert plan.start(NOW) == []


def test_an_attempt_under_way_ends_and_waits() -> None:
    plan = schedule("a", count=1)
    ((_, only),) = plan.start(NOW)
    plan.suspend({"a"}.__contains__, NOW)
    plan.finished(only, NOW, due=NOW + 1)
    assert plan.start(NOW + 60) == []
    plan.suspend(lambda destination: False, NOW + 61)
    assert plan.start(NOW + 61) == [("a", only)]


def test_the_max_concurrent_line_is_no_matter_of_suspended_mail() -> None:
    plan = schedule("a", max_conns=1, max_conns_per_site=1)
    ((_, first),) = plan.start(NOW)
    plan.finished(first, NOW, delivered=True)
    plan.suspend({"a"}.__contains__, NOW)
    plan.add("b0", "b", 0.0, fresh=True)
    assert plan.start(NOW) == [("b", "b0")]
    plan.start(NOW)
    assert plan.limit_hit is False
    plan.suspend(lambda destination: False, NOW)
    plan.start(NOW)
    assert plan.limit_hit is True
