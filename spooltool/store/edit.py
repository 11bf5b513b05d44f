"""Changing a locked file: results in place, everything else by a verified replacement.

In place, the state byte is written last and alone.  A replacement is written under a
dot name, locked, synced, renamed over, and read back through its descriptor.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Sequence

from spooltool.errors import CannotWrite, Gone, NotRegular
from spooltool.spool.codec import Envelope, Splice
from spooltool.spool.judged import JUDGED_WIDTH, Judged, encode_judged
from spooltool.spool.recipient import Recipient, encode_result
from spooltool.spool.state import State, encode_state, with_started
from spooltool.store.lock import Locked
from spooltool.store.message import CHUNK
from spooltool.store.regular import SAFELY, open_regular
from spooltool.store.root import Spool

_NEW_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFELY


def write_recipients(locked: Locked, recipients: Iterable[Recipient]) -> None:
    """Write result fields in place: all fields first, then each mark by its own write.

    Only for recipients read with `fixed` from this descriptor in this attempt.  Raises
    CannotWrite.
    """
    try:
        marks = []
        for recipient in recipients:
            if not recipient.fixed:
                raise ValueError(f"{locked.name.file}: results have no fixed width")
            raw = encode_result(recipient)
            os.pwrite(locked.fd, raw[1:], recipient.offset + 1)
            marks.append((recipient.offset, raw[:1]))
        for offset, mark in marks:
            os.pwrite(locked.fd, mark, offset)
    except OSError as error:
        raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error


def write_state(locked: Locked, envelope: Envelope, state: State) -> bool:
    """Write STATE in place; False when the file has no STATE of its width."""
    line = envelope.line("STATE")
    if line is None or not envelope.state_fixed:
        return False
    try:
        os.pwrite(locked.fd, encode_state(state), line.value_start)
    except OSError as error:
        raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error
    return True


def write_started(locked: Locked, envelope: Envelope, started: int) -> bool:
    """Write `started` of STATE in place; False where there is no STATE that can be trusted.

    Raises CannotWrite.
    """
    line = envelope.line("STATE")
    if line is None or envelope.state is None:
        return False
    try:
        os.pwrite(locked.fd, with_started(line.raw, started), line.value_start)
    except OSError as error:
        raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error
    return True


def write_verdict(locked: Locked, envelope: Envelope, judged: Judged | None) -> bool:
    """Write VERDICT in place, None for that there is none; False where it has no place.

    Raises CannotWrite.
    """
    lines = envelope.all("VERDICT")
    if len(lines) != 1 or len(lines[0].raw) != JUDGED_WIDTH:
        return False
    try:
        os.pwrite(locked.fd, encode_judged(judged), lines[0].value_start)
    except OSError as error:
        raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error
    return True


class Replacement:
    """A file's new version, written beside it and locked; `commit` puts it in place.

    The steps are apart so that a batch can share its syncs: construct all, sync all,
    commit all, sync the directories, `verify` all.
    """

    def __init__(self, locked: Locked, edits: Sequence[Splice]) -> None:
        """Write the new version.  Raises CannotWrite; then nothing has changed."""
        self.old = locked
        self.edits = tuple(edits)
        self._dir = locked.spool.dir_fd(locked.name.dir)
        self._dot = f".{locked.name.base}.{os.getpid()}.new"
        try:
            self.fd = self._new_file()
        except OSError as error:
            raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for chunk in _edited(locked.fd, locked.size, self.edits):
                _write_all(self.fd, chunk)
            self.size = os.fstat(self.fd).st_size
            _copy_ownership(locked.fd, self.fd)
        except OSError as error:
            self.discard()
            raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error

    def _new_file(self) -> int:
        try:
            return os.open(self._dot, _NEW_FLAGS, 0o600, dir_fd=self._dir)
        except FileExistsError:
            # Left behind by a process of this pid that died before its rename; the lock
            # on the message says that no other writer can be at work here.
            os.unlink(self._dot, dir_fd=self._dir)
            return os.open(self._dot, _NEW_FLAGS, 0o600, dir_fd=self._dir)

    def commit(self) -> Locked:
        """Rename over the old file; the new one, locked.  The old lock is dropped.

        The caller has synced `fd` before and syncs the directory after.
        """
        if not self.old.still_named():
            self.discard()
            raise Gone(f"{self.old.name.file}: not there any more")
        try:
            os.rename(self._dot, self.old.name.base, src_dir_fd=self._dir, dst_dir_fd=self._dir)
        except OSError as error:
            self.discard()
            raise CannotWrite(f"{self.old.name.file}: {error.strerror}") from error
        inode = os.fstat(self.fd).st_ino
        return Locked(self.old.spool, self.old.name, self.fd, inode, self.size)

    def verify(self) -> None:
        """Read the new file back and compare it with what it had to be.

        The old version is still open under its lock.  Raises CannotWrite on a difference.
        """
        at = 0
        for chunk in _edited(self.old.fd, self.old.size, self.edits):
            if os.pread(self.fd, len(chunk), at) != chunk:
                raise CannotWrite(f"{self.old.name.file}: read back different after the change")
            at += len(chunk)
        if os.fstat(self.fd).st_size != at:
            raise CannotWrite(f"{self.old.name.file}: read back with another length")
        if _ownership(self.fd) != _ownership(self.old.fd):
            raise CannotWrite(f"{self.old.name.file}: owner, mode or attributes differ")

    def discard(self) -> None:
        """Throw the new version away; the old one stands."""
        os.close(self.fd)
        try:
            os.unlink(self._dot, dir_fd=self._dir)
        except FileNotFoundError:
            pass


_LEFT_BEHIND = re.compile(r"\.[TRE][0-9A-Za-z]{1,16}\.[0-9]+\.new\Z")


def clear_replacements(spool: Spool, before: float) -> list[str]:
    """Unlink replacements that a crash left unfinished before this unix second; their paths.

    The message itself stands under its own name, untouched.  What is still being written
    is locked by its writer and stays.
    """
    removed = []
    for directory in spool.directories:
        try:
            place = spool.dir_fd(directory)
            with spool.listing(directory) as apart:
                names = os.listdir(apart)
        except OSError:
            continue
        for name in filter(_LEFT_BEHIND.match, names):
            try:
                fd = open_regular(name, os.O_RDONLY, place)
            except (OSError, NotRegular):
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(fd).st_ctime < before:
                    os.unlink(name, dir_fd=place)
                    removed.append(f"{directory}/{name}")
            except OSError:
                continue
            finally:
                os.close(fd)
    return removed


def rewrite(locked: Locked, edits: Sequence[Splice]) -> Locked:
    """Replace one file by its edited version, durably and verified.

    The old lock is dropped, the new file's lock is returned.  Raises CannotWrite or Gone;
    then the old version stands and is still locked, unless the disk failed at the very end:
    then the new one stands, which nobody has locked.
    """
    new = Replacement(locked, edits)
    try:
        os.fsync(new.fd)
    except OSError as error:
        new.discard()
        raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error
    result = new.commit()
    try:
        os.fsync(locked.spool.dir_fd(locked.name.dir))
        new.verify()
    except OSError as error:
        result.close()
        raise CannotWrite(f"{locked.name.file}: {error.strerror}") from error
    except CannotWrite:
        result.close()
        raise
    locked.close()
    return result


def result_splices(envelope: Envelope, recipients: Iterable[Recipient]) -> list[Splice]:
    """The edits that write results into lines that have no fixed width (typed by hand)."""
    edits = []
    lines = {line.value_start: line for line in envelope.all("RCPT")}
    for recipient in recipients:
        line = lines[recipient.offset]
        keep = line.raw.find(b"<")
        edits.append(Splice(line.value_start, max(keep, 0), encode_result(recipient) + b" "))
    return edits


def _edited(fd: int, size: int, edits: Sequence[Splice]) -> Iterable[bytes]:
    at = 0
    for edit in edits:
        yield from _range(fd, at, edit.offset)
        if edit.new:
            yield edit.new
        at = edit.offset + edit.old
    yield from _range(fd, at, size)


def _range(fd: int, start: int, stop: int) -> Iterable[bytes]:
    while start < stop:
        chunk = os.pread(fd, min(CHUNK, stop - start), start)
        if not chunk:
            raise OSError(5, "file ends early")
        yield chunk
        start += len(chunk)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _ownership(fd: int) -> tuple[int, int, int, dict[str, bytes]]:
    """Owner, group, mode, and attributes, ACL among them.

    Those that the kernel keeps for itself (labels, measurements) are no part of it: it gives
    each file its own.
    """
    facts = os.fstat(fd)
    try:
        names = os.listxattr(fd)
    except OSError:
        names = []
    mine = (name for name in names if not name.startswith("security."))
    attributes = {name: os.getxattr(fd, name) for name in mine}
    return facts.st_uid, facts.st_gid, facts.st_mode, attributes


def _copy_ownership(old: int, new: int) -> None:
    """Owner, group, mode, ACL, extended attributes and times of the old file."""
    uid, gid, mode, attributes = _ownership(old)
    my_uid, my_gid, _, inherited = _ownership(new)
    if (my_uid, my_gid) != (uid, gid):
        os.fchown(new, uid, gid)
    for name in inherited.keys() - attributes.keys():
        os.removexattr(new, name)  # the directory's default ACL is none of the old file's
    os.fchmod(new, mode & 0o7777)
    for name, value in attributes.items():
        os.setxattr(new, name, value)
    facts = os.fstat(old)
    os.utime(new, ns=(facts.st_atime_ns, facts.st_mtime_ns))
