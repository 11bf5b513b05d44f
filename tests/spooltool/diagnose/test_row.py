"""One message as everything else sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.build import AS_OF, HOUR
from fixtures.make import fixtures
from spooltool.diagnose.row import Content, Found, Row, brief
from spooltool.query import parse
from spooltool.spool.codec import parse as parse_head
from spooltool.spool.names import SpoolName, parse_name
from spooltool.spool.states import Circumstance, standing

AROUND = Circumstance(AS_OF)
FILES = {fixture.path: fixture.data for fixture in fixtures()}


def row(path: str, around: Circumstance = AROUND, data: bytes | None = None) -> Row:
    directory, _, base = path.rpartition("/")
    name = parse_name(base, directory)
    assert name is not None
    content = FILES[f"gw/{path}"] if data is None else data
    return Row(Found(name, 7, len(content), AS_OF - 2 * HOUR, content), around)


@pytest.mark.parametrize("relay_up", [True, False])
def test_every_fixture_has_the_standing_that_the_format_gives(relay_up: bool) -> None:
    around = Circumstance(AS_OF, AS_OF - 2 * HOUR, relay_up=relay_up)
    seen = set()
    for path, data in FILES.items():
        top, _, rest = path.partition("/")
        directory, _, base = rest.rpartition("/")
        name = parse_name(base, directory)
        if top != "gw" or name is None:
            continue
        verdict = row(rest, around).verdict
        assert verdict == standing(name, parse_head(data), around), path
        seen.add(verdict.reason or verdict.word)
    assert {"refused", "put-off", "notice", "torn", "held", "waiting", "fresh"} <= seen
    assert ("overdue" in seen) == relay_up


def test_an_attempt_in_flight_leaves_a_stuck_message_stuck() -> None:
    held = replace(AROUND, holder="mdq 4172")
    one = row("D_resend/R001njd6k", held)
    assert (one.standing, one.reason) == ("stuck", "refused")
    assert one.why.startswith("delivering: mdq 4172")
    assert parse(["stuck"]).matches(one) is True
    late = row("D_resend/R001njg8r", held)
    assert late.reason == "refused", "being worked on, it is not overdue"
    fresh = row("D_sender/R001njr00", held)
    assert fresh.standing == "delivering"


def test_a_file_that_cannot_be_read_says_why() -> None:
    name = SpoolName("D_resend", "R", "001njn2b")
    one = Row(Found(name, 0, 0, 0.0, None, "Permission denied"), AROUND)
    assert (one.standing, one.reason, one.why) == (
        "stuck",
        "unreadable",
        "unreadable: permission denied",
    )
    assert one.age is None and one.attempts is None and not one.readable and one.hosts == ()
    assert parse(["dst:10.1.5.2"]).matches(one) is None
    assert parse(["stuck"]).matches(one) is True
    assert [defect.code for defect in one.defects] == ["unreadable"]


def test_an_age_without_arrived_is_the_files_and_only_when_it_can_be() -> None:
    one = row("D_resend/Rchapter")
    assert one.age == 2 * HOUR and not one.age_is_exact
    later = row("D_resend/Rchapter", Circumstance(AS_OF - 3 * HOUR))
    assert later.age is None


def test_content_is_read_when_a_term_asks_for_it() -> None:
    asked = []

    def read(name: SpoolName) -> Content:
        asked.append(name.id)
        return Content(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n from\n", b"all of it")

    data = FILES["gw/D_resend/R001njd6k"]
    name = SpoolName("D_resend", "R", "001njd6k")
    one = Row(Found(name, 1, len(data), 0.0, data), AROUND, read)
    assert parse(["dst:10.1.5.2"]).matches(one) is True
    assert asked == []
    assert parse(["subject:grüße"]).matches(one) is True
    assert one.text() == b"all of it"
    assert asked == ["001njd6k"]


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("refused: connect 10.1.5.2:25: Connection refused", "refused: connect port 25"),
        ("timeout: connect [2001:db8::1]:25: timed out", "timeout: connect port 25: timed out"),
        ("put off: 451 4.7.1 slow down", "put off: 451 4.7.1 slow down"),
        ("put off: 451 connect to me", "put off: 451 connect to me"),
    ],
)
def test_a_reason_leaves_out_the_host_that_has_a_column(full: str, short: str) -> None:
    assert brief(full) == short


def test_the_queue_is_ordered_by_arrival_then_number() -> None:
    rows = [row("D_resend/R001njci0"), row("D_resend/R001njf00"), row("D_resend/R001njchs")]
    assert [one.id for one in sorted(rows, key=lambda one: one.key)] == [
        "001njchs",
        "001njci0",
        "001njf00",
    ]
