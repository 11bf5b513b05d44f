"""How every changing verb runs: plan, show, ask, carry out, account.

A verb brings its wish; the order of the steps and what is said at each is the same for all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from spooltool.cli.actor import who
from spooltool.cli.carrying import Carried, carry
from spooltool.cli.caution import caution_of
from spooltool.cli.change_options import ChangeOptions
from spooltool.cli.choosing import Choice, check_words, choose, own
from spooltool.cli.confirm import confirm, person
from spooltool.cli.held_up import with_holders
from spooltool.cli.invocation import Invocation
from spooltool.cli.left import how_they_left
from spooltool.cli.selection import name_trouble, select
from spooltool.cli.telling import Telling
from spooltool.diagnose.planning import Chosen, Decide, make_plan, with_notes
from spooltool.errors import CannotWrite, ConfirmationMissing, ExitCode
from spooltool.render.outcome import Account
from spooltool.render.plan import Frame
from spooltool.render.units import size
from spooltool.spool.plan import Plan
from spooltool.store.journal import Actor

RESERVE = 16 << 20
"""Bytes that must stay free beside the largest file that is written anew."""


@dataclass(frozen=True, slots=True)
class Study:
    """What a verb found out beside the plan: notes, probe lines; `doubtful` wants a person."""

    notes: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What a verb wants done: `decide` for each message, `study` once over the plan.

    `undo_holds` says how long `undo` takes it back ("" when it does not).  `kick` has the
    relay try what was changed; `before` is called just before the change, `watch` gets the
    changed files after it and returns an exit code.  `trash` lets ids mean files in the
    trash, too.
    """

    verb: str
    decide: Decide
    undo_holds: str
    arguments: dict[str, str] = field(default_factory=dict)
    study: Callable[[Plan, Chosen], Study] | None = None
    kick: bool = False
    watch: Callable[[Sequence[str]], int] | None = None
    before: Callable[[], None] | None = None
    trash: bool = False


def change(invocation: Invocation, words: Sequence[str], wish: Wish, options: ChangeOptions) -> int:
    """Carry a wish out over the messages that the words mean; the exit code."""
    check_words(invocation, words, options)
    me = who(invocation)
    if options.writes:
        own(invocation, options)
    choice = choose(invocation, words, options, trash=wish.trash)
    name_trouble(invocation, choice.selection)
    plan = make_plan(
        wish.verb,
        choice.chosen,
        wish.decide,
        spool=invocation.place,
        found_by=invocation.found,
        query=choice.text,
        made=time.time(),
        wait=options.wait,
        arguments=wish.arguments,
    )
    study = wish.study(plan, choice.chosen) if wish.study else Study()
    work = Work(invocation, with_notes(plan, study.notes), wish, options, me, study, choice)
    return work.run()


@dataclass
class Work:
    """One plan on its way from the screen to the spool."""

    invocation: Invocation
    plan: Plan
    wish: Wish
    options: ChangeOptions
    me: Actor
    study: Study = field(default_factory=Study)
    choice: Choice | None = None
    undoes: str = ""

    def run(self) -> int:
        """Show or carry out; the exit code.  Raises ConfirmationMissing, CannotWrite."""
        telling = self._telling()
        self._name_unreadable()
        if not self.options.writes:
            return self._only_shown(telling)
        if not self.plan.changes:
            telling.nothing_to_do()
            telling.finish()
            return self._code(None)
        self._check_size()
        self._check_space()
        try:
            self._agree(telling)
        except KeyboardInterrupt:
            self.invocation.out.note("\nspooltool: interrupted: nothing was changed")
            return ExitCode.INTERRUPTED
        carried = self._carry()
        account = self._account(carried)
        telling.account(account)
        telling.finish()
        if carried.complaint:
            self.invocation.out.note(f"spooltool: {carried.complaint}")
        if carried.interrupted:
            return ExitCode.INTERRUPTED
        code = self._code(account)
        if self.wish.watch is not None:
            done = [one.file for one in account.endings if one.result == "done"]
            code = self.wish.watch(done) or code
        return code

    def _telling(self) -> Telling:
        out = self.invocation.out
        frame = Frame(
            self.invocation.place,
            out.width,
            free_space(self.invocation.spool.path),
            self.options.dry_run or self.options.plan_file is not None,
            self.study.probe,
            self.options.diff,
        )
        return Telling(out, self.plan, frame, json=self.options.json)

    def _name_unreadable(self) -> None:
        if self.choice is None:
            return
        from spooltool.cli.ownership import explain_directory

        for directory, why in self.choice.selection.unreadable:
            self.invocation.out.note(
                f"spooltool: {explain_directory(self.invocation, directory, why)}"
            )

    def _only_shown(self, telling: Telling) -> int:
        kept = self.options.plan_file
        if kept is not None:
            keep_plan(kept, self.plan)
        telling.shown(kept=kept)
        telling.finish()
        if self.choice is None:
            return ExitCode.OK
        if not self.choice.found_all:
            return ExitCode.SOME
        return ExitCode.OK if self.choice.complete else ExitCode.INCOMPLETE

    # before

    @property
    def _selected(self) -> int:
        if self.choice is not None:
            return len(self.choice.chosen.rows)
        return len(self.plan.changes)

    def _check_size(self) -> None:
        most = self.options.most
        if most is not None and self._selected > most:
            raise ConfirmationMissing(
                f"{self._selected:,} messages match, --max {most}: nothing was changed"
            )

    def _check_space(self) -> None:
        largest = max((c.size for c in self.plan.changes if c.rewrites), default=0)
        free = free_space(self.invocation.spool.path)
        if largest and free is not None and free < largest + RESERVE:
            raise CannotWrite(
                f"{size(free)} free, but the largest file to rewrite has {size(largest)}, and "
                f"{size(RESERVE)} must stay free: nothing was changed",
                hint="free space below the spool first; hold and release need none",
            )

    def _agree(self, telling: Telling) -> None:
        if self.options.yes:
            return
        somebody = person(stdin_taken=self.choice is not None and self.choice.piped)
        if somebody is None:
            telling.plan_to_stderr()
            raise ConfirmationMissing(
                "not confirmed: nothing was changed",
                hint="--yes answers the question, --dry-run only looks",
            )
        with somebody:
            caution = caution_of(self.wish.verb)
            typed = self.choice is not None and self.choice.typed and not caution.always
            if typed and self.wish.undo_holds and not self.study.doubtful:
                return
            telling.plan_before_question()
            where = f"{self.invocation.place} ({self.invocation.found})"
            confirm(somebody, self.wish.verb, len(self.plan.changes), where, typed=caution.number)

    # the change

    def _carry(self) -> Carried:
        if self.wish.before is not None:
            self.wish.before()
        return carry(
            self.invocation.spool,
            self.plan,
            self.me,
            reason=self.options.reason,
            undoes=self.undoes,
            wait=self.options.wait,
            asks=not self.options.no_yield,
            kick=self.wish.kick,
            note=self.invocation.out.note,
        )

    def _account(self, carried: Carried) -> Account:
        newcomers, arrived = self._newcomers()
        gone = {one.id for one in carried.endings if one.result == "gone"}
        words = how_they_left(self.invocation, gone, self.plan.made)
        return Account(
            carried.txn,
            tuple(
                replace(one, detail=f"left the queue since: {words[one.id]}")
                if one.id in words
                else one
                for one in with_holders(self.invocation, carried.endings)
            ),
            carried.seconds,
            carried.kicked,
            newcomers,
            arrived,
            self.wish.undo_holds,
            interrupted=carried.interrupted,
        )

    def _newcomers(self) -> tuple[int, bool]:
        """How many match now and did not before, and whether all of them arrived since."""
        choice = self.choice
        if choice is None or choice.selection.query.ids or choice.piped:
            return 0, True
        before = choice.chosen.ids
        afresh = replace(self.invocation)
        try:
            again = select(afresh, choice.words)
            rows = [row for row in again.rows() if row.id not in before]
        finally:
            afresh.close()
        arrived = all((row.arrived or 0.0) >= self.plan.made for row in rows)
        return len(rows), arrived

    def _code(self, account: Account | None) -> int:
        endings = account.endings if account else ()
        amiss = any(one.result in ("busy", "changed", "failed") for one in endings)
        skipped = any(apart.kind == "skip" for apart in self.plan.apart)
        if amiss or skipped or (self.choice is not None and not self.choice.found_all):
            return ExitCode.SOME
        if self.choice is not None and not self.choice.complete:
            return ExitCode.INCOMPLETE
        return ExitCode.OK


def free_space(path: str) -> int | None:
    """Bytes that this user may still write below a path; None when nobody tells."""
    try:
        facts = os.statvfs(path)
    except OSError:
        return None
    return facts.f_bavail * facts.f_frsize


def keep_plan(path: str, plan: Plan) -> None:
    """Write a plan to a file of its own.  Raises CannotWrite; an existing file stays."""
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(plan.encode() + "\n")
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror}") from error
