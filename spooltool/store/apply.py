"""Carrying a plan out: lock, compare, journal, change, read back, journal.

Messages go in small batches that share their syncs.  A busy message is asked for and
tried again at the end, up to `wait` seconds; what stays busy is named.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spooltool.errors import Busy, CannotWrite, Gone, SpooltoolError
from spooltool.spool.codec import Envelope
from spooltool.spool.envelope_change import rewritten
from spooltool.spool.names import HOLD, QUARANTINE, SpoolName, parse_path
from spooltool.spool.plan import Change, Plan
from spooltool.spool.readdress import compare
from spooltool.spool.state import set_aside, taken_back
from spooltool.store.edit import Replacement, write_state
from spooltool.store.filesystem import Syncer
from spooltool.store.journal import Actor, Journal, Outcome
from spooltool.store.lock import Locked, lock
from spooltool.store.move import move
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
) -> Applied:
    """Apply a plan.  Raises CannotWrite when the journal cannot be written: then nothing
    was changed, or nothing more.

    `undoes` names the transaction that is taken back: then values return that stood there,
    fit or not.  `ask` is called with ids before the first try and again for those that are
    busy.
    An interrupt finishes the batch in hand and is raised after its results are recorded.
    """
    began = time.monotonic()
    journal = Journal(spool)
    syncer = Syncer(spool.path)
    outcomes: dict[str, Outcome] = {}
    try:
        txn = journal.begin(plan, actor, time.time(), reason=reason, undoes=undoes)
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
                    outcomes[outcome.id] = outcome
                    if tell is not None:
                        tell(outcome)
            todo = busy
            if not todo:
                break
            if time.monotonic() >= deadline:
                left = [Outcome(c.id, c.file, "busy", "being worked on") for c in todo]
                journal.record(txn, left)
                outcomes.update((outcome.id, outcome) for outcome in left)
                break
            if ask is not None:
                ask([change.id for change in todo])
            time.sleep(_RETRY_SECONDS)
        journal.end(txn, time.time())
    finally:
        syncer.close()
        journal.close()
    in_order = tuple(outcomes[c.id] for c in plan.changes if c.id in outcomes)
    return Applied(txn, in_order, time.monotonic() - began)


@dataclass(slots=True)
class _Job:
    change: Change
    locked: Locked
    envelope: Envelope
    new: Replacement | None = None
    placed: Locked | None = None


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
            for job in jobs:
                self._finish(job)
        finally:
            for job in jobs:
                (job.placed or job.locked).close()
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
        return _Job(change, locked, envelope)

    def _locate(self, change: Change) -> SpoolName:
        found = self.spool.find(change.id)
        if not found:
            raise Gone(f"{change.file}: left the queue since")
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
            os.fsync(self.spool.dir_fd(directory))

    def _finish(self, job: _Job) -> None:
        if self._ended(job.change):
            return
        try:
            if job.new:
                job.new.verify()
            if job.change.to:
                self._move(job)
        except SpooltoolError as error:
            self._end(job.change, "failed", str(error))
            return
        self._end(job.change, "done", "")

    def _move(self, job: _Job) -> None:
        locked = job.placed or job.locked
        wanted = parse_path(job.change.to)
        seen = parse_path(job.change.file)
        if wanted is None or seen is None:
            raise CannotWrite(f"{job.change.to}: no place in a spool")
        letter = locked.name.letter if wanted.letter == seen.letter else wanted.letter
        target = locked.name.at(wanted.dir, letter)
        _keep_term(locked, target, time.time())
        move(locked, target)

    def _end(self, change: Change, word: str, why: str) -> None:
        self.outcomes.append(Outcome(change.id, change.file, word, why))

    def _ended(self, change: Change) -> bool:
        return any(outcome.id == change.id for outcome in self.outcomes)


def _compare(change: Change, locked: Locked, envelope: Envelope) -> tuple[str, str]:
    """("", "") when the file is what the plan saw, else the word and why."""
    wanted = parse_path(change.to) if change.to else None
    lines_done, lines_why = compare(envelope, change.recipients)
    keys_done = all(envelope.holds(key.key, key.new) for key in change.keys)
    if keys_done and lines_done and (wanted is None or locked.name.dir == wanted.dir):
        return "unchanged", "already so"
    if locked.inode != change.inode:
        return "changed", "another file stands here since the plan was made"
    for key in change.keys:
        now = envelope.get(key.key)
        if now != key.old:
            return "changed", f"{key.key} is {now or 'absent'} since the plan was made"
    return ("changed", lines_why) if lines_why else ("", "")


def _keep_term(locked: Locked, target: SpoolName, now: float) -> None:
    """Time set aside does not count against abandon_time: STATE says since when it lasts."""
    envelope = locked.envelope()
    state = envelope.state
    if state is None:
        return
    aside = (HOLD, QUARANTINE)
    was, will = locked.name.dir in aside, target.dir in aside
    if was == will:
        return
    write_state(locked, envelope, set_aside(state, now) if will else taken_back(state, now))
