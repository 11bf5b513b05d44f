"""The plan as a value: JSON there and back, and nothing else is a plan."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.spool.plan import Apart, Change, KeyChange, Plan, decode_plan
from tests.spooltool.spool.spool_files import outside

words = outside(12)
keys = st.builds(KeyChange, words, st.none() | words, st.none() | words)
changes = st.builds(Change, words, words, st.integers(0, 2**64), st.integers(0, 2**50),
                    st.lists(keys, max_size=3).map(tuple), words)  # fmt: skip
plans = st.builds(
    Plan, words, words, words, words, st.floats(0, 1e11), st.lists(changes, max_size=3).map(tuple),
    st.lists(st.builds(Apart, words, words, words, words), max_size=2).map(tuple),
    st.lists(words, max_size=2).map(tuple), st.lists(words, max_size=2).map(tuple),
    st.dictionaries(words, words, max_size=2),
)  # fmt: skip


@settings(max_examples=60)
@given(plans)
def test_a_plan_reads_back(plan: Plan) -> None:
    assert decode_plan(plan.encode()) == plan


CHANGE = Change("1", "D_resend/R1", 7, 100, (KeyChange("DST", "a", "b"),), "")
PLAN = Plan("retarget", "/var/spool/relay", "--spool", "stuck", 1.5, (CHANGE,))


def _with(**wrong: object) -> str:
    return json.dumps({**json.loads(PLAN.encode()), **wrong})


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "5", "null", '"v"', "{}", '{"v": 1}', "[" * 100_000, '{"v": 2}',
        _with(v=2), _with(more=1), _with(changes=5), _with(changes=[{}]), _with(changes=[5]),
        _with(unchanged=5), _with(arguments=[1]), _with(arguments={"a": 1}), _with(verb=None),
        _with(made="x"), _with(apart=[{"kind": "wait"}]),
        PLAN.encode().replace('"inode": 7', '"inode": "7"'),
        PLAN.encode().replace('"old": "a"', '"old": 5'),
        PLAN.encode().replace('"old": "a"', '"old": 0'),
    ],
)  # fmt: skip
def test_anything_else_is_no_plan(text: str) -> None:
    assert text != PLAN.encode()
    with pytest.raises(ValueError):
        decode_plan(text)


def test_equal_changes_are_of_one_kind() -> None:
    other = Change("2", "D_resend/R2", 9, 50, CHANGE.keys)
    moved = Change("2", "D_resend/R2", 9, 50, (), "D_hold/R2")
    assert CHANGE.kind == other.kind == (("DST", "a", "b"),)
    assert moved.kind == (("", "D_resend", "D_hold"),)


def test_bytes_to_rewrite_are_those_of_files_whose_keys_change() -> None:
    moved = Change("2", "D_resend/R2", 9, 50, (), "D_hold/R2")
    plan = Plan("x", "s", "f", "q", 0.0, (CHANGE, moved))
    assert plan.rewrite == 100
