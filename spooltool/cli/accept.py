"""`spooltool accept`: seal a message that was edited by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from spooltool.cli import change_options as the
from spooltool.cli.changing import Study, Wish, change
from spooltool.cli.invocation import Invocation
from spooltool.cli.selection import QUERY_HELP
from spooltool.cli.verbs import BY_NAME
from spooltool.diagnose.planning import Chosen
from spooltool.spool import reseal
from spooltool.spool.plan import SEAL_KEYS, Apart, Change, Plan
from spooltool.spool.reseal import Seal, difference
from spooltool.spool.verbs import Seen
from spooltool.store.seal import look

_NAMED = 8
_BARE_CR = "its content holds a bare CR, which is never sent: the relay would hold it"


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help=QUERY_HELP)] = None,
    kick: Annotated[bool, typer.Option("--kick", help="Have the relay try them at once.")] = False,
    dry_run: the.DryRun = False,
    plan: the.PlanFile = None,
    diff: the.Diff = False,
    yes: the.Yes = False,
    most: the.Max = None,
    reason: the.Reason = "",
    wait: the.Wait = the.WAIT,
    no_yield: the.NoYield = False,
    json: the.Json = False,
    everything: the.Everything = False,
    null: the.Null = False,
    force: the.Force = False,
) -> int:
    """Seal mail that was edited by hand: deliver it as it stands.

    SIZES and DIGEST are written anew and the message is due now; nothing else changes.  A
    torn one, shorter than it was, is left alone.  Undo gives the old seal back, and the
    message waits again, until it has left.
    """
    invocation: Invocation = ctx.obj
    options = the.ChangeOptions(
        dry_run, plan, diff, yes, most, reason, wait, no_yield, json, everything, null, force
    )
    looked = Looked(invocation)
    wish = Wish("accept", looked.decide, BY_NAME["accept"].undo, study=looked.study, kick=kick)
    return change(invocation, query or (), wish, options)


class Looked:
    """The messages as they were read for the plan, and how they differ from their seals."""

    def __init__(self, invocation: Invocation) -> None:
        self._spool = invocation.spool
        self._notes: dict[str, str] = {}

    def decide(self, seen: Seen) -> Change | Apart | None:
        """What becomes of one message; its content is read where there is a seal to compare."""
        sealed = any(seen.envelope.line(key) for key in SEAL_KEYS)
        readable = sealed and not seen.envelope.torn and seen.name.letter != "T"
        found = look(self._spool, seen.name) if readable else ""
        result = reseal.accept(seen, found)
        if isinstance(result, Change) and isinstance(found, Seal):
            note = difference(seen.envelope, found)
            self._notes[result.file] = f"{note}; {_BARE_CR}" if found.bare_cr else note
        return result

    def study(self, plan: Plan, chosen: Chosen) -> Study:
        """How each message differs from what it was."""
        files = [change.file for change in plan.changes]
        notes = [f"{file.rpartition('/')[2]}: {self._notes[file]}" for file in files[:_NAMED]]
        if len(files) > _NAMED:
            notes.append(f"and {len(files) - _NAMED:,} more")
        return Study(tuple(notes))
