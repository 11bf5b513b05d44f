"""Mail by MX as rows, lists and orders see it: by the domains of who waits."""

from __future__ import annotations

import pytest

from fixtures.build import AS_OF
from spooltool.control.orders import Order
from spooltool.diagnose.down import Down
from spooltool.diagnose.relay import Destination
from spooltool.diagnose.row import Found, Row
from spooltool.diagnose.suspension import Keeper
from spooltool.query import parse
from spooltool.render.record import row_record
from spooltool.render.rows import pipe_line, shown_dst
from spooltool.spool.compose import NewMessage, encode_envelope
from spooltool.spool.hosts import HostPort
from spooltool.spool.names import SpoolName
from spooltool.spool.recipient import Path, Recipient
from spooltool.spool.states import Circumstance

PLACES = ("D_resend", "D_sender")


def row(*recipients: str, marks: str = "", letter: str = "R", **keys: str) -> Row:
    found = [
        Recipient(Path(address), mark)
        for address, mark in zip(recipients, marks or "P" * len(recipients), strict=True)
    ]
    composed = encode_envelope(
        NewMessage(
            {"SRC": "192.0.2.1", "SPORT": "1", "DST": "10.1.5.2", "DPORT": "2525",
             "ERR_SERVER": "10.1.5.3"},
            AS_OF - 60,
            Path("billing@Example.com"),
            found,
            route="mx",
            err_route=keys.get("err_route", "dst"),
        )
    )  # fmt: skip
    name = SpoolName("D_resend" if letter == "E" else "D_sender", letter, "001njr07")
    return Row(Found(name, 7, len(composed.head), AS_OF, composed.head), Circumstance(AS_OF))


def test_it_is_found_and_listed_by_the_domains_of_who_waits() -> None:
    one = row("a@one.example", "b@Two.example", "c@one.example", "d@three.example", marks="PPPD")
    assert [host.host for host in one.hosts] == ["one.example", "two.example"]
    assert shown_dst(one) == "mx one.example +1"
    assert "\tmx one.example,two.example\t" in pipe_line(one)
    assert parse(["dst:two.example"]).matches(one) is True
    assert parse(["dst:three.example"]).matches(one) is False
    assert parse(["dst:10.1.5.2"]).matches(one) is False
    record = row_record(one)
    assert (record["route"], record["dst"], record["err_route"]) == ("mx", "10.1.5.2", None)


def test_where_nobody_waits_any_more_everybody_counts() -> None:
    assert [host.host for host in row("a@one.example", marks="F").hosts] == ["one.example"]
    assert shown_dst(row("postmaster")) == "mx"


@pytest.mark.parametrize(
    ("order", "recipients", "kept"),
    [
        ("one.example", ("a@one.example",), True),
        ("one.example", ("a@one.example", "b@two.example"), False),
        ("*.example", ("a@one.example", "b@two.example"), True),
        ("10.1.5.2", ("a@one.example",), False),
    ],
)
def test_an_order_names_the_domain(order: str, recipients: tuple[str, ...], kept: bool) -> None:
    keeper = Keeper([Order(order, AS_OF)])
    assert (keeper.of(row(*recipients)) is not None) == kept


def test_a_notice_by_mx_waits_where_the_senders_domain_is_suspended() -> None:
    keeper = Keeper([Order("example.com", AS_OF)])
    notice = row("a@one.example", marks="F", letter="E", err_route="mx")
    assert keeper.of(notice) is not None
    assert keeper.of(row("a@one.example", marks="F", letter="E")) is None


def test_it_waits_for_the_probe_where_all_that_is_due_goes_to_dead_domains() -> None:
    def dead(domain: str, probe: float) -> Destination:
        hosts = (HostPort(domain, 25),)
        return Destination(f"mx {domain}", hosts=hosts, down=True, next_probe=probe)

    known = Down([dead("one.example", AS_OF + 300), dead("two.example", AS_OF + 200)])
    both = known.mark(row("a@one.example", "b@two.example"))
    assert both.around.next_probe == AS_OF + 200
    assert known.mark(row("a@one.example", "b@up.example")).around.next_probe == 0
    assert known.mark(row("a@up.example")).around.next_probe == 0
