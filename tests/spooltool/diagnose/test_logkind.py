"""What the events of the logs mean to somebody who watches."""

from __future__ import annotations

import pytest

from spooltool.diagnose.logkind import FLOWS, Kind, kind_of, name_of
from spooltool.logs import EVENT

_PLAIN = {
    *("start", "stop", "reload", "connect", "disconnect", "rewritten", "opened", "converted"),
    *("trash-cleared", "left-over-cleared", "up"),
}


def test_every_event_has_been_thought_of() -> None:
    """One that is new to the table of events has to be given a kind, or stand here."""
    assert {event for event in EVENT if kind_of(event) is Kind.OTHER} == _PLAIN


def test_what_is_counted_is_an_event() -> None:
    assert set(FLOWS) <= set(EVENT)


@pytest.mark.parametrize(
    ("id", "event", "name"),
    [
        ("001njq5a", "put-off", "R001njq5a"),
        ("001njq5a", "notice-due", "E001njq5a"),
        ("E001njq5a", "delivered", "E001njq5a"),
        ("", "down", ""),
    ],
)
def test_letter_and_number(id: str, event: str, name: str) -> None:
    assert name_of(id, event) == name
