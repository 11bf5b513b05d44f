"""Answers are kept as long as they say, and never too many."""

from __future__ import annotations

from relay.delivery.dns.answers import Answer, Said, trouble
from relay.delivery.dns.memory import Memory

FOUND = Answer(Said.RECORDS, ("192.0.2.1",), 60.0)


def test_for_its_ttl_and_no_longer() -> None:
    memory = Memory()
    memory.put(("a", "A"), FOUND, 100.0)
    assert memory.get(("a", "A"), 159.9) == FOUND
    assert memory.get(("a", "AAAA"), 100.0) is None
    assert memory.get(("a", "A"), 160.0) is None
    assert len(memory) == 0


def test_negative_answers_too_and_what_has_no_ttl_not_at_all() -> None:
    memory = Memory()
    memory.put(("a", "MX"), Answer(Said.NO_NAME, ttl=30.0), 0.0)
    assert memory.get(("a", "MX"), 29.0) is not None
    memory.put(("a", "MX"), Answer(Said.NO_NAME, ttl=0.0), 1.0)
    assert memory.get(("a", "MX"), 1.0) is None, "the newer answer takes the place of the old"


def test_the_oldest_is_given_up_first() -> None:
    memory = Memory(most=3)
    for name in "abcd":
        memory.put((name, "A"), FOUND, 0.0)
    memory.put(("b", "A"), FOUND, 1.0)
    memory.put(("e", "A"), FOUND, 2.0)
    assert [name for name in "abcde" if memory.get((name, "A"), 3.0)] == ["b", "d", "e"]


def test_a_kick_forgets_troubles_alone() -> None:
    memory = Memory()
    memory.put(("a", "A"), FOUND, 0.0)
    memory.put(("b", "A"), trouble("SERVFAIL"), 0.0)
    memory.forget_troubles()
    assert memory.get(("a", "A"), 1.0) == FOUND
    assert memory.get(("b", "A"), 1.0) is None
