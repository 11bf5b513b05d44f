"""The plan as a value: JSON there and back, and nothing else is a plan."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.spool.plan import Apart, Change, KeyChange, Plan, RecipientChange, decode_plan
from tests.spooltool.spool.spool_files import outside

words = outside(12)
keys = st.builds(KeyChange, words, st.none() | words, st.none() | words)
lines = st.builds(RecipientChange, st.none() | words, st.none() | words, st.booleans())
changes = st.builds(Change, words, words, st.integers(0, 2**64), st.integers(0, 2**50),
                    st.lists(keys, max_size=3).map(tuple), words, st.booleans(),
                    st.lists(lines, max_size=3).map(tuple), st.integers(-1, 1))  # fmt: skip
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
        PLAN.encode().replace('"recipients": []', '"recipients": [{"old": "a"}]'),
        PLAN.encode().replace('"recipients": []', '"recipients": [{"old": 1, "new": "b"}]'),
        PLAN.encode().replace('"recipients": []', '"recipients": 5'),
        PLAN.encode().replace(
            '"recipients": []', '"recipients": [{"old": "a", "new": "b", "anew": 1}]'
        ),
        PLAN.encode().replace('"closing": 0', '"closing": "1"'),
    ],
)  # fmt: skip
def test_anything_else_is_no_plan(text: str) -> None:
    assert text != PLAN.encode()
    with pytest.raises(ValueError):
        decode_plan(text)


def test_a_plan_of_before_recipients_reads() -> None:
    raw = json.loads(PLAN.encode())
    for change in raw["changes"]:
        del change["recipients"], change["closing"], change["by_path"]
    assert decode_plan(json.dumps(raw)) == PLAN


def test_the_schema_names_what_a_plan_holds(root: Path) -> None:
    schema = json.loads((root / "docs/schema/plan.json").read_text())
    line = RecipientChange("<a@b>", "<c@d>")
    full = replace(PLAN, changes=(replace(CHANGE, recipients=(line,)),),
                   apart=(Apart("skip", "1", "D_resend/R1", "x"),))  # fmt: skip
    raw = json.loads(full.encode())
    properties = schema["properties"]
    assert list(raw) == schema["required"] == list(properties)
    one = properties["changes"]["items"]
    assert list(raw["changes"][0]) == list(one["properties"])
    for part, inner in (("keys", "keys"), ("recipients", "recipients")):
        assert list(raw["changes"][0][part][0]) == list(
            one["properties"][inner]["items"]["properties"]
        )
    assert list(raw["apart"][0]) == list(properties["apart"]["items"]["properties"])


def test_equal_changes_are_of_one_kind() -> None:
    other = Change("2", "D_resend/R2", 9, 50, CHANGE.keys)
    moved = Change("2", "D_resend/R2", 9, 50, (), "D_hold/R2")
    assert CHANGE.kind == other.kind == (("DST", "a", "b"),)
    assert moved.kind == (("", "D_resend", "D_hold"),)


def test_bytes_to_rewrite_are_those_of_files_whose_keys_change() -> None:
    moved = Change("2", "D_resend/R2", 9, 50, (), "D_hold/R2")
    line = Change("3", "D_resend/R3", 9, 7, recipients=(RecipientChange(None, "<a@b>"),))
    plan = Plan("x", "s", "f", "q", 0.0, (CHANGE, moved, line))
    assert plan.rewrite == 107
