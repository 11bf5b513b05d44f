"""Times in lines, beside the standard library's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.logs import format_line, format_record, line_time
from spooltool.logs.instant import rfc3339, tracker


@settings(max_examples=300)
@given(st.integers(0, 253402300799))
def test_both_forms_agree_with_the_standard_library(time):
    when = datetime.fromtimestamp(time, UTC)
    assert rfc3339(time) == when.strftime("%Y-%m-%dT%H:%M:%S.000Z").rjust(24, "0")
    assert tracker(time).split() == [
        when.strftime(f"{when.day}%b%Y"),
        when.strftime(f"{when.hour}:%M:%S"),
    ]
    assert line_time(format_line(1, "h", time, "", "start").encode()) == time
    assert line_time(format_record(time, "accept", "gw1", ()).encode()) == time


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (-1.0, "1970-01-01T00:00:00.000Z"),
        (1.9996, "1970-01-01T00:00:02.000Z"),
        (1.9994, "1970-01-01T00:00:01.999Z"),
        (1e300, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_rounding_and_the_ends_of_time(time, shown):
    assert rfc3339(time) == shown


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"[1@h] 1970-01-01T00:00:01.5Z - start", 1.5),
        (b"[1@h] 1970-01-01t02:00:01z - start", 7201.0),
        (b"[1@h] 1970-01-01T00:00:01-02:30 - start", 9001.0),
        (b"1Jan1970 0:00:07 accept gw1", 7.0),
        (b"[1@h] max concurrent sent mails limit reached - spool scanning stops", None),
        (b"[1@h] 1970-01-32T00:00:01Z - start", None),
        (b"1Foo1970 0:00:07 accept gw1", None),
        (b"", None),
        (b"\xff\x00", None),
    ],
)
def test_the_time_of_a_line(line, expected):
    assert line_time(line) == expected
