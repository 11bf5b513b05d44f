"""Carrying a plan out: lock, compare, journal, change, read back, journal.

Messages go in small batches that share their syncs.  A busy message is asked for and
tried again at the end, up to `wait` seconds; what stays busy is named.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from spooltool.errors import Busy, CannotWrite, Gone, NotPermitted, SpooltoolError
from spooltool.spool.codec import Envelope
from spooltool.spool.disposition import ASIDE, hindrance, remembered, stands
from spooltool.spool.envelope_change import rewritten
from spooltool.spool.names import TRASH, SpoolName, in_trash
from spooltool.spool.places import (
    PARTIAL_AGE,
    is_partial,
    moved_on,
    target_of,
    touches_trash,
)
from spooltool.spool.plan import Change, Plan
from spooltool.spool.readdress import compare
from spooltool.spool.state import State, set_aside, taken_back
from spooltool.store.edit import Replacement, write_state
from spooltool.store.filesystem import Syncer
from spooltool.store.journal import Actor, Journal, Outcome
from spooltool.store.lock import Locked, lock
from spooltool.store.move import move, remove
from spooltool.store.results import write_disposed
from spooltool.store.root import Spool
from spooltool.store.seal import seal_fits

BATCH = 64
_RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan: the transaction's name and one outcome a change."""

    txn: str
    outcomes: tuple[Outcome, ...]
    seconds: float

    def count(self, result: str) -> int:
        """How many messages ended in this word."""
        return sum(outcome.result == result for outcome in self.outcomes)


Ask = Callable[[Sequence[str]], None]
"""Asks the dequeuer to let messages go; ignores a dequeuer that does not answer."""


def apply(
    spool: Spool,
    plan: Plan,
    actor: Actor,
    *,
    reason: str = "",
    undoes: str = "",
    wait: float = 30.0,
    ask: Ask | None = None,
    tell: Callable[[Outcome], None] | None = None,
    begun: Callable[[str], None] | None = None,
    spare: Callable[[str], None] | None = None,
) -> Applied:
    """Apply a plan.  Raises CannotWrite when the journal cannot be written: then nothing
    was changed, or nothing more.  With `spare` its records go there instead.

    `undoes` names the transaction that is taken back: then values return that stood there,
    fit or not.  `ask` is called with ids before the first try and again for those that are
    busy.
    `begun` is told the transaction's name before anything is changed.
    An interrupt finishes the batch in hand and is raised after its results are recorded.
    """
    began = time.monotonic()
    journal = Journal(spool, spare)
    syncer = Syncer(spool.path)
    outcomes: dict[str, Outcome] = {}
    try:
        txn = journal.begin(plan, actor, time.time(), reason=reason, undoes=undoes)
        if begun is not None:
            begun(txn)
        if ask is not None:
            ask([change.id for change in plan.changes])
        todo = list(plan.changes)
        deadline = began + wait
        while todo:
            busy: list[Change] = []
            for start in range(0, len(todo), BATCH):
                batch = _Batch(spool, journal, syncer, txn, todo[start : start + BATCH])
                batch.restoring = bool(undoes) or plan.verb == "undo"
                busy += batch.run()
                for outcome in batch.outcomes:
                    outcomes[outcome.file] = outcome
                    if tell is not None:
                        tell(outcome)
            todo = busy
            if not todo:
                break
            if time.monotonic() >= deadline:
                left = [Outcome(c.id, c.file, "busy", "being worked on") for c in todo]
                journal.record(txn, left)
                outcomes.update((outcome.file, outcome) for outcome in left)
                break
            if ask is not None:
                ask([change.id for change in todo])
            time.sleep(_RETRY_SECONDS)
        journal.end(txn, time.time())
    finally:
        syncer.close()
        journal.close()
    in_order = tuple(outcomes[c.file] for c in plan.changes if c.file in outcomes)
    return Applied(txn, in_order, time.monotonic() - began)


@dataclass(slots=True)
class _Job:
    change: Change
    locked: Locked
    envelope: Envelope
    name: SpoolName
    target: SpoolName
    new: Replacement | None = None
    placed: Locked | None = None

    @property
    def held(self) -> Locked:
        """The file as it stands now, under its lock."""
        return self.placed or self.locked


class _Batch:
    """Up to BATCH messages that share their syncs."""

    def __init__(
        self, spool: Spool, journal: Journal, syncer: Syncer, txn: str, changes: Sequence[Change]
    ) -> None:
        self.spool = spool
        self.journal = journal
        self.syncer = syncer
        self.txn = txn
        self.changes = changes
        self.restoring = False
        self.outcomes: list[Outcome] = []

    def run(self) -> list[Change]:
        """Do it; the changes whose messages are busy."""
        busy: list[Change] = []
        jobs: list[_Job] = []
        try:
            for change in self.changes:
                try:
                    job = self._take(change)
                except Busy:
                    busy.append(change)
                except SpooltoolError as error:
                    self._end(change, "gone" if isinstance(error, Gone) else "failed", str(error))
                else:
                    if job is not None:
                        jobs.append(job)
            self.journal.intend(self.txn, [job.change for job in jobs])
            self._replace([job for job in jobs if job.change.rewrites])
            self._step(jobs, self._verify)
            # E never has somebody pending; an R with nobody, left by a crash, is made E by mdq.
            self._settle([job for job in jobs if job.target.letter == "E"])
            self._step(jobs, self._place)
            self._settle([job for job in jobs if job.target.letter != "E"])
            self._freed([job for job in jobs if job.change.remove])
            self._step(jobs, lambda job: self._end(job.change, "done", ""))
        finally:
            for job in jobs:
                job.held.close()
                job.locked.close()
            self.journal.record(self.txn, self.outcomes)
        return busy

    def _take(self, change: Change) -> _Job | None:
        name = self._locate(change)
        locked = lock(self.spool, name)
        envelope = locked.envelope()
        word, why = _compare(change, locked, envelope)
        if not word and change.seals and not self.restoring:
            word, why = seal_fits(locked, change)
        if word:
            locked.close()
            self._end(change, word, why)
            return None
        if change.results is not None:
            results = replace(change.results, was=remembered(envelope))
            change = replace(change, results=results)
        return _Job(change, locked, envelope, name, target_of(change, name))

    def _locate(self, change: Change) -> SpoolName:
        found = self.spool.find(change.id)
        binned = self.spool.find(change.id, (TRASH,)) if touches_trash(change) else []
        if change.remove and in_trash(change.file):
            found = binned
        elif in_trash(change.file) and binned and found:
            raise CannotWrite(f"another file carries this number: {found[0].file}")
        found = found or binned
        if not found:
            if closed := self.spool.closed():
                raise NotPermitted(f"{closed}: permission denied, so nobody knows where it is")
            where = "trash" if in_trash(change.file) else "queue"
            raise Gone(f"{change.file}: left the {where} since")
        if change.by_path:
            found = [name for name in found if name.file == change.file] or found
        if len(found) > 1:
            there = ", ".join(name.file for name in found)
            raise CannotWrite(f"two files carry this number: {there}")
        return found[0]

    def _replace(self, jobs: list[_Job]) -> None:
        ready: list[_Job] = []
        for job in jobs:
            try:
                edits = rewritten(job.envelope, job.change, time.time(), restoring=self.restoring)
                job.new = Replacement(job.locked, edits)
                ready.append(job)
            except (SpooltoolError, ValueError) as error:
                self._end(job.change, "failed", str(error))
        if not ready:
            return
        try:
            self.syncer.sync([job.new.fd for job in ready if job.new], ())
        except OSError as error:
            for job in ready:
                if job.new:
                    job.new.discard()
                job.new = None
                self._end(job.change, "failed", f"sync: {error.strerror}")
            return
        placed: list[_Job] = []
        for job in ready:
            try:
                if job.new:
                    job.placed = job.new.commit()
                    placed.append(job)
            except SpooltoolError as error:
                self._end(job.change, "gone" if isinstance(error, Gone) else "failed", str(error))
        for directory in {job.locked.name.dir for job in placed}:
            try:
                os.fsync(self.spool.dir_fd(directory))
            except OSError as error:
                for job in placed:
                    if job.locked.name.dir == directory:
                        self._end(job.change, "failed", f"sync: {error.strerror}")

    def _step(self, jobs: Sequence[_Job], step: Callable[[_Job], None]) -> None:
        """Bring those that have not ended yet one step further."""
        for job in jobs:
            if self._ended(job.change):
                continue
            try:
                step(job)
            except SpooltoolError as error:
                self._end(job.change, "failed", str(error))

    def _verify(self, job: _Job) -> None:
        if job.new:
            job.new.verify()

    def _settle(self, jobs: Sequence[_Job]) -> None:
        """Write the results of those whose change asks for it, durably."""
        self._step(jobs, self._dispose)
        written = [job for job in jobs if job.change.results and not self._ended(job.change)]
        if not written:
            return
        try:
            self.syncer.sync([job.held.fd for job in written], ())
        except OSError as error:
            for job in written:
                self._end(job.change, "failed", f"sync: {error.strerror}")

    def _dispose(self, job: _Job) -> None:
        if job.change.results is not None:
            job.placed = write_disposed(
                job.held, job.change.results, job.name, job.target, time.time()
            )

    def _place(self, job: _Job) -> None:
        if job.change.remove:
            remove(job.held)
            return
        if not job.change.to:
            return
        kept = None
        if job.change.results is None and not is_partial(job.name):
            kept = _keep_term(job.held, job.target, time.time())
        try:
            move(job.held, job.target)
        except SpooltoolError:
            if kept is not None:
                write_state(job.held, job.held.envelope(), kept)
            raise

    def _freed(self, jobs: Sequence[_Job]) -> None:
        """Make the end of what was unlinked durable."""
        for directory in {job.name.dir for job in jobs}:
            os.fsync(self.spool.dir_fd(directory))

    def _end(self, change: Change, word: str, why: str) -> None:
        self.outcomes.append(Outcome(change.id, change.file, word, why))

    def _ended(self, change: Change) -> bool:
        return any(outcome.file == change.file for outcome in self.outcomes)


def _compare(change: Change, locked: Locked, envelope: Envelope) -> tuple[str, str]:
    """("", "") when the file is what the plan saw, else the word and why."""
    name, results = locked.name, change.results
    lines_done, lines_why = compare(envelope, change.recipients)
    if lines_done and _already(change, name, envelope):
        return "unchanged", "already so"
    if moved_on(change, name):
        return "changed", f"it is {name.file} since the plan was made"
    if locked.inode != change.inode:
        return "changed", "another file stands here since the plan was made"
    if results is not None and (
        why := hindrance(envelope, results, target_of(change, name).letter)
    ):
        return "changed", why
    if is_partial(name) and time.time() - os.fstat(locked.fd).st_mtime < PARTIAL_AGE:
        return "changed", "it was written to since the plan was made"
    for key in change.keys:
        now = envelope.get(key.key)
        if now != key.old:
            return "changed", f"{key.key} is {now or 'absent'} since the plan was made"
    return ("changed", lines_why) if lines_why else ("", "")


def _already(change: Change, name: SpoolName, envelope: Envelope) -> bool:
    """Whether everything that a change asks for is so."""
    if change.remove or target_of(change, name) != name:
        return False
    if change.results is not None and not stands(envelope, change.results, name.letter):
        return False
    return all(envelope.holds(key.key, key.new) for key in change.keys)


def _keep_term(locked: Locked, target: SpoolName, now: float) -> State | None:
    """Time set aside does not count against abandon_time: STATE says since when it lasts.

    The STATE that stood before, None where it stays.
    """
    envelope = locked.envelope()
    state = envelope.state
    was, will = locked.name.dir in ASIDE, target.dir in ASIDE
    if state is None or was == will:
        return None
    write_state(locked, envelope, set_aside(state, now) if will else taken_back(state, now))
    return state
