"""What a reading command says about the parts of a spool that it could not read."""

from __future__ import annotations

from spooltool.cli.invocation import Invocation
from spooltool.errors import NotPermitted
from spooltool.look.survey import Survey


def name_first(invocation: Invocation, found: Survey) -> None:
    """The first line of stderr when a part could not be read."""
    for directory, why in found.unreadable[:1]:
        invocation.out.note(f"spooltool: {directory}: {why}: what follows is a part")


def name_last(invocation: Invocation, found: Survey) -> None:
    """The last lines of stderr: what could not be read or judged, and what would help."""
    note = invocation.out.note
    if found.unjudged:
        named = ", ".join(found.unjudged[:3]) + (", …" if len(found.unjudged) > 3 else "")
        note(f"spooltool: {len(found.unjudged):,} could not be judged by the query: {named}")
    for directory, why in found.unreadable:
        note(unreadable_directory(invocation, directory, why))


def unreadable_directory(invocation: Invocation, directory: str, why: str) -> str:
    """A directory that cannot be read: its owner, and the command that would work."""
    from spooltool.look.ownership import explain_directory

    return explain_directory(invocation, directory, why)


def refuse_if_blind(invocation: Invocation, found: Survey) -> None:
    """Nothing at all could be read: that is no list, not even a part of one."""
    blind = found.unreadable and not found.looked
    if blind and len(found.unreadable) == len(invocation.spool.directories):
        directory, why = found.unreadable[0]
        raise NotPermitted(
            f"nothing of {invocation.spool.path} can be read",
            hint=unreadable_directory(invocation, directory, why),
        )
