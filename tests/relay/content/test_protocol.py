"""Packets round trip; whatever a worker says, a sound answer or Nonsense comes of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.content.judgement import Outcome, Progress, Result, Task, Verdict
from relay.content.protocol import (
    LARGEST,
    Nonsense,
    decode_answer,
    decode_task,
    encode_progress,
    encode_result,
    encode_task,
)
from spooltool.spool.checks import Check

TASK = Task(7, 100, 350, {"strip_script_tags": True, "scanner": "clam"})
DIGEST = "0f" * 32


def test_a_task_round_trips() -> None:
    assert decode_task(encode_task(TASK)) == TASK


def test_orders_beyond_a_packet_are_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        encode_task(Task(1, 0, 1, {"x": "y" * LARGEST}))


@pytest.mark.parametrize(
    "answer",
    [
        Progress(7, 12),
        Result(7, Outcome(Verdict.PASS), 250, DIGEST),
        Result(7, Outcome(Verdict.CHANGED, notes=("a",), removed=("b", "ü")), 3, DIGEST, last=True),
        Result(7, Outcome(Verdict.BLOCKED, "in two ways", check=Check.STRUCTURE)),
        Result(7, Outcome(Verdict.DEFER, "scanner unreachable")),
    ],
)
def test_an_answer_round_trips(answer: Progress | Result) -> None:
    data = encode_progress(answer) if isinstance(answer, Progress) else encode_result(answer)
    assert decode_answer(data, TASK) == answer


@given(st.lists(st.text(max_size=400), max_size=300), st.text(max_size=1000))
def test_whatever_is_noted_fits_a_packet(notes: list[str], reason: str) -> None:
    outcome = Outcome(Verdict.BLOCKED, reason, tuple(notes), tuple(notes), Check.HTML)
    data = encode_result(Result(7, outcome))
    assert len(data) <= LARGEST
    assert isinstance(decode_answer(data, TASK), Result)


def test_what_was_left_out_is_told() -> None:
    outcome = Outcome(Verdict.BLOCKED, "", tuple("n" for _ in range(250)), check=Check.HTML)
    answer = decode_answer(encode_result(Result(7, outcome)), TASK)
    assert isinstance(answer, Result)
    assert answer.outcome.notes[-1] == "and 150 more"


SOUND = json.loads(encode_result(Result(7, Outcome(Verdict.PASS), 250, DIGEST)))


@pytest.mark.parametrize(
    "change",
    [
        {"result": 8},
        {"result": "7"},
        {"verdict": "fine"},
        {"verdict": ["pass"]},
        {"verdict": None},
        {"digest": ""},
        {"digest": "0" * 63},
        {"digest": DIGEST.upper()},
        {"digest": DIGEST + "\n"},
        {"digest": None},
        {"check": "html"},
        {"verdict": "blocked", "digest": "", "size": 0},
        {"verdict": "blocked", "digest": "", "size": 0, "check": "no such"},
        {"size": 249},
        {"size": -1},
        {"size": True},
        {"size": 250.0},
        {"reason": None},
        {"notes": "x"},
        {"notes": [1]},
        {"removed": None},
        {"verdict": "blocked"},
        {"verdict": "defer", "digest": ""},
        {"progress": 7},
        {"progress": 7, "octets": -1},
    ],
)
def test_an_answer_that_is_none(change: dict[str, object]) -> None:
    with pytest.raises(Nonsense):
        decode_answer(json.dumps(SOUND | change).encode(), TASK)


@given(st.binary(max_size=200))
def test_no_octets_raise_anything_else(data: bytes) -> None:
    with pytest.raises(Nonsense):
        decode_answer(data, TASK)


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"null", b"[" * 60_000, b"\xff\xfe{"])
def test_odd_octets(data: bytes) -> None:
    with pytest.raises(Nonsense):
        decode_answer(data, TASK)
