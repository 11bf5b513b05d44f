"""Reading one message step by step, for a screen that must not wait for a long one."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

from spooltool.spool.codec import Envelope, Parts, parse
from spooltool.spool.names import SpoolName
from spooltool.spool.outline import Outline
from spooltool.store.message import CHUNK, MessageFile, checkable, file_parts
from spooltool.store.root import Spool

PIECE = 16 * 1024
"""Bytes of a long envelope that are read in one step."""

_MOST_ENVELOPE = 64 << 20
_MOST_LINES = 500_000
_LAST_LINES = 24
"""Behind the recipients stand PASS, SIZES and DIGEST."""


class PatientFile(MessageFile):
    """A message open for reading, without a lock, whose long envelope is read in steps.

    Until `whole`, `envelope` is its beginning and there are no `parts`; afterwards a long
    envelope is its first and its last lines, and `outline` (None for a short one) knows
    where every line stands.
    """

    def __init__(self, spool: Spool, name: SpoolName) -> None:
        """Open it.  Raises Gone, NotPermitted, NotRegular, OSError."""
        self.name = name
        self.fd = spool.open_file(name)
        self.outline: Outline | None = None
        self.whole = True
        self._reading: Outline | None = None
        try:
            self.begin()
        except OSError:
            os.close(self.fd)
            raise

    def begin(self) -> None:
        """Read it anew: results may have been written since.  What is `whole` stays it."""
        facts = os.fstat(self.fd)
        self.inode, self.size, self.mtime = facts.st_ino, facts.st_size, facts.st_mtime
        envelope = parse(os.pread(self.fd, 2 * PIECE, 0), self.size)
        if envelope.line("STATE") and envelope.state is None:
            # Its writer may have been between two bytes.
            envelope = parse(os.pread(self.fd, 2 * PIECE, 0), self.size)
        if envelope.complete:
            self.envelope = envelope
            self.parts, self.part_defects = file_parts(self.fd, envelope)
            return
        self._reading = Outline(envelope.crlf)
        if self.outline is None:
            nothing = (self.size, 0)
            self.parts, self.part_defects = Parts(nothing, nothing, nothing), ()
            self.envelope, self.outline, self.whole = envelope, self._reading, False

    def read_on(self) -> bool:
        """Read the next piece of a long envelope; whether there is more of it."""
        outline = self._reading
        if outline is None:
            return False
        piece = os.pread(self.fd, PIECE, outline.at)
        last = outline.at + len(piece) >= min(self.size, _MOST_ENVELOPE) or not piece
        outline.feed(piece, last=last or len(outline.starts) > _MOST_LINES)
        if not outline.done:
            return True
        self.outline, self._reading, self.whole = outline, None, True
        self.envelope = self._sampled(outline)
        self.parts, self.part_defects = file_parts(self.fd, self.envelope)
        return False

    def _sampled(self, outline: Outline) -> Envelope:
        """The first and the last lines as an envelope; its offsets are those of the sample."""
        lines = len(outline.starts)
        if not lines:  # the file was cut to nothing meanwhile
            return parse(b"")
        first = next(at for at in range(lines - 1, -1, -1) if outline.starts[at] <= PIECE)
        last = max(first, lines - _LAST_LINES)
        head = os.pread(self.fd, outline.starts[first], 0)
        start = outline.starts[last]
        length = PIECE if outline.end < 0 else min(CHUNK, outline.end - start)
        sample = parse(head + os.pread(self.fd, length, start))
        left_out = last - first
        moved = [
            one if one.number <= first else one._replace(number=one.number + left_out)
            for one in sample.lines
        ]
        return replace(
            sample,
            size=self.size,
            end=outline.end,
            complete=True,
            crlf=outline.crlf,
            lines=tuple(moved),
            line_defects=tuple(one for one in sample.line_defects if one.line <= first),
            _first={one.key: one for one in reversed(moved)},
        )


class DigestCheck:
    """Whether DIGEST fits the content, found out in steps of at most 256 KiB.

    `fits` is None until it is `done`, and where there is no DIGEST that could be checked.
    """

    def __init__(self, file: MessageFile) -> None:
        self._file = file
        envelope = file.envelope
        algorithm, _, self._wanted = (envelope.get("DIGEST") or "").partition(":")
        self._at = envelope.end
        self._digest = hashlib.new(algorithm) if checkable(envelope) else None
        self.done = self._digest is None
        self.fits: bool | None = None

    @property
    def part(self) -> float:
        """How much of the file is through, from 0 to 1."""
        return 1.0 if self.done else self._at / max(1, self._file.size)

    def step(self) -> bool:
        """Take the next piece; whether there is more."""
        if self.done or self._digest is None:
            return False
        chunk = self._file.read((self._at, self._file.size - self._at), CHUNK)
        self._digest.update(chunk)
        self._at += len(chunk)
        if not chunk or self._at >= self._file.size:
            self.done = True
            self.fits = self._digest.hexdigest() == self._wanted
        return not self.done
