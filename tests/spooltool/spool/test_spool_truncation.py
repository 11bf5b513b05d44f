"""A file cut anywhere reads without raising, and is never taken for a whole one."""

from __future__ import annotations

import pytest

from spooltool.spool.codec import parse
from spooltool.spool.names import SpoolName
from spooltool.spool.parts import parts_by_blank_lines, parts_by_sizes
from spooltool.spool.states import Circumstance, standing
from tests.spooltool.spool.spool_files import FILES

SEALED = ["gw/D_sender/R001njr01", "gw/D_resend/R001njd6k", "gw/D_resend/Rlines"]
NAME = SpoolName("D_sender", "R", "001njr01")


@pytest.mark.parametrize("path", SEALED)
def test_cut_at_every_byte(path: str) -> None:
    data = FILES[path]
    for length in range(len(data)):
        cut = parse(data[:length])
        assert cut.defects
        assert parts_by_sizes(cut) is None
        parts, _ = parts_by_blank_lines(cut, data[max(cut.end, 0) : length])
        for offset, size in (parts.original, parts.modified, parts.body):
            assert 0 <= offset <= offset + size <= length
        if cut.sizes is not None:
            assert cut.torn
        now = Circumstance(now=cut.arrived or 0.0)
        assert standing(NAME, cut, now).reason in ("torn", "no-envelope")
    assert not parse(data).torn


def test_a_cut_after_the_first_recipient_is_torn_not_a_message_for_fewer() -> None:
    data = FILES["gw/D_resend/R001njd6k"]
    second = data.index(b"RCPT:", data.index(b"RCPT:") + 1)
    cut = parse(data[:second])
    assert len(cut.recipients) == 1
    assert cut.torn


def test_the_chapters_lines_alone_are_not_torn() -> None:
    assert not parse(FILES["gw/D_resend/Rchapter"]).torn


@pytest.mark.parametrize("path", SEALED)
def test_longer_is_edited(path: str) -> None:
    grown = parse(FILES[path] + b"x")
    assert grown.grown and not grown.torn
    assert [defect.code for defect in grown.defects] == ["edited"]
