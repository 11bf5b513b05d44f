"""What the screen asks the reader of the queue, and the pictures that it is sent.

A picture is whole: whoever has the last one needs none before it, but for the strings,
which only grow within an epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from spooltool.diagnose.relay import RelayView
from spooltool.render.journal import Shown as Transaction
from spooltool.render.screen import Disk


@dataclass(frozen=True, slots=True)
class Show:
    """List what a query means, in an order.

    `serial` comes back in the pictures that answer it.  `text` is the query as the filter
    bar holds it, `sort` a key of `look.sorting` (`-KEY` for the other way; "" the queue's
    order), `group` the key that `groups` counts by.
    """

    serial: int
    text: str = "stuck"
    sort: str = ""
    group: str = "dst"


@dataclass(frozen=True, slots=True)
class Freeze:
    """Keep the list's rows and their order (`on`), or let it follow the queue again."""

    on: bool


@dataclass(frozen=True, slots=True)
class Thaw:
    """Take in what came and drop what left, once; a frozen list stays frozen after it."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Look at everything now: something was changed from here."""


Ask: TypeAlias = Show | Freeze | Thaw | LookAgain


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages and bytes; by standing and, of the stuck ones, by reason; `oldest` arrival."""

    messages: int = 0
    bytes: int = 0
    standings: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    oldest: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the table of groups against age.

    `ages` are counts by the columns of `diagnose.grouping.AGES` and, last, unknown age;
    `query` selects them ("" where the language has no word for it), `state` is a word for
    the last column: `down`, `451`, `late`, `susp`, `ok`, "".
    """

    label: str
    query: str
    ages: tuple[int, ...]
    bytes: int
    state: str = ""

    @property
    def messages(self) -> int:
        """In all."""
        return sum(self.ages)


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """One reason of *stuck*: how many, and the destination that most of them have."""

    reason: str
    messages: int
    about: str
    query: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A pass that is not yet through: files looked at, and how many there are (0: unknown)."""

    looked: int
    of: int


@dataclass(frozen=True, slots=True)
class Trash:
    """What lies in the trash: files, bytes, and since when the oldest does (None: empty)."""

    messages: int = 0
    bytes: int = 0
    oldest: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands beside the list.

    `groups` (by the key `grouped_by`) and `reasons` count *stuck* mail whatever the filter is,
    so that a way out of the filter stays on the screen; `hosts` counts it by destination.
    `transactions` are the journal's last, newest first.  `unreadable` are (directory, why).
    `last_life` is when the spool was last touched.
    """

    everything: Counts = field(default_factory=Counts)
    groups: tuple[Group, ...] = ()
    grouped_by: str = ""
    hosts: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[ReasonRow, ...] = ()
    relay: RelayView = field(default_factory=RelayView)
    disk: Disk | None = None
    trash: Trash = field(default_factory=Trash)
    transactions: tuple[Transaction, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    last_life: float = 0.0
    arrived: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    depth: tuple[int, ...] = ()
    """Messages that came, that left, and that were there, by ten seconds, oldest first; of
    the last `depth` is the one of now."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The list at one moment.  Two descriptors come with it: the block and the order.

    `at` is unix seconds.  `rows` slots are in the block, `listed` of them in the order;
    `strings` are to be appended to those of the same `epoch` from index `strings_from` on.
    `reading` tells that the first scan is not through, `judging` that the query is not;
    `matched` then counts what is known so far; `longest` is the length of the longest
    number.  While `frozen`, `new` messages match that
    are not listed and `gone` listed ones have left.
    """

    serial: int
    epoch: int
    at: float
    rows: int
    listed: int
    strings_from: int
    strings: tuple[str, ...]
    facts: Facts
    matched: Counts
    reading: Progress | None = None
    judging: Progress | None = None
    unjudged: int = 0
    frozen: bool = False
    new: int = 0
    gone: int = 0
    longest: int = 8


@dataclass(frozen=True, slots=True)
class Misread:
    """The query of `serial` cannot be read: why, at which column (1-based), and a hint."""

    serial: int
    message: str
    column: int = 0
    hint: str = ""


Told: TypeAlias = Picture | Misread
