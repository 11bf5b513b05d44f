"""A plan as the hand holds it: shown for a width, carried out, accounted for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, islice
from typing import Protocol

from spooltool.change.carrying import Watch
from spooltool.change.caution import number_to_type
from spooltool.change.errand import Errand
from spooltool.change.order import Order, command_line
from spooltool.change.ordered import wait_of
from spooltool.change.wish import Look, Study
from spooltool.change.work import Work
from spooltool.errors import ExitCode
from spooltool.look.ownership import explain_directory
from spooltool.look.sight import Sight
from spooltool.render.outcome import Account, account_lines
from spooltool.render.plan import counts, exception_lines, note_lines, sections
from spooltool.render.text import visible, wrapped
from spooltool.workers.changes import Diffs, Done, Planned

MOST_LINES = 20_000
"""So many lines of diffs go over to the screen; more read nobody."""


class InHand(Protocol):
    """What was asked for, planned and kept."""

    sight: Sight
    probe: Look | None
    count: int

    def planned(self, serial: int, width: int) -> Planned:
        """As it is shown."""

    def learn(self, seen: Study) -> None:
        """What a live look has shown."""

    def diffs(self, serial: int, width: int) -> Diffs:
        """A diff of each message."""

    def carry(self, serial: int, width: int, watch: Watch) -> Done:
        """Do it.  Raises SpooltoolError where nothing was done, or nothing more."""


class PlanInHand:
    """A change of files."""

    def __init__(self, work: Work, order: Order) -> None:
        self.work = work
        self.order = order
        self.sight = work.sight
        self.probe = work.probe
        self.count = len(work.plan.changes)

    def planned(self, serial: int, width: int) -> Planned:
        """As it is shown."""
        work, plan = self.work, self.work.plan
        frame = replace(work.frame(width, dry=False, every_diff=False), by="d")
        found = sections(plan, frame)
        return Planned(
            serial,
            plan.verb,
            work.sight.place,
            self.count,
            tuple(self._head(frame.columns)),
            tuple(found.groups),
            tuple(found.apart),
            tuple(found.notes),
            tuple(found.probe),
            tuple(_joined(found.diffs)),
            visible(command_line(self.sight.arguments)),
            work.wish.undo_holds,
            number_to_type(plan.verb, self.count),
            self.probe is not None and not work.study.probe,
        )

    def _head(self, width: int) -> list[str]:
        lines = wrapped(counts(self.work.plan), width)
        if self.work.undoes and not self.count:
            lines = [f"nothing of txn {visible(self.work.undoes)} is left to take back"]
        choice = self.work.choice
        if choice is None:
            return lines
        selection = choice.selection
        for word in selection.missing:
            lines += wrapped(f"{visible(word)}: no such message (it may have left)", width)
        for word, files in selection.doubled:
            both = f"{' and '.join(files)} carry this number: choose by path"
            lines += wrapped(f"{visible(word)}: {visible(both)}", width)
        for directory, why in selection.unreadable:
            lines += wrapped(explain_directory(self.sight, directory, why), width)
        return lines

    def learn(self, seen: Study) -> None:
        """What a live look has shown."""
        self.work.learn(seen)

    def diffs(self, serial: int, width: int) -> Diffs:
        """A diff of each message."""
        frame = replace(self.work.frame(width, dry=False, every_diff=True), width=width)
        blocks = sections(self.work.plan, frame).diffs
        lines = tuple(islice(_joined(blocks), MOST_LINES))
        return Diffs(serial, lines, max(0, sum(len(one) + 1 for one in blocks) - 1 - len(lines)))

    def carry(self, serial: int, width: int, watch: Watch) -> Done:
        """Make the change; raises CannotWrite."""
        work, notes = self.work, list[str]()
        work.check_space()
        carried = work.carry(
            reason=self.order.text("reason"),
            wait=wait_of(self.order),
            asks=not self.order.flag("no-yield"),
            note=notes.append,
            watch=watch,
        )
        account = work.account(carried)
        lines = account_lines(work.plan, account, width, plan_shown=True)
        for note in (*notes, carried.complaint):
            lines += wrapped(visible(note), width) if note else []
        return Done(
            serial,
            work.plan.verb,
            tuple(lines),
            _summary(work.plan.verb, account),
            ExitCode.INTERRUPTED if carried.interrupted else work.code(account),
            carried.txn,
            work.wish.undo_holds if account.count("done") else "",
            carried.interrupted,
        )


def _summary(verb: str, account: Account) -> str:
    """`txn 7c retarget: 12 done, 1 busy`."""
    counted = (
        (word, account.count(word)) for word in ("done", "busy", "changed", "gone", "failed")
    )
    parts = [f"{number:,} {word}" for word, number in counted if number] or ["nothing changed"]
    if account.interrupted:
        parts.append("interrupted")
    return f"txn {account.txn} {verb}: {', '.join(parts)}"


def _joined(blocks: Iterable[list[str]]) -> Iterable[str]:
    """Blocks of lines with an empty line between them."""
    return chain.from_iterable(
        block if number == 0 else ["", *block] for number, block in enumerate(blocks)
    )


class ErrandInHand:
    """What the relay is to do."""

    probe: Look | None = None

    def __init__(self, errand: Errand, order: Order, sight: Sight) -> None:
        self.errand = errand
        self.order = order
        self.sight = sight
        self.count = errand.messages

    def planned(self, serial: int, width: int) -> Planned:
        """As it is shown."""
        errand = self.errand
        says = [line for text in errand.says for line in wrapped(text, width)]
        return Planned(
            serial,
            self.order.verb,
            self.sight.place,
            self.count or (0 if self.order.verb == "kick" else 1),
            tuple(says),
            apart=tuple(exception_lines(errand.apart, width)),
            notes=tuple(note_lines(errand.notes, width)),
            command=visible(command_line(self.sight.arguments)),
        )

    def learn(self, seen: Study) -> None:
        """There is no live look."""

    def diffs(self, serial: int, width: int) -> Diffs:
        """No file is changed."""
        return Diffs(serial, ())

    def carry(self, serial: int, width: int, watch: Watch) -> Done:
        """Have the relay do it."""
        lines, code = self.errand.carry(width)
        if code == ExitCode.OK and not self.errand.found_all:
            code = ExitCode.SOME
        return Done(serial, self.order.verb, tuple(lines), lines[0] if lines else "", code)
