"""The value of NOTICE reads back, whatever a scanner said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.spool.fields import NOTICE_KINDS, check_value
from spooltool.spool.notice_kind import Notice, NoticeKind, encode_notice, parse_notice


def test_every_kind_has_a_meaning() -> None:
    assert list(NoticeKind) == list(NOTICE_KINDS)
    assert NoticeKind.DELAY.meaning == "mail that is late and goes on being tried"


@given(st.sampled_from(NoticeKind), st.text(max_size=100).map(lambda text: text.strip(" ")))
def test_it_reads_back_and_is_no_line_of_its_own(kind: NoticeKind, text: str) -> None:
    value = encode_notice(Notice(kind, text.encode("utf-8", "replace").decode()))
    assert check_value("NOTICE", value) == ""
    assert parse_notice(value) == Notice(kind, text.encode("utf-8", "replace").decode())


def test_without_the_key_it_is_a_failure_and_another_word_is_none() -> None:
    assert parse_notice(None) == Notice(NoticeKind.FAILURE)
    assert parse_notice("delayed 1") is None
    assert check_value("NOTICE", "delayed 1")


@pytest.mark.parametrize(
    ("text", "until"), [("1796420591", 1796420591), ("", 0), ("x", 0), ("9" * 30, 0)]
)
def test_until_when_a_delayed_message_is_tried(text: str, until: int) -> None:
    assert Notice(NoticeKind.DELAY, text).until == until
