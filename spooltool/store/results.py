"""Writing what a command makes of STATE and recipients into a locked file.

In place where each field has its width; a file typed by hand is replaced, verified.
"""

from __future__ import annotations

from spooltool.errors import CannotWrite
from spooltool.spool.codec import Envelope, Splice, splices
from spooltool.spool.disposition import Disposed, dispose
from spooltool.spool.names import SpoolName
from spooltool.spool.plan import ResultsChange
from spooltool.spool.recipient import encode_result
from spooltool.spool.state import encode_state
from spooltool.store.edit import result_splices, rewrite, write_recipients, write_state
from spooltool.store.lock import Locked


def write_disposed(
    locked: Locked, change: ResultsChange, name: SpoolName, target: SpoolName, now: float
) -> Locked:
    """Write what a change makes of the results; the file, still locked.

    `name` is where the message stood, `target` where it goes.  Fields come before marks,
    marks before STATE.  In place nothing is synced.  A rewritten file is durable, and the
    lock that was given is dropped.  Raises CannotWrite, Gone.
    """
    envelope = locked.envelope()
    disposed = dispose(envelope, change, name, target, now)
    if envelope.state_fixed and all(one.fixed for one in disposed.recipients):
        write_recipients(locked, disposed.recipients)
        write_state(locked, envelope, disposed.state)
        _read_back(locked, disposed)
        return locked
    return rewrite(locked, _edits(envelope, disposed))


def _read_back(locked: Locked, disposed: Disposed) -> None:
    """Compare what stands now with what was written.  Raises CannotWrite."""
    envelope = locked.envelope()
    written = {one.offset: encode_result(one) for one in disposed.recipients}
    found = {one.offset: encode_result(one) for one in envelope.recipients}
    line = envelope.line("STATE")
    same = line is not None and line.raw == encode_state(disposed.state)
    if not same or any(found.get(at) != raw for at, raw in written.items()):
        raise CannotWrite(f"{locked.name.file}: read back different after the change")


def _edits(envelope: Envelope, disposed: Disposed) -> list[Splice]:
    edits = result_splices(envelope, disposed.recipients)
    edits += splices(envelope, {"STATE": encode_state(disposed.state).decode()})
    return sorted(edits, key=lambda edit: edit.offset)
