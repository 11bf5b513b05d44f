"""One message under its lock: checked, read, made ready to send.

Every attempt reads the envelope anew through the locked descriptor and obeys what
stands there; what the roster remembers is only a hint.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from relay.delivery.connection import Content
from relay.dequeue.destination import Destination, legs
from relay.dequeue.ruling import PutOff, Ruling, Stopped
from relay.dequeue.text import Text
from relay.queue.notice_owed import Whom
from relay.smtp.envelope import Mail
from relay.smtp.parameters import with_orcpt
from relay.smtp.wire import BareLineEndError, encode
from spooltool.spool.codec import HEAD_BYTES, Envelope, Parts, parse
from spooltool.spool.names import SpoolName
from spooltool.spool.parts import parts_by_sizes
from spooltool.spool.recipient import Recipient
from spooltool.store.lock import Locked, lock
from spooltool.store.message import digest_ok, file_parts, read_chunks
from spooltool.store.root import Spool

WHOLE = 256 * 1024
"""Files up to this many bytes are read at once."""

TORN, NO_ENVELOPE, EDITED, BARE = "torn", "no-envelope", "edited", "bare"
UNENDED = "unended"
"""It was started several times and never ended: perhaps it kills the dequeuer."""


class Unfit(Exception):
    """The message as it stands cannot be sent.  `kind` says why, `text` tells a person.

    The lock is still held: whoever catches this decides and closes.
    """

    def __init__(self, kind: str, text: str, locked: Locked, envelope: Envelope) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.locked = locked
        self.envelope = envelope


@dataclass(slots=True)
class Job:
    """A message, or the part of it for one destination, being worked on.

    `pending` are the recipients of it that wait for an end.  `unended` counts the attempts
    that were begun before this one and never ended.  `told` are the addressees that the notice
    of an E file is offered to in this attempt.  `ruling` says what is to be done with the
    content, `text` is what came of it and may be sent, `verdict` why nothing may.
    """

    locked: Locked
    envelope: Envelope
    destination: Destination
    pending: tuple[Recipient, ...]
    data: bytes
    began: float
    unended: int = 0
    told: Mapping[Whom, str] = field(default_factory=dict)
    ruling: Ruling = None
    text: Text | None = None
    verdict: Stopped | PutOff | None = None

    @property
    def name(self) -> SpoolName:
        """Where the file is."""
        return self.locked.name

    @property
    def id(self) -> str:
        """The message's number."""
        return self.locked.name.number

    @property
    def part(self) -> str:
        """What the schedule calls it."""
        return self.destination.part(self.id)

    def reread(self, envelope: Envelope) -> None:
        """The file was written anew: this is its envelope now."""
        self.envelope = envelope
        self.pending = legs(self.name.letter, envelope).get(self.destination, ())

    def parts(self) -> Parts:
        """Where headers and body are."""
        found = parts_by_sizes(self.envelope)
        return found if found is not None else file_parts(self.locked.fd, self.envelope)[0]

    def close(self) -> None:
        """Drop the lock, and what was made of the content."""
        if self.text is not None:
            self.text.close()
        self.locked.close()


def take(
    spool: Spool,
    name: SpoolName,
    destination: Destination,
    now: float,
    *,
    sealed: int,
    accept_hand_edits: bool,
) -> Job:
    """Lock a message and check that it may be sent.

    The job is what goes to `destination`; where nothing does, it says where the message
    goes.  `sealed` is the inode of this message whose DIGEST was found right before in this
    process's life: it is checked once.  Raises Busy, Gone, NotRegular, NotPermitted, or
    Unfit with the lock held.
    """
    locked = lock(spool, name)
    try:
        data = os.pread(locked.fd, WHOLE, 0) if locked.size <= WHOLE else b""
        envelope = parse(data, locked.size) if data else locked.envelope()
        if envelope.torn:
            why = f"{envelope.size} of {envelope.expected_size} bytes: the end is missing"
            raise Unfit(TORN, why, locked, envelope)
        if not (data[:HEAD_BYTES] or os.pread(locked.fd, HEAD_BYTES, 0)).strip(b"\0"):
            # A power cut between rename and sync leaves the name without the bytes.
            raise Unfit(TORN, "it has a name and no text", locked, envelope)
        if envelope.sender is None or not envelope.recipients or envelope.end < 0:
            raise Unfit(NO_ENVELOPE, "sender or recipients are not known", locked, envelope)
        trusted = accept_hand_edits or locked.inode == sealed
        if not trusted and not _sealed(locked, envelope, data):
            raise Unfit(EDITED, "the content is not what was accepted", locked, envelope)
        unended = envelope.state.started if envelope.state is not None else 0
        found = legs(name.letter, envelope)
        place = destination if destination in found else next(iter(found))
        return Job(locked, envelope, place, found[place], data, now, unended)
    except Unfit:
        raise
    except BaseException:
        locked.close()
        raise


def _sealed(locked: Locked, envelope: Envelope, data: bytes) -> bool:
    """Whether length and digest are what the intake wrote; True where it wrote none."""
    if envelope.line("SIZES") is None and envelope.line("DIGEST") is None:
        return True
    if envelope.grown or envelope.sizes is None:
        return False
    algorithm, _, wanted = (envelope.get("DIGEST") or "").partition(":")
    if data and algorithm == "sha256":
        return hashlib.sha256(memoryview(data)[envelope.end :]).hexdigest() == wanted
    return digest_ok(locked.fd, envelope) is True


def mail_of(job: Job) -> tuple[Mail, Content]:
    """The transaction and the content of an R file: modified headers and body.

    Raises Unfit for content that holds a bare CR, which is never sent.
    """
    envelope = job.envelope
    parts = job.parts()
    (start, headers), (body_at, _) = parts.modified, parts.body
    sender = envelope.sender
    if sender is None:
        raise ValueError("a job without a sender")
    recipients = [(r.address, with_orcpt(r.path.params, r.path.orig)) for r in job.pending]
    if job.data and not envelope.crlf and start + headers + 1 == body_at:
        content = job.data[start:]
        try:
            wire = encode((content,))
        except BareLineEndError as error:
            raise Unfit(BARE, str(error), job.locked, envelope) from error
        eightbit = not content.isascii()
        utf8 = eightbit and not content[:headers].isascii()
        mail = Mail(sender.address, recipients, sender.params, len(wire) - 3, eightbit, utf8)
        return mail, Content(wire)
    size, lines, eightbit = 0, 0, False
    for chunk in content_pieces(job):
        size += len(chunk)
        lines += 0 if envelope.crlf else chunk.count(b"\n")
        eightbit = eightbit or not chunk.isascii()
        if not envelope.crlf and b"\r" in chunk:
            raise Unfit(BARE, "the content holds a bare CR", job.locked, envelope)
    head = os.pread(job.locked.fd, headers, start)
    mail = Mail(
        sender.address, recipients, sender.params, size + lines, eightbit, not head.isascii()
    )
    chunks = partial(content_pieces, job)
    return mail, Content(chunks=chunks, crlf=envelope.crlf)


def content_pieces(job: Job) -> Iterator[bytes]:
    """What is sent of an R file, as the file has it: modified headers, empty line, body."""
    parts, fd = job.parts(), job.locked.fd
    yield from read_chunks(fd, parts.modified)
    yield b"\r\n" if job.envelope.crlf else b"\n"
    yield from read_chunks(fd, parts.body)
