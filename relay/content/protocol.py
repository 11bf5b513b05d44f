"""The packets between mdq and a worker: JSON objects, each in one packet of the socket.

Who answers is a process that reads what strangers wrote: every answer is looked at as if
it were written by one of them.
"""

from __future__ import annotations

import json
import re
from typing import cast

from relay.content.judgement import Outcome, Progress, Result, Task, Verdict
from spooltool.spool.checks import check_of

LARGEST = 64 * 1024
"""Octets of one packet."""

MOST_NOTES = 100
"""Notes, and removed things, that an answer tells of; their number beyond is told last."""

LONGEST_NOTE = 300
"""Characters of one of them."""

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Nonsense(ValueError):
    """A packet that is none."""


def encode_task(task: Task) -> bytes:
    """A task as a packet.  Raises ValueError for orders beyond `LARGEST`."""
    packet = {
        "task": task.number,
        "start": task.start,
        "end": task.end,
        "orders": dict(task.orders),
    }
    data = json.dumps(packet).encode()
    if len(data) > LARGEST:
        raise ValueError("orders are too long for a packet")
    return data


def decode_task(data: bytes) -> Task:
    """The task of a packet that our own parent wrote."""
    found = json.loads(data)
    return Task(found["task"], found["start"], found["end"], found["orders"])


def encode_progress(progress: Progress) -> bytes:
    """A sign of life as a packet."""
    return json.dumps({"progress": progress.number, "octets": progress.octets}).encode()


def encode_result(result: Result) -> bytes:
    """The end of a task as a packet; its texts are cut to what a packet holds."""
    outcome = result.outcome
    packet = {
        "result": result.number,
        "verdict": outcome.verdict,
        "reason": outcome.reason[:LONGEST_NOTE],
        "notes": _cut(outcome.notes),
        "removed": _cut(outcome.removed),
        "fault": outcome.fault,
        "check": outcome.check.word if outcome.check is not None else "",
        "size": result.size,
        "digest": result.digest,
        "last": result.last,
    }
    return json.dumps(packet, ensure_ascii=False).encode("utf-8", "replace")


def _cut(texts: tuple[str, ...]) -> list[str]:
    room = LARGEST // 3
    out: list[str] = []
    for text in texts[:MOST_NOTES]:
        room -= len(
            json.dumps(short := text[:LONGEST_NOTE], ensure_ascii=False).encode("utf-8", "replace")
        )
        if room < 0:
            break
        out.append(short)
    if len(out) < len(texts):
        out.append(f"and {len(texts) - len(out)} more")
    return out


def decode_answer(data: bytes, task: Task) -> Progress | Result:
    """What a worker says to its task.  Raises Nonsense."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Nonsense("no JSON") from error
    if not isinstance(found, dict):
        raise Nonsense("no object")
    kind = "progress" if "progress" in found else "result"
    if found.get(kind) != task.number:
        raise Nonsense("of another task")
    if kind == "progress":
        return Progress(task.number, _count(found, "octets"))
    return _result(found, task)


def _result(found: dict[str, object], task: Task) -> Result:
    try:
        verdict = Verdict(cast(str, found.get("verdict")))
    except ValueError as error:
        raise Nonsense("no verdict") from error
    reason, digest, size = found.get("reason"), found.get("digest"), _count(found, "size")
    if not isinstance(reason, str) or not isinstance(digest, str):
        raise Nonsense("no text")
    sendable = verdict in (Verdict.PASS, Verdict.CHANGED)
    if sendable != bool(_DIGEST.match(digest)) or (not sendable and (digest or size)):
        raise Nonsense("a digest that does not fit the verdict")
    if verdict is Verdict.PASS and size != task.size:
        raise Nonsense("another size than the content")
    check = check_of(str(found.get("check", "")))
    if (check is not None) != (verdict is Verdict.BLOCKED):
        raise Nonsense("a check that does not fit the verdict")
    notes, removed = _texts(found, "notes"), _texts(found, "removed")
    outcome = Outcome(verdict, reason, notes, removed, check, found.get("fault") is True)
    return Result(task.number, outcome, size, digest, found.get("last") is not False)


def _count(found: dict[str, object], key: str) -> int:
    value = found.get(key)
    if type(value) is not int or not 0 <= value < 1 << 50:
        raise Nonsense(f"no {key}")
    return value


def _texts(found: dict[str, object], key: str) -> tuple[str, ...]:
    value = found.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Nonsense(f"no {key}")
    return tuple(value)
