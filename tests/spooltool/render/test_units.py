"""Ages, sizes and times as a person reads them."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from spooltool.render.units import age, ago, clock, due, plural, rfc3339, size, stamp

NOW = 1795545851.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (41.9, "41s"), (60, "1m"), (3599, "59m"), (18720, "5h12m"), (432000, "5d00h"),
     (86400 * 400, "400d"), (-720, "-12m")],
)  # fmt: skip
def test_age(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(120, "in 2m"), (1, "in 1s"), (0.5, "now"), (-59, "now"), (-720, "-12m")],
)
def test_due(seconds: float, text: str) -> None:
    assert due(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1 s"), (720, "12 m"), (18480, "5h08m"), (-5, "0 s")]
)
def test_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (49152, "48 KB"), (4613734, "4.4 MB"),
     (41 * 2**30, "41 GB"), (2**60, "1024 PB")],
)  # fmt: skip
def test_size(count: int, text: str) -> None:
    assert size(count) == text


def test_times() -> None:
    zone = timezone(timedelta(hours=1))
    assert stamp(NOW, UTC) == "2026-11-24 18:44:11"
    assert clock(NOW - 60, NOW, zone) == "19:43:11"
    assert clock(NOW + 5 * 86400, NOW, zone) == "29 Nov 19:44:11"
    assert clock(0, NOW, UTC) == "1970-01-01 00:00"
    assert rfc3339(NOW) == "2026-11-24T18:44:11Z"
    assert rfc3339(None) is None
    for impossible in (-1.0, 1e18, float("inf")):
        assert rfc3339(impossible) is None
        assert stamp(impossible) == "?"
        assert clock(impossible, NOW) == "?"


def test_plural() -> None:
    assert plural(1, "message") == "1 message"
    assert plural(1204, "message") == "1,204 messages"
