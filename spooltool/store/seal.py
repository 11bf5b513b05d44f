"""What SIZES and DIGEST have to say of an open file: read in chunks, without a lock of its own."""

from __future__ import annotations

import hashlib
import os

from spooltool.errors import SpooltoolError
from spooltool.spool.codec import Envelope
from spooltool.spool.compose import DIGEST_ALGORITHM
from spooltool.spool.names import SpoolName
from spooltool.spool.plan import Change
from spooltool.spool.reseal import Seal, divided
from spooltool.store.lock import Locked, read_envelope
from spooltool.store.message import CHUNK, read_chunks
from spooltool.store.root import Spool

_MOST_HEADERS = 4 << 20
"""Bytes in which both header sets are looked for: no gateway takes as many."""


def seal_of(fd: int, envelope: Envelope) -> Seal | str:
    """The seal that fits a file now, or why none can be made.  Memory does not grow with it."""
    if envelope.end < 0:
        return "its envelope is not closed by an empty line: nothing follows it that has a seal"
    lengths = _divided(fd, envelope)
    if isinstance(lengths, str):
        return lengths
    digest = hashlib.new(DIGEST_ALGORITHM)
    bare = False
    for chunk in read_chunks(fd, (envelope.end, envelope.size - envelope.end)):
        digest.update(chunk)
        bare = bare or b"\r" in chunk
    return Seal(lengths, digest.hexdigest(), bare)


def _divided(fd: int, envelope: Envelope) -> tuple[int, int, int] | str:
    found: tuple[int, int, int] | str = ""
    length = CHUNK
    while length <= _MOST_HEADERS:
        found = divided(envelope, os.pread(fd, length, envelope.end))
        if not isinstance(found, str) or envelope.end + length >= envelope.size:
            break
        length *= 4
    return found


def look(spool: Spool, name: SpoolName) -> Seal | str:
    """The seal that fits a message as it stands, for a plan; or why there is none."""
    try:
        fd = spool.open_file(name)
    except SpooltoolError as error:
        return str(error)
    try:
        return seal_of(fd, read_envelope(fd, os.fstat(fd).st_size))
    finally:
        os.close(fd)


def seal_fits(locked: Locked, change: Change) -> tuple[str, str]:
    """("", "") when a planned seal is that of the locked file, else the word and why."""
    found = seal_of(locked.fd, locked.envelope())
    if isinstance(found, str):
        return "changed", found
    wanted = {key.key: key.new for key in change.keys}
    if any(wanted.get(key, value) != value for key, value in found.values.items()):
        return "changed", "the content changed again since the plan was made"
    return "", ""
