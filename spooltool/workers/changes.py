"""What the screen asks the hand, and what it is told.

A plan is made, shown, and carried out as it was shown: the hand keeps it by its serial until
another one is asked for or it is dropped.  Lines are visible text, made for a width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from spooltool.change.envelope_text import EnvelopeText
from spooltool.change.order import Order


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make the plan of an order, for a screen of `width` columns.

    The one before is dropped.  Answered by Planned or Refused; the lines of a live look
    follow it as they come.
    """

    serial: int
    order: Order
    width: int


@dataclass(frozen=True, slots=True)
class Carry:
    """Carry out the plan of `serial` as it was shown: Progress, then Done or Refused."""

    serial: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the change that is under way between two batches, as Ctrl-C does."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget the plan of `serial`."""

    serial: int


@dataclass(frozen=True, slots=True)
class Reflow:
    """The plan of `serial` once more, for another width."""

    serial: int
    width: int


@dataclass(frozen=True, slots=True)
class ShowDiffs:
    """A diff of each message that the plan of `serial` rewrites."""

    serial: int
    width: int


@dataclass(frozen=True, slots=True)
class ProbeHost:
    """A live look at a host; `tls` is a word of `probe --tls`, "" for the usual."""

    serial: int
    host: str
    tls: str
    width: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope of the one message that the words mean, as text for an editor."""

    serial: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """The last transactions of this spool, as choices of an undo."""

    serial: int


Ask: TypeAlias = Prepare | Carry | Stop | Drop | Reflow | ShowDiffs | ProbeHost | Envelope | Recent


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan.  `changes` messages would change; 0: there is nothing to do.

    `head` says how many match, `command` is the equal command line.  `undo` is how long it
    can be taken back, "" for never.  `number` is to be typed by whoever agrees, 0 where
    `y` is enough.  `probing`: Probed follows.
    """

    serial: int
    verb: str
    place: str
    changes: int
    head: tuple[str, ...]
    groups: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    command: str = ""
    undo: str = ""
    number: int = 0
    probing: bool = False


@dataclass(frozen=True, slots=True)
class Probed:
    """More lines of a live look; `over` with the last ones, and whether all is well."""

    serial: int
    lines: tuple[str, ...]
    over: bool = False
    good: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be done: why, a hint, the column of a query (0: none), the exit code.

    Nothing was changed, or nothing more.
    """

    serial: int
    lines: tuple[str, ...]
    hint: tuple[str, ...] = ()
    column: int = 0
    code: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """So many messages have ended, `busy` ones are waited for."""

    serial: int
    ended: int
    of: int
    busy: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it, exceptions named; `txn` "" where no file was to change.

    `undo` as in Planned, "" where nothing was changed.  `summary` is one line for a status.
    """

    serial: int
    verb: str
    lines: tuple[str, ...]
    summary: str
    code: int
    txn: str = ""
    undo: str = ""
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Diffs:
    """Diffs of the plan of `serial`; `left_out` lines are not among them."""

    serial: int
    lines: tuple[str, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Around:
    """What has changed around a plan that is shown, "" where all is as it was.

    `gone`: its spool is not there any more, so that it cannot be carried out.
    """

    serial: int
    text: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class EnvelopeRead:
    """An envelope as text."""

    serial: int
    envelope: EnvelopeText


@dataclass(frozen=True, slots=True)
class Recents:
    """(transaction, line about it), newest first; `mine` is this person's last one, or ""."""

    serial: int
    choices: tuple[tuple[str, str], ...]
    mine: str = ""


Told: TypeAlias = (
    Planned | Probed | Refused | Progress | Done | Diffs | Around | EnvelopeRead | Recents
)
