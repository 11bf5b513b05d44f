"""Many files to lines, on both cores.

A large spool is read in two halves, one by a forked child: reading 100,000 small files is
work for a core, not for the disk.  Each half hands over finished lines with their sort
keys, so that no head outlives its row; the parent sorts and writes.
"""

from __future__ import annotations

import gc
import marshal
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from spooltool.diagnose.row import Row
from spooltool.diagnose.tally import Tally, unpack
from spooltool.look.selection import Selection
from spooltool.spool.names import SpoolName
from spooltool.store.root import Spool
from spooltool.store.scan import scan

if TYPE_CHECKING:
    from spooltool.diagnose.grouping import Groups

WORTH_A_FORK = 3000
"""From so many files on a second process pays."""

Line = tuple[Any, bytes]
LineOf = Callable[[Row], Line]


@dataclass
class Survey:
    """What a pass over a selection found.  `lines` are (sort key, line) in no order.

    `shown` counts the messages that matched, `rest` the others that were looked at,
    `unjudged` are files that the query could not judge.  `looked` is the number of files.
    `groups` counts what matched by keys, where that was asked for.
    """

    lines: list[Line] = field(default_factory=list)
    shown: Tally = field(default_factory=Tally)
    rest: Tally = field(default_factory=Tally)
    looked: int = 0
    unjudged: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    groups: Groups | None = None

    @property
    def all(self) -> Tally:
        """Counts of every file looked at."""
        everything = Tally()
        everything.merge(self.shown)
        everything.merge(self.rest)
        return everything

    def merge(self, other: Survey) -> None:
        """Add what the other half found."""
        self.lines += other.lines
        self.shown.merge(other.shown)
        self.rest.merge(other.rest)
        self.looked += other.looked
        self.unjudged += other.unjudged
        self.unreadable += other.unreadable
        if self.groups is not None and other.groups is not None:
            self.groups.merge(other.groups)


def survey(
    selection: Selection,
    line_of: LineOf | None,
    *,
    counted: bool = True,
    groups: Groups | None = None,
) -> Survey:
    """Read every file of a selection; `line_of` makes a line of those that match.

    `counted` False leaves the tallies empty: a bare list of ids needs none.  `groups` says
    by which keys they are counted, too; it is filled.
    """
    names = selection.all_names()
    gc.disable()  # rows make no cycles, and there are many of them
    try:
        if len(names) < WORTH_A_FORK or len(os.sched_getaffinity(0)) < 2:
            found = _pass(selection, names, line_of, counted, groups)
        else:
            found = _two_halves(selection, names, line_of, counted, groups)
    finally:
        gc.enable()
    found.unreadable = selection.unreadable
    return found


def _two_halves(
    selection: Selection,
    names: list[SpoolName],
    line_of: LineOf | None,
    counted: bool,
    groups: Groups | None,
) -> Survey:
    half = len(names) // 2
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(selection, names[half:], line_of, counted, groups, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = _pass(selection, names[:half], line_of, counted, groups)
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if status == 0:
        found.merge(_unpacked(marshal.loads(data), groups))
    else:  # it was killed, or ran out of memory: the parent does it alone
        again = groups.fresh() if groups is not None else None
        found.merge(_pass(selection, names[half:], line_of, counted, again))
    return found


def _child(
    selection: Selection,
    names: list[SpoolName],
    line_of: LineOf | None,
    counted: bool,
    groups: Groups | None,
    writing: int,
) -> NoReturn:
    """The other half, in a process that ends here whatever happens."""
    code = 1
    try:
        found = _pass(selection, names, line_of, counted, groups)
        with os.fdopen(writing, "wb") as pipe:
            marshal.dump(_packed(found), pipe)
        code = 0
    finally:
        os._exit(code)


def _pass(
    selection: Selection,
    names: Iterable[SpoolName],
    line_of: LineOf | None,
    counted: bool,
    groups: Groups | None,
) -> Survey:
    found = Survey(groups=groups)
    matches = selection.typed.matches if selection.typed else None
    count, count_rest = found.shown.add, found.rest.add
    lines = found.lines
    rows_of = selection.rows_of
    group = groups.add if groups is not None else None
    looked = 0
    if not counted:
        count = count_rest = _uncounted
    for entry in selection.scan().entries(names):
        row = rows_of(entry)
        looked += 1
        verdict = True if matches is None else matches(row)
        if verdict:
            count(row)
            if line_of is not None:
                lines.append(line_of(row))
            if group is not None:
                group(row)
            continue
        count_rest(row)
        if verdict is None:
            found.unjudged.append(row.file)
    found.looked = looked
    lines.sort()  # here, so that two processes sort half each
    return found


def _packed(found: Survey) -> tuple[Any, ...]:
    groups = found.groups.packed() if found.groups is not None else None
    shown, rest = found.shown.packed(), found.rest.packed()
    return found.lines, shown, rest, found.looked, found.unjudged, groups


def _unpacked(values: tuple[Any, ...], groups: Groups | None) -> Survey:
    lines, shown, rest, looked, unjudged, packed = values
    found = Survey(lines, unpack(shown), unpack(rest), looked, unjudged)
    found.groups = groups.unpacked(packed) if groups is not None else None
    return found


def last_touched(spool: Spool) -> float:
    """The newest sign of life in a spool: a message that arrived, an attempt.

    From what the files say, for copying changes their times; 0 for an empty spool.
    """
    from spooltool.diagnose.row import Found
    from spooltool.spool.states import Circumstance

    tally = Tally()
    around = Circumstance(float("inf"), relay_up=False)
    for entry in scan(spool).entries():
        found = Found(entry.name, entry.inode, entry.size, entry.mtime, entry.head, entry.error)
        tally.add(Row(found, around))
    return tally.last_life


def _uncounted(row: Row) -> None:
    """For lists that are written without their counts."""
