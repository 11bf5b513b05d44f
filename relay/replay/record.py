"""Forecasts for a program: docs/schema/replay.json."""

from __future__ import annotations

import json

from relay.replay.case import Case
from relay.replay.comparison import Difference
from relay.replay.forecast import Copy, Forecast
from relay.replay.wording import structure
from spooltool.render.text import HIDDEN
from spooltool.spool.recipient import Path

VERSION = 1


def record(case: Case, found: Forecast) -> dict[str, object]:
    """What becomes of one message."""
    return {**_who(case), "outcome": outcome(found)}


def compared(
    case: Case, old: Forecast, new: Forecast, differing: tuple[Difference, ...]
) -> dict[str, object]:
    """A message whose outcome differs: both, and the facts that differ."""
    return {
        **_who(case),
        "old": outcome(old),
        "outcome": outcome(new),
        "differs": [{"fact": one.name, "old": one.old, "new": one.new} for one in differing],
    }


def encode(found: dict[str, object]) -> str:
    """A record as one line of JSON, in which nothing stands that a screen obeys or hides."""
    line = json.dumps(found, ensure_ascii=False)
    return HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], line)


def outcome(found: Forecast) -> dict[str, object]:
    """One forecast."""
    return {
        "config": _text(found.house.label),
        "end": found.end.value,
        "copies": [_copy(found, copy) for copy in found.copies],
        "refused": [
            {
                "recipients": [_text(address) for address in one.recipients],
                "reply": _text(str(one.reply)),
                "rule": one.rule,
            }
            for one in found.refused
        ],
    }


def _who(case: Case) -> dict[str, object]:
    return {
        "v": VERSION,
        "id": _text(case.name),
        "source": case.source,
        "sender": _text(case.sender.text),
        "recipients": [_text(one.text) for one in case.recipients],
        "assumed": [_text(note) for note in case.notes],
    }


def _copy(found: Forecast, copy: Copy) -> dict[str, object]:
    acceptance, said = copy.acceptance, copy.outcome
    name, _, digest = acceptance.resource.partition(" ")
    return {
        "verdict": said.verdict.value,
        "reason": _text(said.reason),
        "check": said.check.word if said.check is not None else None,
        "rule": acceptance.rule,
        "rule_name": found.house.rule_name(acceptance.rule),
        "resource": name if name != "none" else None,
        "resource_digest": digest,
        "route": acceptance.route,
        "dst": acceptance.dst,
        "dport": acceptance.dport,
        "err_server": acceptance.err_server,
        "errmail": acceptance.errmail,
        "scanner": f"{acceptance.av_address}" if copy.scanned else None,
        "sender": _path(copy.sender),
        "recipients": [_path(one) for one in copy.recipients],
        "headers": [
            {"before": _octets(one.before), "after": _octets(one.after)} for one in copy.headers
        ],
        "structure": {"before": structure(copy.before), "after": structure(copy.after)},
        "removed": [_text(one) for one in said.removed],
        "notes": [_text(one) for one in copy.notes],
        "size": copy.size,
        "sha256": copy.digest,
    }


def _path(path: Path) -> dict[str, object]:
    return {"address": _text(path.address), "orig": _text(path.orig) or None}


def _octets(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace")


def _text(text: str) -> str:
    """Text that JSON can hold: octets that are no UTF-8 as `\\xNN`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
