"""Whose turn it is among messages that were started and never ended."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.queue.site import SLOW
from relay.queue.suspects import MOST, Suspects

NOW = 1795543999.0


def test_mail_that_was_never_left_unended_is_not_kept_back() -> None:
    suspects = Suspects()
    assert suspects.admit("suspect", 1, NOW)
    assert all(suspects.admit(f"new{n}", 0, NOW) for n in range(100))
    assert not suspects.end("new1")


def test_suspects_are_tried_one_at_a_time_in_the_order_in_which_they_asked() -> None:
    suspects = Suspects()
    assert suspects.admit("a", 1, NOW)
    assert not suspects.admit("b", 1, NOW)
    assert not suspects.admit("c", 1, NOW + 1)
    assert suspects.waiting == ["b", "c"]
    assert suspects.end("a")
    assert suspects.admit("b", 1, NOW + 1)
    assert suspects.waiting == ["c"]


def test_one_that_waits_for_its_peer_does_not_keep_the_others() -> None:
    suspects = Suspects()
    assert suspects.admit("tarpit", 1, NOW)
    assert not suspects.admit("b", 1, NOW + SLOW)
    assert suspects.admit("b", 1, NOW + SLOW + 1)
    assert not suspects.admit("c", 1, NOW + SLOW + 2), "b began a second ago"


def test_the_last_mark_can_only_be_its_own() -> None:
    suspects = Suspects()
    assert suspects.admit("tarpit", 1, NOW)
    assert not suspects.admit("twice", 2, NOW + 1000), "another one is under way"
    suspects.end("tarpit")
    assert suspects.admit("twice", 2, NOW + 1000)
    assert not suspects.admit("b", 1, NOW + 2000), "it is tried without any other"


def test_what_has_left_waits_no_longer() -> None:
    suspects = Suspects()
    suspects.admit("a", 1, NOW)
    suspects.admit("b", 1, NOW)
    assert not suspects.end("b")
    assert suspects.waiting == []


@given(
    st.lists(st.booleans(), min_size=1, max_size=12),
    st.integers(0, 7),
    st.lists(st.lists(st.integers(0, 7), max_size=8, unique=True), min_size=40, max_size=40),
)
def test_only_the_killer_is_ever_started_the_third_time_and_left_unended(
    slow: list[bool], killer: int, orders: list[list[int]]
) -> None:
    """Eight messages, one of which kills; some of the others wait for a tarpit all the time.

    Whatever order they come in, the killer is set aside, and nothing else is.
    """
    unended = dict.fromkeys(range(8), 0)
    left = set(unended)
    for order in orders:
        if killer not in left:
            break
        suspects, under_way = Suspects(), set[int]()
        queue = [*order, *(one for one in range(8) if one not in order)]
        now, killed = NOW, False
        for _ in range(40):
            for one in [one for one in queue if one in left and one not in under_way]:
                if unended[one] >= MOST:
                    left.discard(one)
                    assert one == killer
                elif suspects.admit(str(one), unended[one], now):
                    unended[one] += 1
                    under_way.add(one)
                    killed = killed or one == killer
                    if not slow[one % len(slow)] and one != killer:
                        under_way.discard(one)
                        unended[one] = 0
                        left.discard(one)
                        suspects.end(str(one))
                if killed:
                    break
            if killed:
                break
            now += SLOW / 2
            if now - NOW > 90:  # the tarpits have timed out
                for one in list(under_way):
                    under_way.discard(one)
                    unended[one] = 0
                    left.discard(one)
                    suspects.end(str(one))
    assert killer not in left
