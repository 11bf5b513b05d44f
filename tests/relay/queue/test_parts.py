"""Parts of a message: due apart, asked for together."""

from __future__ import annotations

import pytest

from relay.queue.limits import Limits
from relay.queue.parts import number_of, part_of
from relay.queue.schedule import Schedule
from relay.queue.site import Site
from relay.queue.turns import Turns

A, B, C = (part_of("7", f"{letter}.example") for letter in "abc")


def schedule() -> Schedule[str]:
    made: Schedule[str] = Schedule(Limits(resend_period=600))
    made.add(A, "a.example", 0.0, fresh=True, term=1000.0)
    made.add(B, "b.example", 0.0, fresh=True, term=1000.0)
    made.add("8", "10.0.0.1", 0.0, fresh=True)
    return made


def test_names() -> None:
    assert (part_of("7"), number_of(A), number_of("7")) == ("7", "7", "7")


def test_each_is_tried_where_it_goes() -> None:
    assert sorted(schedule().start(1.0)) == [
        ("10.0.0.1", "8"), ("a.example", A), ("b.example", B),
    ]  # fmt: skip


def test_a_dead_destination_keeps_its_own_part_alone() -> None:
    made = schedule()
    made.start(1.0)
    assert made.failed(A, 2.0, "refused", due=602.0)
    made.finished(B, 2.0, due=50.0)
    made.finished("8", 2.0)
    assert made.start(50.0) == [("b.example", B)]
    made.finished(B, 51.0, delivered=True)
    assert A in made
    assert "7" in made
    assert B not in made
    assert made.start(602.0) == [("a.example", A)]
    made.finished(A, 603.0, delivered=True)
    assert "7" not in made
    assert len(made) == 0


def test_a_number_stands_for_every_part() -> None:
    made = schedule()
    assert made.kick(["7"], 0.5) == 1
    made.start(1.0)
    assert made.is_active("7")
    made.finished(A, 2.0, due=900.0)
    assert made.is_active("7")
    made.finished(B, 2.0, due=900.0)
    assert not made.is_active("7")
    assert made.kick([A], 3.0) == 1
    assert made.start(3.0) == [("a.example", A)]
    made.finished(A, 4.0, due=900.0)
    made.remove("7")
    assert "7" not in made


def test_only_the_parts_that_are_left_are_kept() -> None:
    made = schedule()
    made.keep("7", {B})
    assert A not in made
    assert B in made


def test_withheld_by_number_also_what_comes_meanwhile() -> None:
    made = schedule()
    made.withhold(["7"], 100.0)
    made.add(part_of("7", "c.example"), "c.example", 0.0, fresh=True)
    assert made.start(1.0) == [("10.0.0.1", "8")]
    assert made.kick(["7"], 1.0) == 0
    made.give_back(["7"])
    assert sorted(place for place, _ in made.start(2.0)) == ["a.example", "b.example", "c.example"]


def test_suspended_is_a_message_none_of_whose_parts_may_be_tried() -> None:
    made = schedule()
    made.suspend(lambda place: place == "a.example", 0.0)
    assert (made.suspended("7"), made.suspended(A), made.suspended(B)) == (False, True, False)
    made.suspend(lambda place: place.endswith(".example"), 0.0)
    assert made.suspended("7")


def test_a_turn_comes_when_the_one_before_has_ended() -> None:
    turns = Turns()
    assert not turns.taken(A)
    turns.begin(A)
    assert turns.taken(B)
    assert turns.taken(C)
    assert not turns.taken("8")
    assert turns.waiting == [B, C]
    assert turns.end("7") == B
    turns.begin(B)
    assert turns.end("7") == C
    assert turns.end("7") is None
    assert turns.waiting == []


def test_who_has_come_by_himself_waits_no_longer() -> None:
    turns = Turns()
    turns.begin(A)
    assert turns.taken(B)
    assert turns.taken(C)
    turns._in_hand.clear()  # the turn was lost
    turns.begin(B)
    assert turns.end("7") == C


def test_ten_thousand_messages_of_a_thousand_domains_take_linear_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted in looks at a destination, not in seconds."""
    looks = 0
    real = Site.idle_until

    def counted(site: Site, now: float) -> float | None:
        nonlocal looks
        looks += 1
        return real(site, now)

    monkeypatch.setattr(Site, "idle_until", counted)
    made: Schedule[str] = Schedule(Limits(max_conns=100, max_conns_per_site=20))
    for number in range(10_000):
        domain = f"d{number % 1000}.example"
        made.add(part_of(str(number), domain), domain, 0.0, fresh=True)
    now, done = 1.0, 0
    while len(made):
        started = made.start(now)
        assert started
        for place, id in started:
            following: str | None = id
            while following is not None:
                made.finished(following, now, delivered=True)
                done += 1
                following = made.next_for(place, now)
    assert done == 10_000
    assert looks < 3 * done


def test_a_dead_domain_that_no_mail_asks_for_is_forgotten_in_time() -> None:
    made = schedule()
    made.start(1.0)
    made.failed(A, 2.0, "refused", due=602.0)
    made.finished(B, 2.0)
    made.finished("8", 2.0)
    assert made.start(700.0) == [("a.example", A)]
    made.failed(A, 701.0, "refused", due=1301.0)
    assert made.down("a.example"), "its mail waits"
    made.remove("7")
    made.start(1000.0)
    assert [view.destination for view in made.view(1000.0)] == ["a.example"]
    made.start(3000.0)
    assert made.view(3000.0) == []
    assert not made.down("a.example")
