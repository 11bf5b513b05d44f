"""Header blocks before and after rewriting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.replay.header_diff import FieldChange, header_diff

A, B, C = b"A: 1\n", b"B: 2\n", b"B: 3\n"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ((A, B), (A, B), []),
        ((A, B, C), (A, C), [(B, b"")]),
        ((A, B, C), (A, b"B: 9\n", C), [(B, b"B: 9\n")]),
        ((A, B, B), (A, B), [(B, b"")]),
        ((A,), (A, C), [(b"", C)]),
        ((b"A: 1\n 2\n", B), (b"A: 1\n 3\n", B), [(b"A: 1\n 2\n", b"A: 1\n 3\n")]),
        ((b"\xff\n",), (A,), [(b"", A)]),
    ],
)
def test_table(
    before: tuple[bytes, ...], after: tuple[bytes, ...], found: list[tuple[bytes, bytes]]
) -> None:
    told = header_diff(b"".join(before), b"".join(after))
    assert told == tuple(
        FieldChange(a.removesuffix(b"\n"), b.removesuffix(b"\n")) for a, b in found
    )


@given(st.lists(st.sampled_from([A, B, C])), st.lists(st.sampled_from([A, B, C])))
def test_as_many_fields_go_and_come_as_differ(before: list[bytes], after: list[bytes]) -> None:
    told = header_diff(b"".join(before), b"".join(after))
    gone, come = sum(bool(one.before) for one in told), sum(bool(one.after) for one in told)
    assert len(before) - gone + come == len(after)
