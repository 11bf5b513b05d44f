"""The mark in STATE that an attempt has begun, and taking it out again.

It is written in place under the message's lock and never synced: what kills the dequeuer
leaves the page cache alone.  After a power cut it may be missing, which costs nothing.
"""

from __future__ import annotations

import os
from dataclasses import replace

from relay.dequeue.attempt import WHOLE, Job
from relay.dequeue.finish import state_splices
from spooltool.errors import SpooltoolError
from spooltool.spool.state import fresh_state
from spooltool.store.edit import rewrite, write_started


def mark_started(job: Job) -> None:
    """Count in STATE that an attempt begins; the result, or `unmark`, takes it out.

    A file without a STATE that can be trusted gets one by a rewrite, and the job goes on
    with the new file.  A disk that takes neither does not stop the delivery, which may free
    it.
    """
    envelope = job.envelope
    try:
        if write_started(job.locked, envelope, job.unended + 1):
            return
        state = fresh_state(int(envelope.arrived or job.began), len(job.pending))
        state = replace(state, started=job.unended + 1)
        job.locked = rewrite(job.locked, state_splices(job, state))
    except SpooltoolError:
        return
    job.data = os.pread(job.locked.fd, WHOLE, 0) if job.locked.size <= WHOLE else b""
    job.reread(job.locked.envelope())


def unmark(job: Job) -> None:
    """The attempt was dropped by us: STATE counts what it counted before.

    Where that fails the mark stays, and the message is tried with care next time.
    """
    try:
        write_started(job.locked, job.envelope, job.unended)
    except SpooltoolError:
        return
