"""A log line against a query."""

from __future__ import annotations

import pytest

from spooltool.diagnose.logrow import log_row
from spooltool.query import parse

FIELDS = {"host": "10.1.5.7:2525", "sender": "<a@example.com>", "to": "b@example.org,c@example.net",
          "reply": "451 4.7.1 slow", "size": "5000"}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ("dst:10.1.5.7", True),
        ("dst:10.1.5.7:2525", True),
        ("dst:10.1.5.7:25", False),
        ("host:10.1.5.7:2525", True),
        ("host:10.1.5.7", False),
        ("from:a@example.com", True),
        ("from:<>", False),
        ("rcpt:@example.net", True),
        ("domain:example.com", False),
        ("code:400..499", True),
        ("size:4K..", True),
        ("age:10s..", True),
        ("001njqb0", True),
        ("R001njqb0", True),
        ("001njqb1", False),
        ("stuck", False),
        ("attempts:3..", None),
        ("subject:x", None),
    ],
)
def test_terms(query: str, verdict: bool | None) -> None:
    row = log_row("001njqb0", FIELDS, now=1000.0, at=990.0)
    assert parse([query]).matches(row) is verdict


def test_a_line_that_says_nothing() -> None:
    row = log_row("", {}, 0.0, None)
    assert (row.id, row.dst, row.sender, row.recipients, row.code) == ("", (), None, (), None)
    assert row.header("subject") is None and row.text() is None


def test_a_size_that_is_no_size() -> None:
    """Whoever writes to a log may write more digits than an int is made of."""
    assert log_row("001njqb0", {"size": "9" * 5000}, 0.0, None).size is None
