"""The table of sub-commands, so that help needs no module but this one.

A module of the table has a function `run` whose docstring begins with the line that
stands here; a test compares them.
"""

from __future__ import annotations

from typing import NamedTuple

from spooltool.change.caution import undo_holds


class Verb(NamedTuple):
    """One sub-command: name, module of `spooltool.cli`, panel, help in one line.

    `asof` verbs have a clock that `--as-of` can set: those that only read.
    """

    name: str
    module: str
    panel: str
    help: str
    asof: bool = False

    @property
    def undo(self) -> str:
        """How long `undo` takes a change back; "" where nothing is taken back."""
        return undo_holds(self.name)


PANELS = ("Look", "Change", "Relay", "Keep", "Live", "Setup")
"""The groups of the help, in order; one without verbs is left out."""

VERBS: tuple[Verb, ...] = (
    Verb("status", "status", "Look", "The spool on one screen: counts, stuck, relay, disk.", True),
    Verb("ls", "ls", "Look", "Messages, one a line.", True),
    Verb("group", "group", "Look", "Counts and bytes by one or two keys, against age.", True),
    Verb("show", "show", "Look", "One message: verdict, envelope, recipients, headers.", True),
    Verb("log", "log", "Look", "Log lines of messages, over rotation; -f follows.", True),
    Verb("history", "history", "Look", "Operators' transactions; one in full.", True),
    Verb("watch", "watch", "Look", "Changes of messages until they have left, then the outcome."),
    Verb("probe", "probe", "Look", "A live look at a host: connect, greeting, EHLO, STARTTLS."),
    Verb(
        "retarget",
        "retarget",
        "Change",
        "Send mail that waits to another host or port.",
    ),
    Verb(
        "set",
        "set_keys",
        "Change",
        "Give keys another value; another sender, other recipients.",
    ),
    Verb(
        "accept",
        "accept",
        "Change",
        "Seal mail that was edited by hand: deliver it as it stands.",
    ),
    Verb("hold", "hold", "Change", "Set messages aside, in D_hold."),
    Verb(
        "release",
        "release",
        "Change",
        "Let messages out of D_hold or D_quarantine, to where they came from.",
    ),
    Verb("requeue", "requeue", "Change", "Try mail as if it were just received."),
    Verb(
        "bounce",
        "bounce",
        "Change",
        "Give mail up now and tell its senders.",
    ),
    Verb(
        "delete",
        "delete",
        "Change",
        "Take mail out of the queue, into the trash.",
    ),
    Verb(
        "move",
        "move_to",
        "Change",
        "Another spelling of hold, requeue, release and bounce.",
    ),
    Verb(
        "apply",
        "apply_plan",
        "Change",
        "Carry out a plan that --plan kept.",
    ),
    Verb("undo", "undo", "Change", "Take a transaction back, key by key."),
    Verb("kick", "kick", "Relay", "Try mail now: all of it, messages, or what goes to a host."),
    Verb(
        "suspend",
        "suspend",
        "Relay",
        "No attempts to a host, for a time; without a name: the list.",
    ),
    Verb("resume", "resume", "Relay", "Allow attempts again to hosts that were suspended."),
    Verb("purge", "purge", "Keep", "Empty the trash."),
    Verb("tui", "tui", "Live", "The whole queue on one screen, live."),
    Verb("demo", "demo", "Live", "See mail get stuck and mended, in a temporary folder."),
    Verb("completion", "completion", "Setup", "The completion script of a shell."),
)
"""Every sub-command, in the order of the help."""

BY_NAME: dict[str, Verb] = {verb.name: verb for verb in VERBS}
