"""Taking mail in: a T file that grows, and the group commit that makes it R.

A batch of complete messages is renamed into D_sender and made durable together, under
locks that the intake keeps, so that no dequeuer can take what a power cut could still
undo.  Only then are the locks dropped and the `250`s sent.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Sequence

from spooltool.errors import CannotWrite
from spooltool.spool.compose import (
    NewMessage,
    encode_digest,
    encode_envelope,
    encode_sizes,
)
from spooltool.spool.names import SENDER, STATE_DIR, SpoolName
from spooltool.spool.parts import SEPARATOR
from spooltool.store.filesystem import Syncer
from spooltool.store.regular import SAFELY
from spooltool.store.root import Spool
from spooltool.store.syscalls import rename_noreplace

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFELY
_FLUSH = 256 * 1024


class Incoming:
    """One message on its way in: T file in D_state, locked from creation on.

    `begin`, any number of `append`, `finish`; then a `commit` with others.  `abort` at
    any time removes the file.  A small message costs one write.
    """

    __slots__ = (
        "_body", "_composed", "_digest", "_headers", "_pending", "_pending_bytes", "_written",
        "fd", "name", "source", "spool",
    )  # fmt: skip

    def __init__(self, spool: Spool, number: str, directory: str = STATE_DIR) -> None:
        """Create and lock the file.  Raises CannotWrite (full disk, too many files)."""
        self.spool = spool
        self.name = SpoolName(directory, "T", number)
        self.source = directory
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._written = 0
        self._body = 0
        self.fd = -1
        try:
            self.fd = os.open(self.name.base, _FLAGS, 0o600, dir_fd=spool.dir_fd(directory))
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.abort()
            raise CannotWrite(f"{self.name.file}: {error.strerror}") from error

    def begin(self, message: NewMessage, original: bytes, modified: bytes) -> None:
        """Give the envelope and both header sets (LF line ends, no blank line at the end).

        Raises ValueError when a value of the envelope would break out of its line.
        """
        self._composed = encode_envelope(message)
        content = original + SEPARATOR + modified + SEPARATOR
        self._headers = (len(original), len(modified))
        self._digest = hashlib.sha256(content)
        self._pending = [self._composed.head, content]
        self._pending_bytes = len(self._composed.head) + len(content)

    def append(self, chunk: bytes) -> None:
        """Add body bytes (LF line ends).  Raises CannotWrite."""
        self._digest.update(chunk)
        self._body += len(chunk)
        self._pending.append(chunk)
        self._pending_bytes += len(chunk)
        if self._pending_bytes >= _FLUSH:
            self._flush()

    def finish(self) -> None:
        """Write what is left, SIZES and DIGEST included.  Raises CannotWrite."""
        sizes = encode_sizes(*self._headers, self._body)
        digest = encode_digest(self._digest.hexdigest())
        composed = self._composed
        if not self._written:
            head = composed.head
            self._pending[0] = b"".join(
                (
                    head[: composed.sizes_at],
                    sizes,
                    head[composed.sizes_at + len(sizes) : composed.digest_at],
                    digest,
                    head[composed.digest_at + len(digest) :],
                )
            )
            self._flush()
            return
        self._flush()
        try:
            os.pwrite(self.fd, sizes, composed.sizes_at)
            os.pwrite(self.fd, digest, composed.digest_at)
        except OSError as error:
            raise CannotWrite(f"{self.name.file}: {error.strerror}") from error

    def abort(self) -> None:
        """Remove the file: nobody was told that it was accepted."""
        if self.fd < 0:
            return
        try:
            os.unlink(self.name.base, dir_fd=self.spool.dir_fd(self.name.dir))
        except OSError:
            pass  # a partial that stays is named by `ls` and cleaned after an hour
        self.release()

    def release(self) -> None:
        """Drop the lock: from now on a dequeuer may take the message."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _flush(self) -> None:
        data = memoryview(b"".join(self._pending))
        self._pending = []
        self._pending_bytes = 0
        try:
            while data:
                written = os.write(self.fd, data)
                self._written += written
                data = data[written:]
        except OSError as error:
            raise CannotWrite(f"{self.name.file}: {error.strerror}") from error


def commit(
    spool: Spool,
    batch: Sequence[Incoming],
    syncer: Syncer,
    directory: str = SENDER,
    letter: str = "R",
) -> list[OSError | None]:
    """Make a batch of finished messages durable; one result a message, None is success.

    All are renamed first, then one sync covers them.  When the sync fails the whole
    batch has failed: its files are removed and nothing is synced again.  Locks are kept;
    the caller releases each message when its sender may be told.
    """
    placed = place(spool, batch, directory, letter)
    return make_durable(spool, batch, placed, syncer, directory)


def place(
    spool: Spool, batch: Sequence[Incoming], directory: str = SENDER, letter: str = "R"
) -> list[OSError | None]:
    """The first half of `commit`: the renames.  What cannot be renamed is removed."""
    target_fd = spool.mail_dir(directory)
    results: list[OSError | None] = []
    for message in batch:
        target = message.name.at(directory, letter)
        try:
            rename_noreplace(
                message.name.base, target.base, spool.dir_fd(message.name.dir), target_fd
            )
        except OSError as error:
            results.append(error)
            message.abort()
            continue
        message.source = message.name.dir
        message.name = target
        results.append(None)
    return results


def make_durable(
    spool: Spool,
    batch: Sequence[Incoming],
    placed: Sequence[OSError | None],
    syncer: Syncer,
    directory: str = SENDER,
) -> list[OSError | None]:
    """The second half: one sync for all that `place` has renamed.

    It waits for the disk in one or a few system calls, and so may run in a thread.
    """
    good = [message for message, result in zip(batch, placed, strict=True) if result is None]
    if not good:
        return list(placed)
    target_fd = spool.dir_fd(directory)
    sources = {spool.dir_fd(message.source) for message in good} - {target_fd}
    try:
        syncer.sync([message.fd for message in good], (target_fd, *sources))
    except OSError as error:
        for message in good:
            message.abort()
        return [result or error for result in placed]
    return list(placed)
