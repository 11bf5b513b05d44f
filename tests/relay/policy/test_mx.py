"""Which hosts are asked, in which order, and what is certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.policy.mx import (
    Addresses,
    Candidates,
    Exchange,
    Limits,
    NoMail,
    NoWay,
    Route,
    candidates,
    no_such,
    route,
)

A, B, C = Exchange(10, "a.example"), Exchange(10, "b.example"), Exchange(20, "c.example")
FOUND = {one.host: Addresses(("192.0.2.1",)) for one in (A, B, C)}


def chosen(*exchanges: Exchange, draws: Sequence[float] | None = None) -> Candidates:
    found = candidates("example.org", exchanges, draws or [0.5] * len(exchanges))
    assert isinstance(found, Candidates), found
    return found


def hosts(
    *exchanges: Exchange,
    addresses: Mapping[str, Addresses] = FOUND,
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
    names: Sequence[str] = (),
    own: Sequence[str] = (),
) -> list[str] | NoMail | NoWay:
    found = route(
        chosen(*exchanges), addresses, limits, own_names=names, own_addresses=own
    )  # fmt: skip
    return [stop.host for stop in found.stops] if isinstance(found, Route) else found


def test_by_preference_and_equal_ones_by_the_draw() -> None:
    assert chosen(C, A, B, draws=[0.1, 0.9, 0.2]).exchanges == (B, A, C)
    assert chosen(C, A, B, draws=[0.1, 0.2, 0.9]).exchanges == (A, B, C)


def test_without_a_record_the_domain_is_its_own_exchange() -> None:
    found = chosen()
    assert (found.exchanges, found.implied) == ((Exchange(0, "example.org"),), True)


def test_a_null_mx_is_certain_where_it_stands_alone() -> None:
    null = Exchange(0, "")
    assert candidates("example.org", [null], [0.0]) == NoMail(
        "5.1.10", "example.org takes no mail (null MX)"
    )
    assert chosen(null, A).exchanges == (A,)


def test_no_such_domain_is_certain() -> None:
    assert no_such("example.org") == NoMail("5.1.2", "example.org: no such domain")


def test_an_address_in_place_of_a_name_is_passed_over() -> None:
    found = chosen(Exchange(5, "192.0.2.9"), A)
    assert found.exchanges == (A,)
    assert found.passed[0].why == "an address in place of a name"
    assert isinstance(hosts(Exchange(5, "192.0.2.9")), NoWay)


def test_a_host_named_twice_is_asked_once() -> None:
    assert chosen(A, Exchange(30, "a.example")).exchanges == (A,)


@pytest.mark.parametrize(
    ("ours", "left"),
    [
        ({"names": ["c.example"]}, ["a.example", "b.example"]),
        ({"own": ["192.0.2.3"]}, ["a.example", "b.example"]),
        ({"names": ["b.example"]}, None),
        ({"own": ["192.0.2.1"]}, None),
    ],
)
def test_from_our_own_host_on_nobody_is_asked(
    ours: dict[str, Sequence[str]], left: list[str] | None
) -> None:
    addresses = {**FOUND, "c.example": Addresses(("192.0.2.3",))}
    found = hosts(A, B, C, addresses=addresses, **ours)  # type: ignore[arg-type]
    if left is not None:
        assert found == left
    else:
        assert isinstance(found, NoMail)
        assert found.status == "5.4.6"


def test_a_better_one_that_cannot_be_found_now_is_no_loop() -> None:
    addresses = {"a.example": Addresses(trouble="SERVFAIL")}
    assert isinstance(hosts(A, C, addresses=addresses, names=["c.example"]), NoWay)


def test_the_domain_itself_may_be_ours() -> None:
    found = hosts(names=["example.org"])
    assert isinstance(found, NoMail)


def test_no_address_passes_and_is_never_certain() -> None:
    assert hosts(A, C, addresses={"c.example": Addresses(("192.0.2.3",))}) == ["c.example"]
    none = hosts(A, C, addresses={})
    assert none == NoWay("example.org: MX a.example: it has no address (and 1 more)")
    trouble = {"a.example": Addresses(trouble="127.0.0.1: SERVFAIL")}
    assert hosts(A, addresses=trouble) == NoWay("example.org: MX a.example: 127.0.0.1: SERVFAIL")
    assert hosts(addresses={}) == NoWay("example.org: it has no address")


def test_the_limits_of_the_chapter() -> None:
    many = [Exchange(n, f"mx{n}.example") for n in range(1, 9)]
    both = Addresses(("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"))
    addresses = {one.host: both for one in many}
    found = route(chosen(*many), addresses, Limits(nodes=3, addresses=2))
    assert isinstance(found, Route)
    assert [stop.host for stop in found.stops] == ["mx1.example", "mx2.example", "mx3.example"]
    assert found.stops[0].addresses == ("2001:db8::1", "192.0.2.1")
    assert "max_mx_node_per_mail is 3" in {one.why for one in found.passed}


exchanges = st.lists(
    st.builds(Exchange, st.integers(0, 3), st.sampled_from(["", "a.x", "b.x", "c.x", "1.2"])),
    max_size=8,
)


@given(exchanges, st.randoms(use_true_random=False), st.sets(st.sampled_from(["a.x", "b.x"])))
def test_any_list_is_asked_in_order_and_never_past_ourselves(
    found: list[Exchange], random: object, ours: set[str]
) -> None:
    draws = [random.random() for _ in found]  # type: ignore[attr-defined]
    first = candidates("d.x", found, draws)
    if isinstance(first, NoMail):
        assert {one.host for one in found} == {""}
        return
    known = {one.host: Addresses(("192.0.2.1",)) for one in first.exchanges}
    end = route(first, known, Limits(), own_names=ours)
    best = min((one.preference for one in first.exchanges if one.host in ours), default=99)
    if isinstance(end, Route):
        order = [stop.preference for stop in end.stops]
        assert order == sorted(order)
        assert all(preference < best for preference in order)
        assert not ours & {stop.host for stop in end.stops}
    elif isinstance(end, NoMail):
        assert all(one.preference >= best for one in first.exchanges)
