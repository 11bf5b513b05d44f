"""One plan on its way to the spool: made, carried out, accounted for.

The command line and the screen show it and ask in their own ways; what is done between is
the same for both.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from spooltool.change.carrying import NOBODY, Carried, Watch, carry
from spooltool.change.choosing import Choice, choose
from spooltool.change.held_up import with_holders
from spooltool.change.left import how_they_left
from spooltool.change.wish import Look, Say, Study, Wish
from spooltool.diagnose.planning import make_plan, with_notes
from spooltool.errors import CannotWrite, ExitCode, SpooltoolError
from spooltool.look.selection import select
from spooltool.look.sight import Sight
from spooltool.render.outcome import Account
from spooltool.render.plan import Frame
from spooltool.render.units import size
from spooltool.spool.plan import Plan
from spooltool.store.journal import Actor

RESERVE = 16 << 20
"""Bytes that must stay free beside the largest file that is written anew."""

WAIT = 30.0
"""Seconds that a change waits for busy messages, where nothing else is said."""


@dataclass
class Work:
    """A plan, what was found out for it, and the frozen set that it is about.

    `probe` is the live look that belongs to it, not taken yet.
    """

    sight: Sight
    plan: Plan
    wish: Wish
    me: Actor
    study: Study = field(default_factory=Study)
    choice: Choice | None = None
    undoes: str = ""
    probe: Look | None = None

    def look(self, say: Say = lambda line: None) -> None:
        """Take the live look, where there is one; it becomes part of the study."""
        if self.probe is not None:
            self.learn(self.probe(say))

    def learn(self, seen: Study) -> None:
        """What a live look has shown."""
        self.study = replace(
            self.study, probe=seen.probe, doubtful=self.study.doubtful or seen.doubtful
        )

    def frame(self, width: int, *, dry: bool, every_diff: bool) -> Frame:
        """What the plan is shown with, on a screen of so many columns."""
        free = free_space(self.sight.spool.path)
        return Frame(self.sight.place, width, free, dry, self.study.probe, every_diff)

    @property
    def selected(self) -> int:
        """How many messages were selected, changed or not."""
        return len(self.plan.changes) if self.choice is None else len(self.choice.chosen.rows)

    def check_space(self) -> None:
        """Raises CannotWrite when the largest file to rewrite would fill the disk."""
        largest = max((c.size for c in self.plan.changes if c.rewrites), default=0)
        free = free_space(self.sight.spool.path)
        if largest and free is not None and free < largest + RESERVE:
            raise CannotWrite(
                f"{size(free)} free, but the largest file to rewrite has {size(largest)}, and "
                f"{size(RESERVE)} must stay free: nothing was changed",
                hint="free space below the spool first; hold and release need none",
            )

    def carry(
        self,
        *,
        reason: str,
        wait: float,
        asks: bool,
        note: Callable[[str], None],
        watch: Watch = NOBODY,
    ) -> Carried:
        """Make the change.  `wait` seconds for busy messages; `asks` the relay for them.

        `watch` follows it, and may end it.  Raises CannotWrite.
        """
        return carry(
            self.sight.spool,
            self.plan,
            self.me,
            reason=reason,
            undoes=self.undoes,
            wait=wait,
            asks=asks,
            kick=self.wish.kick,
            note=note,
            watch=watch,
        )

    def account(self, carried: Carried) -> Account:
        """What became of each message, who holds the busy ones, and what matches since."""
        newcomers, arrived = self._newcomers()
        gone = {one.id for one in carried.endings if one.result == "gone"}
        words = how_they_left(self.sight, gone, self.plan.made)
        return Account(
            carried.txn,
            tuple(
                replace(one, detail=f"left the queue since: {words[one.id]}")
                if one.id in words
                else one
                for one in with_holders(self.sight, carried.endings)
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
        afresh = self.sight.again()
        try:
            again = select(afresh, choice.words)
            rows = [row for row in again.rows() if row.id not in before]
        except SpooltoolError:
            return 0, True  # the change is made, and is to be told whatever came after it
        finally:
            afresh.close()
        arrived = all((row.arrived or 0.0) >= self.plan.made for row in rows)
        return len(rows), arrived

    def code(self, account: Account | None) -> int:
        """The exit code: 0 all as asked or gone, 1 some are not, 4 not all could be judged."""
        endings = account.endings if account else ()
        amiss = any(one.result in ("busy", "changed", "failed") for one in endings)
        skipped = any(apart.kind == "skip" for apart in self.plan.apart)
        if amiss or skipped or (self.choice is not None and not self.choice.found_all):
            return ExitCode.SOME
        if self.choice is not None and not self.choice.complete:
            return ExitCode.INCOMPLETE
        return ExitCode.OK


def prepare(
    sight: Sight,
    words: Sequence[str],
    wish: Wish,
    me: Actor,
    *,
    piped: Sequence[str] | None = None,
    wait: float = WAIT,
) -> Work:
    """Freeze what the words mean and make the plan; nothing is written.

    `piped` are the ids that `-` stands for.  Raises QueryError, UsageError, NoSpool.
    """
    choice = choose(sight, words, piped=piped, trash=wish.trash)
    plan = make_plan(
        wish.verb,
        choice.chosen,
        wish.decide,
        spool=sight.place,
        found_by=sight.found,
        query=choice.text,
        made=time.time(),
        wait=wait,
        arguments=wish.arguments,
    )
    study = wish.study(plan, choice.chosen) if wish.study else Study()
    probe = wish.probe(plan, choice.chosen) if wish.probe else None
    return Work(sight, with_notes(plan, study.notes), wish, me, study, choice, probe=probe)


def free_space(path: str) -> int | None:
    """Bytes that this user may still write below a path; None when nobody tells."""
    try:
        facts = os.statvfs(path)
    except OSError:
        return None
    return facts.f_bavail * facts.f_frsize
