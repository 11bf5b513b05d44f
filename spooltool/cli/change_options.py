"""The options that every changing verb has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from spooltool.change.work import WAIT as WAIT

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the plan; write nothing, need no permission.")
]
PlanFile = Annotated[
    str | None,
    typer.Option(
        "--plan", metavar="FILE", help="Keep the plan in FILE for `apply`; change nothing."
    ),
]
Diff = Annotated[bool, typer.Option("--diff", help="A diff of each message, not of each kind.")]
Yes = Annotated[bool, typer.Option("--yes", help="Answer the question; it selects nothing.")]
Max = Annotated[
    int | None,
    typer.Option("--max", metavar="N", min=0, help="Refuse when more than N messages match."),
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for the journal: a ticket, a name.")
]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for busy messages."),
]
NoYield = Annotated[
    bool, typer.Option("--no-yield", help="Do not ask the relay to let go of busy messages.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a message, and a summary.")]
Everything = Annotated[bool, typer.Option("--all", help="Every message of the spool.")]
Null = Annotated[bool, typer.Option("--null", help="With -: NUL ends each id, not a line end.")]
Force = Annotated[
    bool, typer.Option("--force", help="Also on NFS, CIFS or FUSE, where locks are not safe.")
]


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What was asked for on the command line; `wait` in seconds."""

    dry_run: bool = False
    plan_file: str | None = None
    diff: bool = False
    yes: bool = False
    most: int | None = None
    reason: str = ""
    wait: float = WAIT
    no_yield: bool = False
    json: bool = False
    everything: bool = False
    null: bool = False
    force: bool = False

    @property
    def writes(self) -> bool:
        """Whether the spool may be changed: not for a look at the plan, nor for keeping it."""
        return not self.dry_run and self.plan_file is None
