"""The lines of a watch: one for each change of standing, one for each end, the outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from spooltool.render.record import VERSION, Cleaner
from spooltool.render.summary import WORDING, standing_words
from spooltool.render.text import cut, visible
from spooltool.render.units import moment, plural, rfc3339

COLUMNS = ("TIME", "ID", "FROM", "TO", "HOST", "WHY")
_WIDE = 100
_WORDS, _WORDS_WIDE, _HOST_WIDE = 18, 23, 15
_UNSAID = "left the queue"

OUTCOME_WORDING: dict[str, str] = {
    "delivered": "delivered",
    "partly": "delivered in part, refused in part",
    "rejected": "refused for good",
    "notice": "bounced (notice sent)",
    "trashed": "given up without a notice (in the trash)",
    "deleted": "deleted by an operator",
    "left": "left the queue",
}
"""An outcome after a count."""


class Stand(NamedTuple):
    """How a message stands: a word of STANDINGS with the reason of *stuck*, or an outcome."""

    word: str
    reason: str = ""


class Step(NamedTuple):
    """One change: at unix seconds, in which file, from what to what, at which host, and why.

    `before` is None for a message that left before it was looked at.  `after` is an outcome
    where `left` says that the message has left.
    """

    at: float
    file: str
    before: Stand | None
    after: Stand
    host: str
    why: str
    left: bool = False


def pipe_header() -> str:
    """The line above the changes in a pipe."""
    return "#" + "\t".join(COLUMNS)


def pipe_line(step: Step) -> str:
    """One change in a pipe: tabs, uncut."""
    before, after = _words(step)
    return "\t".join(
        (
            *(rfc3339(step.at) or "-", _name(step), before or "-", after),
            *(visible(step.host) or "-", _why(step)),
        )
    )


def screen_line(step: Step, width: int) -> str:
    """`19:46:12  R001njd6k  stuck -> delivered  10.1.5.9  250 2.0.0 queued`."""
    when = moment(step.at)
    start = f"{when:%H:%M:%S}" if when else "--:--:--"
    wide = width >= _WIDE
    words = " -> ".join(word for word in _words(step) if word).ljust(
        _WORDS_WIDE if wide else _WORDS
    )
    line = f"{start}  {_name(step)}  {words}  "
    if step.host or wide:
        line += visible(step.host).ljust(_HOST_WIDE if wide else 0) + "  "
    return cut(line + _why(step), width).rstrip()


def _name(step: Step) -> str:
    return visible(step.file.rpartition("/")[2])


def _words(step: Step) -> tuple[str, str]:
    """Both standings; from stuck to stuck it is the reason that has changed."""
    before, after = step.before, step.after
    if before is None:
        return "", after.word
    if before.word == after.word:
        return before.reason or before.word, after.reason or after.word
    return before.word, after.word


def _why(step: Step) -> str:
    return visible(step.why) or (_UNSAID if step.after.word == "left" else "")


def record(id: str, step: Step) -> dict[str, Any]:
    """One change of `watch --json`; docs/schema/watch.json."""
    clean = Cleaner()
    before, after, left = step.before, step.after, step.left
    return {
        "v": VERSION,
        "at": rfc3339(step.at),
        "id": id,
        "file": step.file,
        "before": before.word if before else None,
        "before_stuck": (before.reason or None) if before else None,
        "standing": None if left else after.word,
        "stuck": after.reason or None,
        "outcome": after.word if left else None,
        "host": clean.text("host", step.host or None),
        "why": clean.text("why", step.why or None),
        "raw": clean.raw or None,
    }


def start_line(stands: Sequence[Stand], place: str, gone: int = 0) -> str:
    """`watching 143 messages in gw1:/var/spool/relay: 120 refused, 23 put off`.

    `gone` are those that left before they were looked at.
    """
    parts = [_here(stands)] if stands else []
    parts += [f"{gone:,} gone already"] if gone else []
    return f"watching {plural(len(stands) + gone, 'message')} in {place}: {', '.join(parts)}"


def end_line(
    outcomes: Sequence[str], here: Sequence[Stand], seconds: float, *, ended: str = ""
) -> str:
    """`120 left in 2.1 s: 118 delivered, 2 bounced (notice sent); 1 still here: 1 put off`."""
    text = f"{len(outcomes):,} left in {seconds:.1f} s"
    if outcomes:
        text += f": {_counted(OUTCOME_WORDING[word] for word in outcomes)}"
    if here:
        text += f"; {len(here):,} still here{ended}: {_here(here)}"
    return text


def _here(stands: Sequence[Stand]) -> str:
    parts = []
    for stand, number in Counter(stands).most_common():
        words = WORDING[stand.reason] if stand.reason else standing_words(stand.word, number)
        parts.append(f"{number:,} {words}")
    return ", ".join(parts)


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in Counter(words).most_common())


def end_record(
    outcomes: Sequence[str], here: Sequence[Stand], seconds: float, *, interrupted: bool = False
) -> dict[str, Any]:
    """The last object of `watch --json`: counts by outcome, and of what is still here."""
    return {
        "v": VERSION,
        "summary": True,
        "left": dict(Counter(outcomes)),
        "here": dict(Counter(stand.reason or stand.word for stand in here)),
        "seconds": round(seconds, 3),
        "interrupted": interrupted,
    }
