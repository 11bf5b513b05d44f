"""`move`: hold, requeue, release and bounce for people who think in folders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from spooltool.change.bounce import bouncing
from spooltool.change.caution import undo_holds
from spooltool.change.requeue import requeueing
from spooltool.change.wish import Wish
from spooltool.errors import UsageError
from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.spool import placing
from spooltool.spool.places import WAYS


def read_folder(words: Sequence[str]) -> tuple[list[str], str]:
    """Query words, and the folder behind them.  Raises UsageError with the legal moves."""
    *query, last = words or ("",)
    folder = last.removeprefix("D_").rstrip("/")
    if folder not in {way.word for way in WAYS}:
        said = f"move to {visible(last)}: no such move" if last else "move wants QUERY and a folder"
        raise UsageError(f"{said}; these have a meaning:\n" + "\n".join(_table()))
    return query, folder


def _table() -> list[str]:
    rows = [("FOLDER", "WHAT MAY GO THERE", "IS"), *((w.word, w.takes, w.verb) for w in WAYS)]
    first, second = (max(len(row[at]) for row in rows) for at in range(2))
    return [f"{word.ljust(first)}  {takes.ljust(second)}  {verb}" for word, takes, verb in rows]


def moving(sight: Sight, folder: str, reason: str, *, kick: bool = False) -> Wish:
    """What a move to a folder of `read_folder` wants done."""
    if folder == "sender":
        return requeueing(sight, kick=kick)
    if folder == "expired":
        return bouncing(sight, reason, kick=kick)
    verb = next(way.verb for way in WAYS if way.word == folder)
    decide = partial(placing.move, word=folder, flat=sight.spool.flat)
    return Wish(verb, decide, undo_holds(verb), kick=kick)
