"""How every changing verb runs: plan, show, ask, carry out, account.

A verb brings its wish; the order of the steps and what is said at each is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spooltool.change.actor import who
from spooltool.change.caution import caution_of
from spooltool.change.choosing import check_set, own
from spooltool.change.kept_plan import keep_plan
from spooltool.change.wish import Wish
from spooltool.change.work import Work, prepare
from spooltool.cli.change_options import ChangeOptions
from spooltool.cli.choice import name_trouble, piped
from spooltool.cli.confirm import confirm, person
from spooltool.cli.invocation import Invocation
from spooltool.cli.telling import Telling
from spooltool.errors import ConfirmationMissing, ExitCode, UsageError


@dataclass(frozen=True, slots=True)
class Watching:
    """What follows the change: `before` is called just before it, `after` with the changed files.

    `after` returns the exit code.
    """

    before: Callable[[], None]
    after: Callable[[Sequence[str]], int]


def change(
    invocation: Invocation,
    words: Sequence[str],
    wish: Wish,
    options: ChangeOptions,
    watching: Watching | None = None,
) -> int:
    """Carry a wish out over the messages that the words mean; the exit code."""
    check_words(invocation, words, options)
    me = who(invocation)
    if options.writes:
        own(invocation, force=options.force)
    from_stdin = piped(words, null=options.null)
    work = prepare(invocation, words, wish, me, piped=from_stdin, wait=options.wait)
    work.look()
    if work.choice is not None:
        name_trouble(invocation, work.choice.selection)
    return Changing(invocation, work, options, watching).run()


def check_words(invocation: Invocation, words: Sequence[str], options: ChangeOptions) -> None:
    """Whether the words can mean a set.  Raises UsageError, QueryError; reads nothing."""
    check_set(words, everything=options.everything)
    if options.everything and options.yes and not invocation.located.explicit:
        raise UsageError("--all together with --yes wants the spool to be named: --spool DIR")


@dataclass
class Changing:
    """A plan on its way from the screen to the spool."""

    invocation: Invocation
    work: Work
    options: ChangeOptions
    watching: Watching | None = None

    def run(self) -> int:
        """Show or carry out; the exit code.  Raises ConfirmationMissing, CannotWrite."""
        telling = self._telling()
        self._name_unreadable()
        if not self.options.writes:
            return self._only_shown(telling)
        if not self.work.plan.changes:
            telling.nothing_to_do()
            telling.finish()
            return self.work.code(None)
        self._check_size()
        self.work.check_space()
        try:
            self._agree(telling)
        except KeyboardInterrupt:
            self.invocation.out.note("\nspooltool: interrupted: nothing was changed")
            return ExitCode.INTERRUPTED
        return self._carry(telling)

    def _carry(self, telling: Telling) -> int:
        if self.watching is not None:
            self.watching.before()
        note = self.invocation.out.note
        carried = self.work.carry(
            reason=self.options.reason,
            wait=self.options.wait,
            asks=not self.options.no_yield,
            note=note,
        )
        account = self.work.account(carried)
        telling.account(account)
        telling.finish()
        if carried.complaint:
            note(f"spooltool: {carried.complaint}")
        if carried.interrupted:
            return ExitCode.INTERRUPTED
        code = self.work.code(account)
        if self.watching is None:
            return code
        done = [one.file for one in account.endings if one.result == "done"]
        return self.watching.after(done) or code

    def _telling(self) -> Telling:
        out, options = self.invocation.out, self.options
        frame = self.work.frame(out.width, dry=not options.writes, every_diff=options.diff)
        return Telling(out, self.work.plan, frame, json=options.json)

    def _name_unreadable(self) -> None:
        if self.work.choice is None:
            return
        from spooltool.look.ownership import explain_directory

        for directory, why in self.work.choice.selection.unreadable:
            self.invocation.out.note(
                f"spooltool: {explain_directory(self.invocation, directory, why)}"
            )

    def _only_shown(self, telling: Telling) -> int:
        kept, choice = self.options.plan_file, self.work.choice
        if kept is not None:
            keep_plan(kept, self.work.plan)
        telling.shown(kept=kept)
        telling.finish()
        if choice is None:
            return ExitCode.OK
        if not choice.found_all:
            return ExitCode.SOME
        return ExitCode.OK if choice.complete else ExitCode.INCOMPLETE

    def _check_size(self) -> None:
        most = self.options.most
        if most is not None and self.work.selected > most:
            raise ConfirmationMissing(
                f"{self.work.selected:,} messages match, --max {most}: nothing was changed"
            )

    def _agree(self, telling: Telling) -> None:
        if self.options.yes:
            return
        work, choice = self.work, self.work.choice
        somebody = person(stdin_taken=choice is not None and choice.piped)
        if somebody is None:
            telling.plan_to_stderr()
            raise ConfirmationMissing(
                "not confirmed: nothing was changed",
                hint="--yes answers the question, --dry-run only looks",
            )
        with somebody:
            caution = caution_of(work.wish.verb)
            typed = choice is not None and choice.typed and not caution.always
            if typed and work.wish.undo_holds and not work.study.doubtful:
                return
            telling.plan_before_question()
            where = f"{self.invocation.place} ({self.invocation.found})"
            confirm(somebody, work.wish.verb, len(work.plan.changes), where)
