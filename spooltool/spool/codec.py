"""The envelope of a spool file: bytes to lines and back, losing nothing.

`parse` reads any bytes and never raises; what is wrong becomes defects.  Every line
remembers where its value stands, so that an edit is a list of `Splice`s: the bytes
replaced are the value's own, all others stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from spooltool.spool.defects import Defect
from spooltool.spool.fields import CHAPTER_KEYS, FIELD, LOG_KEYS, ORDER, check_value
from spooltool.spool.recipient import Path, Recipient, parse_path_value, parse_recipient
from spooltool.spool.state import State, parse_state

HEAD_BYTES = 4096
"""STATE begins within this many bytes; a listing reads no more."""

_BLANKS = b" \t"


@dataclass(frozen=True, slots=True)
class Line:
    """One envelope line: key, raw value, and offsets of value start, value end, line end."""

    key: str
    raw: bytes
    value_start: int
    value_end: int
    end: int
    number: int

    @property
    def value(self) -> str:
        """The value as text; undecodable bytes as surrogates."""
        return self.raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the three parts stand in the file: (offset, length) each, separators left out."""

    original: tuple[int, int]
    modified: tuple[int, int]
    body: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace `old` bytes at `offset` by `new`."""

    offset: int
    old: int
    new: bytes


@dataclass
class Envelope:
    """What a head of bytes says.  Derived values are made when first asked for.

    `end` is the offset after the blank line that closes the envelope (-1 while it is not
    in the head), `complete` that it was found or the whole file was read.
    """

    head: bytes
    size: int
    lines: tuple[Line, ...]
    end: int
    complete: bool
    crlf: bool
    line_defects: tuple[Defect, ...]
    _first: dict[str, Line] = field(repr=False)

    def get(self, key: str) -> str | None:
        """Value of the first line of this key; None when there is none."""
        line = self._first.get(key)
        return line.value if line else None

    def line(self, key: str) -> Line | None:
        """The first line of this key."""
        return self._first.get(key)

    def all(self, key: str) -> list[Line]:
        """Every line of this key, in file order."""
        return [line for line in self.lines if line.key == key]

    @cached_property
    def _state(self) -> tuple[State | None, bool]:
        line = self._first.get("STATE")
        return parse_state(line.raw) if line else (None, False)

    @property
    def state(self) -> State | None:
        """The STATE line; None when it is missing or cannot be trusted."""
        return self._state[0]

    @property
    def state_fixed(self) -> bool:
        """Whether the STATE line has its width and can be written in place."""
        return self._state[1]

    @cached_property
    def sender(self) -> Path | None:
        """The envelope sender; None when the file names none."""
        line = self._first.get("FROM")
        return parse_path_value(line.value) if line else None

    @cached_property
    def recipients(self) -> tuple[Recipient, ...]:
        """The RCPT lines that read as recipients."""
        found = (parse_recipient(ln.raw, ln.value_start) for ln in self.lines if ln.key == "RCPT")
        return tuple(recipient for recipient in found if recipient is not None)

    @property
    def arrived(self) -> float | None:
        """ARRIVED as unix seconds."""
        text = self.get("ARRIVED")
        if text is None or check_value("ARRIVED", text):
            return None
        return float(text)

    @cached_property
    def sizes(self) -> tuple[int, int, int] | None:
        """SIZES: bytes of original headers, modified headers, body."""
        words = (self.get("SIZES") or "").split()
        if len(words) != 3 or not all(w.isascii() and w.isdigit() and len(w) < 16 for w in words):
            return None
        return int(words[0]), int(words[1]), int(words[2])

    @property
    def expected_size(self) -> int | None:
        """Length that the file must have by SIZES; None without SIZES or without an end."""
        sizes = self.sizes
        if sizes is None or self.end < 0:
            return None
        return self.end + sum(sizes) + 2

    @property
    def torn(self) -> bool:
        """Shorter than SIZES says: never delivered."""
        expected = self.expected_size
        return expected is not None and self.size < expected

    @property
    def grown(self) -> bool:
        """Longer than SIZES says: edited by hand."""
        expected = self.expected_size
        return expected is not None and self.size > expected

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """Everything wrong that this head can tell."""
        return tuple(_defects(self))


def parse(head: bytes, size: int | None = None) -> Envelope:
    """Read the envelope from the first bytes of a file.

    `size` is the file's length (default: `head` is the whole file).  Nothing raises: any
    bytes give an envelope, with defects.
    """
    if size is None:
        size = len(head)
    blank = head.find(b"\n\n")
    crlf = False
    if head.find(b"\r", 0, blank if blank >= 0 else len(head)) >= 0:
        # CR before LF is part of the line end only where every line of the file has it
        # (of this head, as far as a head can tell).
        region = head if head.endswith(b"\n") else head[: head.rfind(b"\n") + 1]
        crlf = region.count(b"\r\n") == region.count(b"\n")
        if crlf:
            blank = head.find(b"\r\n\r\n")
    if head.startswith(b"\r\n" if crlf else b"\n"):
        stop, end = 0, 2 if crlf else 1
    elif blank >= 0:
        stop = blank + (2 if crlf else 1)
        end = stop + (2 if crlf else 1)
    else:
        stop, end = len(head), -1
    complete = end >= 0 or len(head) >= size
    if end < 0 and not complete:
        stop = head.rfind(b"\n") + 1  # the last line may go on beyond the head
    return _read_lines(head, size, stop, end, complete, crlf)


def _read_lines(
    head: bytes, size: int, stop: int, end: int, complete: bool, crlf: bool
) -> Envelope:
    lines: list[Line] = []
    defects: list[Defect] = []
    first: dict[str, Line] = {}
    at = 0
    number = 0
    for raw_line in head[:stop].split(b"\n"):
        number += 1
        next_at = at + len(raw_line) + 1
        if at >= stop:
            break
        text = raw_line[:-1] if crlf and raw_line.endswith(b"\r") else raw_line
        colon = text.find(b":")
        if colon <= 0:
            code = "no-colon"
            if len(defects) < 100:
                defects.append(Defect(code, "", number, 1))
        else:
            value = text[colon + 1 :].lstrip(_BLANKS)
            value_start = at + len(text) - len(value)
            value = value.rstrip(_BLANKS) if not text.startswith((b"STATE", b"RCPT")) else value
            key = text[:colon].rstrip(_BLANKS).decode("utf-8", "surrogateescape")
            line = Line(key, value, value_start, value_start + len(value), next_at, number)
            lines.append(line)
            first.setdefault(key, line)
        at = next_at
    return Envelope(head, size, tuple(lines), end, complete, crlf, tuple(defects), first)


def _defects(env: Envelope) -> Iterable[Defect]:
    if env.size == 0:
        yield Defect("empty")
        return
    if not env.lines:
        yield Defect("not-a-spool-file")
        return
    yield from env.line_defects
    seen: dict[str, Line] = {}
    last_order = -1
    ordered = True
    for line in env.lines:
        known = FIELD.get(line.key)
        if known is None:
            yield Defect("key-unknown", line.key[:40], line.number, 1)
            continue
        if line.key in seen and not known.repeats:
            before = seen[line.key].number
            yield Defect("key-doubled", f"{line.key} stands in line {before} too", line.number, 1)
        seen.setdefault(line.key, line)
        order = ORDER[line.key]
        ordered = ordered and order >= last_order
        last_order = max(order, last_order)
        if problem := known.check(line.value):
            column = line.value_start - _line_start(env, line) + 1
            yield Defect("value-bad", f"{line.key}: {problem}", line.number, column)
        if line.key == "RCPT" and parse_recipient(line.raw, 0) is None:
            yield Defect("rcpt-bad", "", line.number, 1)
    if not ordered:
        yield Defect("key-order")
    for key in CHAPTER_KEYS:
        if key not in seen and key not in LOG_KEYS and env.complete:
            yield Defect("key-missing", key)
    if env.end < 0 and env.complete and env.line("SIZES"):
        yield Defect("envelope-open")
    if env.line("STATE") and env.state is None:
        yield Defect("state-bad", "", seen["STATE"].number, 1)
    if env.complete and (env.sender is None or not env.recipients):
        yield Defect("no-envelope")
    if env.line("SIZES") and env.sizes is None:
        yield Defect("sizes-bad", "", seen["SIZES"].number, 1)
    if env.torn:
        yield Defect("torn", f"{env.size} of {env.expected_size} bytes")
    if env.grown:
        yield Defect("edited", f"{env.size} bytes where SIZES says {env.expected_size}")
    if env.crlf:
        yield Defect("crlf")


def splices(env: Envelope, changes: Mapping[str, str | None]) -> tuple[Splice, ...]:
    """The byte edits that give these keys these values (None removes the lines of a key).

    A key that stands twice is changed everywhere, so that no reader can see the old
    value.  A missing key is put where it belongs.  Raises ValueError for a value that
    its key does not allow: a caller checks first with `check_value`.
    """
    edits: list[Splice] = []
    eol = b"\r\n" if env.crlf else b"\n"
    for key, value in changes.items():
        present = env.all(key)
        if value is None:
            edits.extend(
                Splice(start, line.end - start, b"")
                for line in present
                for start in (_line_start(env, line),)
            )
            continue
        if problem := check_value(key, value):
            raise ValueError(f"{key}: {problem}")
        raw = value.encode("utf-8", "surrogateescape")
        if present:
            edits.extend(
                Splice(line.value_start, line.value_end - line.value_start, raw)
                for line in present
                if line.raw != raw
            )
        else:
            at = _place(env, key)
            separator = FIELD[key].separator.encode()
            edits.append(Splice(at, 0, _open_end(env, at) + key.encode() + separator + raw + eol))
    return tuple(sorted(edits, key=lambda edit: edit.offset))


def insert_lines(env: Envelope, key: str, values: Iterable[str]) -> Splice:
    """The edit that adds lines of a repeatable key after those that stand already."""
    eol = b"\r\n" if env.crlf else b"\n"
    present = env.all(key)
    at = min(present[-1].end, env.size) if present else _place(env, key)
    text = b""
    for value in values:
        if problem := check_value(key, value):
            raise ValueError(f"{key}: {problem}")
        encoded = value.encode("utf-8", "surrogateescape")
        text += key.encode() + FIELD[key].separator.encode() + encoded + eol
    return Splice(at, 0, _open_end(env, at) + text)


def apply_splices(data: bytes, edits: Iterable[Splice]) -> bytes:
    """The bytes after the edits; `data` must reach at least to the last of them."""
    out: list[bytes] = []
    at = 0
    for edit in edits:
        out.append(data[at : edit.offset])
        out.append(edit.new)
        at = edit.offset + edit.old
    out.append(data[at:])
    return b"".join(out)


def _line_start(env: Envelope, line: Line) -> int:
    return env.head.rfind(b"\n", 0, line.value_start) + 1


def _place(env: Envelope, key: str) -> int:
    """Offset where a line of a missing key goes: after the last known key before it."""
    order = ORDER[key]
    at = 0
    for line in env.lines:
        if line.key in ORDER and ORDER[line.key] < order:
            at = max(at, line.end)
    return min(at, env.size)


def _open_end(env: Envelope, at: int) -> bytes:
    """A line end where the file stops in the middle of a line and something is added."""
    if at and at >= env.size and not env.head[:at].endswith(b"\n"):
        return b"\r\n" if env.crlf else b"\n"
    return b""
