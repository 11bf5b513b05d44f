"""Limits of a check: how they are written, when one is passed, which verdict counts."""

from __future__ import annotations

import pytest

from spooltool.diagnose.health import (
    MEASURES,
    changed_limits,
    check_order,
    judge,
    usual_limits,
    worst,
)
from spooltool.errors import CheckCode, UsageError

OK, WARNING, CRITICAL, UNKNOWN = CheckCode


def test_the_limits_of_the_table_can_be_read_and_are_in_order() -> None:
    warn, crit = usual_limits(2)
    assert warn == {
        "stuck": 10, "oldest": 14400, "notices": 10, "partial": 0, "disk": 10, "inodes": 10,
        "intake": 1, "scan": 60,
    }  # fmt: skip
    assert crit == {
        "stuck": 100, "oldest": 86400, "notices": 100, "partial": 10, "disk": 5, "inodes": 5,
        "relay": 1, "scan": 300,
    }  # fmt: skip
    check_order(warn, crit)


def test_a_slow_scan_is_no_old_scan() -> None:
    warn, crit = usual_limits(60)
    assert (warn["scan"], crit["scan"]) == (600, 3000)


def test_limits_are_changed_one_by_one() -> None:
    changed = changed_limits("--warn", ["stuck=3,OLDEST=1h30m", "held=0", "disk=7"], {"partial": 1})
    assert changed == {"partial": 1, "stuck": 3, "oldest": 5400, "held": 0, "disk": 7}
    assert changed_limits("--warn", ["relay=down,stuck=off"], {"stuck": 3}) == {"relay": 1}
    assert changed_limits("--warn", ["stuck=off"], {}) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stuk=3", "no such measure: one of stuck, oldest"),
        ("", "no such measure"),
        ("stuck", "a limit is missing, such as stuck=10, or stuck=off"),
        ("stuck=many", "not a limit, such as stuck=10"),
        ("stuck=-1", "not a limit"),
        ("stuck=10%", "not a limit"),
        ("oldest=4", "not a limit, such as oldest=4h"),
        ("disk=101%", "not a limit, such as disk=10%"),
        ("relay=up", "not a limit, such as relay=down"),
        ("stuck=1,", "no such measure"),
    ],
)
def test_what_is_no_limit(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        changed_limits("--crit", [text], {})
    assert caught.value.message.startswith("--crit ")
    assert said in caught.value.message


def test_a_warning_after_the_alarm_is_refused() -> None:
    check_order({"stuck": 10, "disk": 5}, {"stuck": 10, "disk": 5})
    for warn, crit in (({"stuck": 11}, {"stuck": 10}), ({"disk": 4}, {"disk": 5})):
        with pytest.raises(UsageError, match="critical before it warns"):
            check_order(warn, crit)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("stuck", 10, OK), ("stuck", 11, WARNING), ("stuck", 100, WARNING),
        ("stuck", 101, CRITICAL),
        ("oldest", 14400, OK), ("oldest", 14401, WARNING),
        ("partial", 0, OK), ("partial", 1, WARNING),
        ("disk", 10, OK), ("disk", 9.9, WARNING), ("disk", 5, WARNING), ("disk", 4.9, CRITICAL),
        ("relay", 1, OK), ("relay", 0, CRITICAL), ("intake", 0, WARNING),
        ("held", 1e9, OK), ("held", None, OK), ("stuck", None, UNKNOWN),
    ],
)  # fmt: skip
def test_when_a_limit_is_passed(name: str, value: float | None, code: CheckCode) -> None:
    verdict = judge({name: value}, *usual_limits(2))
    assert verdict.code is code
    assert [reading.measure.name for reading in verdict.readings] == [name]


def test_the_worst_counts() -> None:
    assert worst([]) is OK
    assert worst([OK, UNKNOWN]) is UNKNOWN
    assert worst([UNKNOWN, WARNING, OK]) is WARNING
    assert worst([WARNING, CRITICAL, UNKNOWN]) is CRITICAL


def test_readings_stand_in_the_order_of_the_table() -> None:
    values = {measure.name: 1.0 for measure in reversed(MEASURES)}
    found = [reading.measure for reading in judge(values, {}, {}).readings]
    assert found == list(MEASURES)
