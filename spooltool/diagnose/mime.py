"""The parts of a message as byte ranges, found step by step, whatever the bytes are.

The tree is what a plain reader sees: a line that begins with a boundary in force divides,
the innermost one first.  A step looks at no more than `WINDOW` bytes or `MOST_CANDIDATES`
lines, so that a message of 100 MB is read between two keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from spooltool.diagnose.content_fields import ContentFields, content_fields

WINDOW = 64 * 1024
MOST_CANDIDATES = 2000
MOST_PARTS = 10_000
MOST_DEPTH = 50
MOST_HEADER = 32 * 1024
"""Bytes of a part's headers that are read."""

_LONGEST_DELIMITER = 300
_BLANK = re.compile(rb"\n\r?\n")

Read = Callable[[int, int], bytes]
Span = tuple[int, int]
"""Where something begins and where it ends."""


@dataclass(slots=True)
class Part:
    """One part.  `path` is its number (`(1, 2)`; the message itself has none).

    `header` and `body` are offsets of begin and end; `body` ends -1 while it is not known.
    `odd` says in words what is wrong with it.
    """

    path: tuple[int, ...]
    header: Span
    body: Span
    fields: ContentFields = field(default_factory=ContentFields)
    children: int = 0
    odd: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of its body as they stand in the file; -1 while that is not known."""
        return self.body[1] - self.body[0] if self.body[1] >= 0 else -1


class PartReader:
    """Finds the parts of one message: `parts` grow in the order of the file.

    `read(offset, length)` gives bytes, fewer at the end of the file.  `header` and `body`
    are offset and length.  `cut` tells that there are more parts than MOST_PARTS.
    """

    def __init__(self, read: Read, header: tuple[int, int], body: tuple[int, int]) -> None:
        self.parts: list[Part] = []
        self.done = False
        self.cut = False
        self._read = read
        self._at, self._end = body[0], sum(body)
        self._at_line = True
        self._beginning = False
        self._open: list[Part] = []
        self._boundaries: dict[bytes, list[int]] = {}
        block = read(header[0], min(header[1], MOST_HEADER))
        self._enter(Part((), (header[0], sum(header)), (body[0], -1), content_fields(block)))

    @property
    def part_read(self) -> float:
        """How much of the body is through, from 0 to 1."""
        if self.done:
            return 1.0
        start = self.parts[0].body[0]
        return (self._at - start) / max(1, self._end - start)

    def step(self) -> bool:
        """Look at the next piece; whether there is more."""
        if not self.done:
            if self._beginning:
                self._read_header()
            else:
                self._scan()
        return not self.done

    # one part begins

    def _enter(self, part: Part) -> None:
        self.parts.append(part)
        depth = len(self._open)
        self._open.append(part)
        said = part.fields
        if depth >= MOST_DEPTH:
            if said.multipart or said.is_message:
                part.odd.append("nested too deep: not divided any more")
            return
        if said.multipart:
            self._boundaries.setdefault(said.boundary, []).append(depth)
        elif said.type.startswith("multipart/"):
            part.odd.append("multipart without a boundary")
        elif said.is_message:
            self._begin()

    def _begin(self) -> None:
        """The next thing at `_at` is a part of the innermost open one."""
        if len(self.parts) >= MOST_PARTS:
            self.cut = True
            self._finish()
            return
        self._beginning = True

    def _read_header(self) -> None:
        self._beginning = False
        at = self._at
        data = self._read(at, min(MOST_HEADER, self._end - at))
        length, body, odd = self._header_end(data)
        parent = self._open[-1]
        parent.children += 1
        part = Part(
            (*parent.path, parent.children),
            (at, at + length),
            (at + body, -1),
            content_fields(data[:length]),
        )
        if odd:
            part.odd.append(odd)
        self._at, self._at_line = at + body, True
        self._enter(part)

    def _header_end(self, data: bytes) -> tuple[int, int, str]:
        """Length of the headers, where the body begins, what is odd."""
        blank = _BLANK.search(data)
        if data.startswith((b"\n", b"\r\n")):
            return 0, data.index(b"\n") + 1, ""
        end = blank.start() + 1 if blank else len(data)
        at = 0 if data.startswith(b"--") else data.find(b"\n--", 0, end) + 1 or -1
        while at >= 0:
            if self._divides(data, at) is not None:
                return at, at, "no empty line after its headers"
            at = data.find(b"\n--", at, end) + 1 or -1
        if blank:
            return end, blank.end(), ""
        long = self._at + len(data) < self._end
        return len(data), len(data), "headers too long" if long else "headers without an end"

    # the body, delimiter by delimiter

    def _scan(self) -> None:
        asked = min(WINDOW, self._end - self._at)
        data = self._read(self._at, asked)
        whole = self._at + len(data) >= self._end or len(data) < asked
        found = 0 if self._at_line and data.startswith(b"--") else data.find(b"\n--") + 1 or -1
        tried = 0
        while found >= 0:
            tried += 1
            near_end = len(data) - found < _LONGEST_DELIMITER
            if (near_end and not whole) or tried > MOST_CANDIDATES:
                self._go_to(max(1, found - 2))
                return
            divides = self._divides(data, found)
            if divides is not None:
                self._divide(data, found, *divides)
                return
            found = data.find(b"\n--", found) + 1 or -1
        if whole:
            self._at += len(data)
            self._finish()
        else:
            self._go_to(len(data) - 2)

    def _go_to(self, ahead: int) -> None:
        """On by so many bytes, before the line end of what is looked at next."""
        self._at += ahead
        self._at_line = False

    def _divides(self, data: bytes, at: int) -> tuple[int, bool, int] | None:
        """Depth of the part that a line divides, whether it ends it, where the next line is."""
        end = data.find(b"\n", at, at + _LONGEST_DELIMITER)
        text = data[at + 2 : end if end >= 0 else at + _LONGEST_DELIMITER].rstrip(b" \t\r")
        after = end + 1 if end >= 0 else min(len(data), at + _LONGEST_DELIMITER)
        depths = self._boundaries.get(text)
        if depths:
            return depths[-1], False, after
        depths = self._boundaries.get(text[:-2]) if text.endswith(b"--") else None
        return (depths[-1], True, after) if depths else None

    def _divide(self, data: bytes, at: int, depth: int, closing: bool, after: int) -> None:
        end = at
        if data[end - 1 : end] == b"\n":
            end -= 1
            if data[end - 1 : end] == b"\r":
                end -= 1
        self._close(depth + 1, self._at + end)
        if closing:
            self._go_to(after - 2)
            divided = self._open[depth]
            self._boundaries[divided.fields.boundary].pop()
            if not divided.children:
                divided.odd.append("no parts")
            return
        self._at += after
        self._at_line = True
        if self._at < self._end:
            self._begin()

    def _close(self, depth: int, end: int) -> None:
        """Every open part from a depth on ends: the innermost first, none before its own."""
        while len(self._open) > depth:
            part = self._open.pop()
            end = max(end, part.body[0])
            part.body = (part.body[0], end)
            boundary = part.fields.boundary
            depths = self._boundaries.get(boundary)
            if part.fields.multipart and depths and depths[-1] == len(self._open):
                depths.pop()
                part.odd.append("its boundary never closes it" if part.children else "no parts")

    def _finish(self) -> None:
        self.done = True
        self._close(0, self._end if self.cut else self._at)
