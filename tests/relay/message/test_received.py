"""Our Received line, dates, hops."""

from __future__ import annotations

import dataclasses
from email.utils import formatdate, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message.headers import HeaderCollector, fields, unfold
from relay.message.received import (
    Arrival,
    address_literal,
    count_hops,
    count_own,
    format_date,
    loop_problem,
    received_line,
)

ARRIVAL = Arrival(
    helo="mail.example.org",
    address="192.0.2.5",
    reverse="",
    hostname="gate.example.com",
    protocol="ESMTP",
    number="001njchs",
    recipient="",
    time=1795556591.25,
)
DATE = "Tue, 24 Nov 2026 21:43:11 +0000"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {},
            "Received: from mail.example.org ([192.0.2.5])\n"
            f"\tby gate.example.com with ESMTP id 001njchs;\n\t{DATE}\n",
        ),
        (
            {"reverse": "mx.example.org", "recipient": "anna@example.net"},
            "Received: from mail.example.org (mx.example.org [192.0.2.5])\n"
            "\tby gate.example.com with ESMTP id 001njchs\n"
            f"\tfor <anna@example.net>; {DATE}\n",
        ),
        (
            {"helo": "[2001:db8::7]", "address": "2001:db8::7", "protocol": "ESMTPS"},
            "Received: from [2001:db8::7] ([IPv6:2001:db8::7])\n"
            f"\tby gate.example.com with ESMTPS id 001njchs;\n\t{DATE}\n",
        ),
        (
            {"helo": "evil\r\nX: y (by me; <a>) \x1b[0m caf\xe9\udcff"},
            "Received: from evil??X:?y??by?me???a????[0m?caf?? ([192.0.2.5])\n"
            f"\tby gate.example.com with ESMTP id 001njchs;\n\t{DATE}\n",
        ),
        (
            {"helo": "", "recipient": "quoted\n@example.org"},
            "Received: from unknown ([192.0.2.5])\n"
            f"\tby gate.example.com with ESMTP id 001njchs;\n\t{DATE}\n",
        ),
        (
            {"recipient": "café@example.org", "protocol": "UTF8SMTP"},
            "Received: from mail.example.org ([192.0.2.5])\n"
            "\tby gate.example.com with UTF8SMTP id 001njchs\n"
            f"\tfor <café@example.org>; {DATE}\n",
        ),
        (
            {"recipient": "a" * 60 + "@example.org", "hostname": "h" * 40 + ".example.com"},
            "Received: from mail.example.org ([192.0.2.5])\n"
            "\tby " + "h" * 40 + ".example.com with ESMTP\n\tid 001njchs\n"
            "\tfor <" + "a" * 60 + f"@example.org>;\n\t{DATE}\n",
        ),
    ],
)
def test_line(changes: dict[str, str], line: str) -> None:
    assert received_line(dataclasses.replace(ARRIVAL, **changes)).decode() == line


@given(helo=st.text(max_size=300), reverse=st.text(max_size=80), recipient=st.text(max_size=80))
def test_nothing_from_outside_breaks_out(helo: str, reverse: str, recipient: str) -> None:
    arrival = dataclasses.replace(ARRIVAL, helo=helo, reverse=reverse, recipient=recipient)
    line = received_line(arrival)
    collector = HeaderCollector()
    assert collector.feed(line + b"\n")
    assert (collector.block, collector.problem) == (line, None)
    assert [field.name for field in fields(line)] == [b"Received"]
    assert unfold(line).endswith(DATE.encode())
    assert unfold(line).count(b";") == 1 + (b"for <" in line) * recipient.count(";")
    assert count_own(line, ARRIVAL.hostname) == 1


def test_lines_are_below_78_columns() -> None:
    arrival = dataclasses.replace(
        ARRIVAL, helo="h" * 60, reverse="r" * 40, hostname="g" * 60, recipient="a@" + "d" * 50
    )
    lines = received_line(arrival).decode().expandtabs(8).splitlines()
    assert max(map(len, lines)) < 78
    assert len(lines) == 6


@given(st.integers(0, 4102444800))
def test_dates_are_those_of_the_standard_library(time: int) -> None:
    date = format_date(time + 0.75)
    assert parsedate_to_datetime(date).timestamp() == time
    day, rest = formatdate(time).replace("-0000", "+0000").split(", ")
    assert date == f"{day}, {rest.removeprefix('0')}"


def test_address_literals() -> None:
    assert address_literal("192.0.2.1") == "[192.0.2.1]"
    assert address_literal("::1") == "[IPv6:::1]"


def others(count: int) -> bytes:
    return b"".join(
        b"Received: from x by h%d.example.org\n\tid 1; date\n" % n for n in range(count)
    )


OURS = b"Received: from y\n\tBY Gate.Example.COM with ESMTP id 1; date\n"
NEARLY = (
    b"Received: from gate.example.com by x; date\n"
    b"Received: from y by gate.example.com.example.org; date\n"
    b"Received: from y by not.gate.example.com; date\n"
    b"X-Received: from y by gate.example.com; date\n"
    b"Subject: Received: from y by gate.example.com; date\n"
)


def test_counts() -> None:
    block = others(3) + OURS + NEARLY
    assert count_hops(block) == 3 + 1 + 3
    assert count_own(block, "gate.example.com") == 1
    assert count_own(block, "h1.example.org") == 1
    assert count_own(block, "h9.example.org") == 0
    assert count_hops(b"Subject: x\n") == 0


@pytest.mark.parametrize(
    ("block", "reply"),
    [
        (b"", None),
        (others(50), None),
        (others(51), "554 5.4.6 too many hops: 51 Received lines"),
        (others(900), "554 5.4.6 too many hops: 900 Received lines"),
        (OURS * 2 + NEARLY * 5, None),
        (
            OURS * 2 + others(4) + OURS,
            "554 5.4.6 mail loop: passed through gate.example.com 3 times already",
        ),
    ],
)
def test_loops(block: bytes, reply: str | None) -> None:
    problem = loop_problem(block, "gate.example.com")
    assert (str(problem) if problem else None) == reply


def test_limits_of_loops_can_be_set() -> None:
    assert loop_problem(others(5), "gate.example.com", max_hops=4) is not None
    assert loop_problem(OURS, "gate.example.com", max_own=0) is not None
