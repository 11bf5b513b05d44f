"""Plans that are kept in a file, and carried out from there."""

from __future__ import annotations

import os

from spooltool.change.caution import PLANNERS, PURGE_OF_ONE, undo_holds
from spooltool.change.wish import Wish, nothing
from spooltool.change.work import Work
from spooltool.errors import CannotWrite, UsageError
from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.spool.disposition import GIVE_UP, HOWS, RENEW, is_record
from spooltool.spool.fields import FIELD, check_value
from spooltool.spool.names import FLAT, RESEND, SENDER, SpoolName, in_trash, parse_path
from spooltool.spool.plan import SEAL_KEYS, Change, Plan, decode_plan
from spooltool.spool.recipient import parse_path_value
from spooltool.store.journal import Actor

_MOST_BYTES = 1 << 30
_BY_OPTION = ("ROUTE", "FROM", "RESOURCE", *SEAL_KEYS)
"""Keys that verbs change by options and rules of their own."""


def keep_plan(path: str, plan: Plan) -> None:
    """Write a plan to a file of its own.  Raises CannotWrite; an existing file stays."""
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(plan.encode() + "\n")
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror}") from error


def prepare_kept(sight: Sight, plan: Plan, me: Actor, *, kick: bool = False) -> Work:
    """A plan of `read_plan` on its way.  Raises UsageError when it is of another spool."""
    if plan.spool != sight.place:
        raise UsageError(
            f"the plan is for {visible(plan.spool)}, and this is {sight.place}",
            hint="name the spool with --spool, or make a new plan",
        )
    return Work(sight, plan, Wish(plan.verb, nothing, undo_holds(plan.verb), kick=kick), me)


def read_plan(path: str) -> Plan:
    """A plan from a file, every change of it checked.  Raises UsageError."""
    try:
        if os.stat(path).st_size > _MOST_BYTES:
            raise UsageError(f"{visible(path)}: too large for a plan")
        with open(path, encoding="utf-8") as file:
            plan = decode_plan(file.read())
    except OSError as error:
        raise UsageError(f"{visible(path)}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{visible(path)}: {visible(str(error))}") from error
    problems = [problem for change in plan.changes if (problem := _problem(plan.verb, change))]
    if plan.verb not in PLANNERS:
        problems.append(f"no verb that makes plans: {plan.verb}")
    if problems:
        raise UsageError(f"{visible(path)}: {visible(problems[0])}")
    return plan


def _problem(verb: str, change: Change) -> str:
    """What no plan of this tool would hold; "" when nothing."""
    here = parse_path(change.file)
    if here is None or here.number != change.id:
        return f"{change.file}: not the file of {change.id}"
    if change.closing not in (-1, 0, 1):
        return f"{change.file}: closing is none of -1, 0, 1"
    if change.to and not _legal(here, change):
        return f"{change.file}: cannot go to {change.to}"
    if not _of_verb(verb, change):
        return f"{change.file}: no change that {verb} makes"
    results = change.results
    if results is not None and not (
        results.how in HOWS and is_record(results.values) and not results.was
    ):
        return f"{change.file}: {results.how}: nothing to make of its results"
    for key in change.keys:
        field = FIELD.get(key.key)
        if field is None or not (field.settable or field.key in _BY_OPTION):
            return f"{change.file}: {key.key} is not for setting"
        if key.new is not None and check_value(key.key, key.new):
            return f"{change.file}: {key.key} {check_value(key.key, key.new)}"
        if key.key == "FROM" and key.new is not None and parse_path_value(key.new) is None:
            return f"{change.file}: FROM names no address"
    for line in change.recipients:
        if line.old is None and line.new is None:
            return f"{change.file}: a RCPT line neither before nor after"
        if line.new is not None and (problem := check_value("RCPT", line.new)):
            return f"{change.file}: RCPT {problem}"
        if line.new is not None and parse_path_value(line.new) is None:
            return f"{change.file}: RCPT names no address"
    return ""


def _legal(here: SpoolName, change: Change) -> bool:
    """Whether a file may go there: another letter comes with other results only."""
    there = parse_path(change.to)
    if there is None or there.number != here.number or not there.legal:
        return False
    return there.letter == here.letter or (change.results is not None and there.letter in "RE")


_HOW = {"requeue": RENEW, "bounce": GIVE_UP}
_ENDS = {"requeue": (SENDER, "R"), "bounce": (RESEND, "E")}


def _of_verb(verb: str, change: Change) -> bool:
    """Whether a verb can have planned this kind of change."""
    if change.remove and (change.to or change.rewrites or change.results):
        return False
    if verb == "undo":
        return not change.remove
    ends = parse_path(change.to or change.file)
    if verb in _ENDS and ends is not None:
        directory, letter = _ENDS[verb]
        if ends.letter != letter or ends.dir not in (directory, FLAT):
            return False
    how = change.results.how if change.results else None
    return (
        how == _HOW.get(verb)
        and change.remove == (verb in ("purge", PURGE_OF_ONE))
        and in_trash(change.to) == (verb == "delete")
        and (not change.rewrites or verb in ("retarget", "set", "accept", "bounce"))
    )
