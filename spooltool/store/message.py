"""Reading one message whole: its parts by offset, its digest, its text."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from spooltool.spool.codec import Envelope, Parts
from spooltool.spool.defects import Defect
from spooltool.spool.names import SpoolName
from spooltool.spool.parts import parts_by_blank_lines, parts_by_sizes
from spooltool.store.lock import read_envelope
from spooltool.store.root import Spool

CHUNK = 256 * 1024
_LEAST_TAIL = 1 << 20
_SEARCHED = 32 << 20


class MessageFile:
    """A message open for reading, without a lock.  Close it after use."""

    def __init__(self, spool: Spool, name: SpoolName) -> None:
        """Open it.  Raises Gone, NotPermitted, NotRegular."""
        self.name = name
        self.fd = spool.open_file(name)
        facts = os.fstat(self.fd)
        self.inode, self.size, self.mtime = facts.st_ino, facts.st_size, facts.st_mtime
        self.envelope = read_envelope(self.fd, self.size)
        if self.envelope.line("STATE") and self.envelope.state is None:
            # Its writer may have been between two bytes.
            self.envelope = read_envelope(self.fd, self.size)
        self.parts, self.part_defects = file_parts(self.fd, self.envelope)

    def read(self, span: tuple[int, int], limit: int | None = None) -> bytes:
        """The bytes of a part, at most `limit` of them."""
        offset, length = span
        return os.pread(self.fd, length if limit is None else min(length, limit), offset)

    def chunks(self, span: tuple[int, int]) -> Iterator[bytes]:
        """The bytes of a part in chunks of at most 256 KiB."""
        return read_chunks(self.fd, span)

    def digest_ok(self) -> bool | None:
        """Whether DIGEST fits the content; None when there is no readable DIGEST."""
        return digest_ok(self.fd, self.envelope)

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)


def file_parts(fd: int, envelope: Envelope) -> tuple[Parts, tuple[Defect, ...]]:
    """The parts of an open file: by SIZES where it fits, else by the blank lines."""
    parts = parts_by_sizes(envelope)
    if parts is not None:
        return parts, ()
    start = envelope.end if envelope.end >= 0 else envelope.size
    length = _LEAST_TAIL
    while True:
        tail = os.pread(fd, length, start)
        if tail.count(b"\n\n") > 1 or len(tail) < length or length >= _SEARCHED:
            return parts_by_blank_lines(envelope, tail)
        length *= 4


def read_chunks(fd: int, span: tuple[int, int]) -> Iterator[bytes]:
    """The bytes of a span (offset, length) in chunks; ends early where the file does."""
    offset, left = span
    while left > 0:
        chunk = os.pread(fd, min(CHUNK, left), offset)
        if not chunk:
            return
        yield chunk
        offset += len(chunk)
        left -= len(chunk)


def content_digest(fd: int, offset: int, size: int, algorithm: str = "sha256") -> str:
    """Hex digest of everything from `offset` to the end: what DIGEST covers."""
    digest = hashlib.new(algorithm)
    for chunk in read_chunks(fd, (offset, size - offset)):
        digest.update(chunk)
    return digest.hexdigest()


def checkable(envelope: Envelope) -> bool:
    """Whether there is a DIGEST that can be checked."""
    algorithm, _, wanted = (envelope.get("DIGEST") or "").partition(":")
    known = algorithm in hashlib.algorithms_guaranteed and not algorithm.startswith("shake")
    return envelope.end >= 0 and known and bool(wanted)


def digest_ok(fd: int, envelope: Envelope) -> bool | None:
    """Whether the DIGEST line fits the content; None when there is none to check."""
    if not checkable(envelope):
        return None
    algorithm, _, wanted = (envelope.get("DIGEST") or "").partition(":")
    return content_digest(fd, envelope.end, envelope.size, algorithm) == wanted
