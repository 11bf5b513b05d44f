"""The lines of a watch: one for each change of standing, one for each end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from spooltool.render.record import VERSION, Cleaner
from spooltool.render.text import cut, fit, visible
from spooltool.render.units import moment, rfc3339
from spooltool.spool.states import STANDINGS

_WORD = 9
_HOST = 15
_SPELLED = {"left": "gone", "partly": "in part"}
_UNSAID = "left the queue"


def line(at: float, file: str, word: str, host: str, text: str, width: int) -> str:
    """One change; `width` columns of a screen, 0 for a pipe (tabs, uncut)."""
    name = visible(file.rpartition("/")[2])
    said = visible(text) or (_UNSAID if word == "left" else "")
    if not width:
        return "\t".join((rfc3339(at) or "-", name, word, visible(host) or "-", said))
    when = moment(at)
    start = f"{when:%H:%M:%S}" if when else "--:--:--"
    start += f"  {name}  {fit(_SPELLED.get(word, word), _WORD)}  "
    if word not in STANDINGS and host:
        start += fit(visible(host), max(_HOST, len(host))) + "  "
    return cut(start + said, width).rstrip()


def record(at: float, id: str, file: str, word: str, host: str, text: str) -> dict[str, Any]:
    """One change of `watch --json`; docs/schema/watch.json."""
    clean = Cleaner()
    here = word in STANDINGS
    return {
        "v": VERSION,
        "at": rfc3339(at),
        "id": id,
        "file": file,
        "standing": word if here else None,
        "outcome": None if here else word,
        "host": clean.text("host", host or None),
        "why": clean.text("why", text or None),
        "raw": clean.raw or None,
    }


def end_record(gone: Sequence[str], here: Sequence[str], seconds: float) -> dict[str, Any]:
    """The last object of `watch --json`: counts by outcome, and of what is still here."""
    return {
        "v": VERSION,
        "summary": True,
        "left": dict(Counter(gone)),
        "here": dict(Counter(here)),
        "seconds": round(seconds, 3),
    }
