"""What `set` wants done: other values for keys, another sender, other recipients."""

from __future__ import annotations

from functools import partial

from spooltool.change.caution import undo_holds
from spooltool.change.wish import Study, Wish
from spooltool.diagnose.envelope_notes import envelope_notes
from spooltool.diagnose.planning import Chosen
from spooltool.errors import UsageError
from spooltool.render.text import visible, wrapped
from spooltool.spool.assignments import SETTABLE, Asked
from spooltool.spool.envelope_change import EnvelopeWish, set_envelope
from spooltool.spool.plan import Plan

_KEYS = "\n".join(wrapped(f"KEY is one of {', '.join(SETTABLE)}", 76))


def setting(asked: Asked, *, kick: bool = False) -> Wish:
    """What was asked for.  Raises UsageError with every mistake, or when that is nothing."""
    _check(asked)
    return Wish(
        "set",
        partial(set_envelope, wish=asked.wish),
        undo_holds("set"),
        arguments(asked.wish),
        partial(_study, wish=asked.wish),
        kick=kick,
    )


def arguments(wish: EnvelopeWish) -> dict[str, str]:
    """What was asked for, as a plan keeps it."""
    named = {key: value or "none" for key, value in wish.values.items()}
    if wish.sender is not None:
        named["from"] = wish.sender or "<>"
    if wish.replaced or wish.added:
        pairs = [f"{old}={new}" for old, new in wish.replaced]
        named["rcpt"] = " ".join([*pairs, *wish.added])
    if wish.resource:
        named["resource"] = wish.resource
    return named


def _check(asked: Asked) -> None:
    """Raise UsageError with every mistake, or when nothing is asked for."""
    if asked.problems:
        problems = map(visible, asked.problems)
        assigned = any("--" not in problem.split(":")[0] for problem in asked.problems)
        raise UsageError(
            "nothing was changed\n" + "\n".join(problems), hint=_KEYS if assigned else ""
        )
    wish = asked.wish
    if not (wish.values or wish.addresses or wish.resource):
        raise UsageError("set wants KEY=VALUE, --from, --rcpt or --resource", hint=_KEYS)


def _study(plan: Plan, chosen: Chosen, *, wish: EnvelopeWish) -> Study:
    notes = envelope_notes(plan, chosen.rows, wish)
    return Study(tuple(notes), doubtful=any("empty message" in note for note in notes))
