"""The envelope of a spool file: bytes to lines and back, losing nothing.

`parse` reads any bytes and never raises; what is wrong becomes defects.  Every line
remembers where its value stands, so that an edit is a list of `Splice`s: the bytes
replaced are the value's own, all others stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from spooltool.spool.defects import Defect
from spooltool.spool.fields import CHAPTER_KEYS, FIELD, LOG_KEYS, ORDER, check_value
from spooltool.spool.recipient import Path, Recipient, parse_path_value, parse_recipient
from spooltool.spool.state import State, parse_state

HEAD_BYTES = 4096
"""STATE begins within this many bytes; a listing reads no more."""

MAX_DEFECTS = 100
"""Of one kind and file: binary junk has a defect in each of its many lines."""

NOTHING_MORE: Mapping[str, Sequence[bytes]] = {}
"""No lines to add."""

_BLANKS = b" \t"
_KEYS = {key.encode(): key for key in FIELD}


class Line(NamedTuple):
    """One envelope line: key, raw value, offsets of value start, value end and line end.

    Blanks around the value are no part of it.  `number` counts lines from 1.
    """

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

    def holds(self, key: str, value: str | None) -> bool:
        """Whether every line of this key has this value (None: there is no such line)."""
        present = self.all(key)
        if value is None:
            return not present
        return bool(present) and all(line.value == value for line in present)

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
    def cut(self) -> bool:
        """Whether a file of ours ends before the blank line that closes its envelope."""
        return (
            self.end < 0 and self.complete and ("FORMAT" in self._first or "SIZES" in self._first)
        )

    @property
    def expected_size(self) -> int | None:
        """Length that the file must have by SIZES, at least that when the envelope is cut.

        None where nothing tells it: no SIZES, or an envelope that goes on beyond the head.
        """
        sizes = self.sizes
        if self.cut:
            return self.size + 1 + (sum(sizes) + 2 if sizes else 0)
        if sizes is None or self.end < 0:
            return None
        return self.end + sum(sizes) + 2

    @property
    def torn(self) -> bool:
        """Shorter than SIZES says, or cut in its envelope: never delivered."""
        expected = self.expected_size
        return expected is not None and self.size < expected

    @property
    def grown(self) -> bool:
        """Longer than SIZES says: edited by hand."""
        expected = self.expected_size
        return expected is not None and self.size > expected

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """Everything wrong that this head can tell: by line, then what is wrong as a whole."""
        return tuple(sorted(_defects(self), key=lambda d: (d.line == 0, d.line, d.column)))


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
        crlf = 0 < head.count(b"\r\n") == head.count(b"\n")
        if crlf:
            blank = head.find(b"\r\n\r\n")
    eol = 2 if crlf else 1
    if head.startswith(b"\r\n" if crlf else b"\n"):
        stop, end = 0, eol
    elif blank >= 0:
        stop, end = blank + eol, blank + 2 * eol
    else:
        stop, end = len(head), -1
    complete = end >= 0 or len(head) >= size
    if not complete:
        stop = head.rfind(b"\n") + 1  # the last line may go on beyond the head
    lines, defects, first = _read_lines(head[:stop], crlf)
    return Envelope(head, size, lines, end, complete, crlf, defects, first)


def _read_lines(
    text: bytes, crlf: bool
) -> tuple[tuple[Line, ...], tuple[Defect, ...], dict[str, Line]]:
    lines: list[Line] = []
    defects: list[Defect] = []
    first: dict[str, Line] = {}
    rows = text.split(b"\n")
    last = rows.pop()  # what follows the last LF: no line, or one without a line end
    if last:
        rows.append(last)
    start = 0
    for number, row in enumerate(rows, 1):
        end = start + len(row) + 1
        raw_key, colon, value = row.partition(b":")
        key = _KEYS.get(raw_key) or raw_key.rstrip(_BLANKS).decode("utf-8", "surrogateescape")
        if colon and key:
            if crlf and value.endswith(b"\r") and end <= len(text):
                value = value[:-1]
                value_start = end - 2
            else:
                value_start = end - 1
            value = value.lstrip(_BLANKS)
            value_start -= len(value)
            value = value.rstrip(_BLANKS)
            line = Line(key, value, value_start, value_start + len(value), end, number)
            lines.append(line)
            if key not in first:
                first[key] = line
        elif len(defects) < MAX_DEFECTS:
            defects.append(Defect("no-colon", "", number, 1))
        start = end
    if last and lines and lines[-1].number == len(rows):
        lines[-1] = lines[-1]._replace(end=len(text))
        if first[lines[-1].key].number == len(rows):
            first[lines[-1].key] = lines[-1]
    return tuple(lines), tuple(defects), first


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
    unknown = 0
    for line in env.lines:
        known = FIELD.get(line.key)
        if known is None:
            unknown += 1
            if unknown <= MAX_DEFECTS:
                yield Defect("key-unknown", line.key[:40], line.number, 1)
            continue
        if line.key in seen and not known.repeats:
            before = seen[line.key].number
            yield Defect("key-doubled", f"{line.key} stands in line {before} too", line.number, 1)
        seen.setdefault(line.key, line)
        order = ORDER[line.key]
        ordered = ordered and order >= last_order
        last_order = max(order, last_order)
        if problem := check_value(line.key, line.value):
            column = line.value_start - line_start(env, line) + 1
            yield Defect("value-bad", f"{line.key}: {problem}", line.number, column)
        if line.key == "RCPT" and parse_recipient(line.raw, 0) is None:
            yield Defect("rcpt-bad", "", line.number, 1)
    if not ordered:
        yield Defect("key-order")
    for key in CHAPTER_KEYS:
        if key not in seen and key not in LOG_KEYS and env.complete:
            yield Defect("key-missing", key)
    if env.cut:
        yield Defect("envelope-open")
    if env.line("STATE") and env.state is None:
        yield Defect("state-bad", "", seen["STATE"].number, 1)
    if env.complete and (env.sender is None or not env.recipients):
        yield Defect("no-envelope")
    if env.line("SIZES") and env.sizes is None:
        yield Defect("sizes-bad", "", seen["SIZES"].number, 1)
    if env.complete and env.line("DIGEST") and not env.line("SIZES"):
        yield Defect("sizes-bad", "missing beside DIGEST")
    if env.torn:
        yield Defect("torn", f"{env.size} of {env.expected_size} bytes")
    if env.grown:
        yield Defect("edited", f"{env.size} bytes where SIZES says {env.expected_size}")
    if env.crlf:
        yield Defect("crlf")


def splices(
    env: Envelope,
    changes: Mapping[str, str | None],
    *,
    restoring: bool = False,
    more: Mapping[str, Sequence[bytes]] = NOTHING_MORE,
) -> tuple[Splice, ...]:
    """The byte edits that give these keys these values (None removes the lines of a key).

    A key that stands twice is changed everywhere, so that no reader can see the old
    value.  A missing key is put where it belongs.  Raises ValueError for a value that
    its key does not allow: a caller checks first with `check_value`.  `restoring` takes
    whatever can have stood in a line: undoing a change of a bad value gives it back.
    `more` are values of lines to add to a key that repeats, behind those that stand.
    """
    edits: list[Splice] = []
    added: dict[int, bytes] = {}
    for key in sorted({*changes, *more}, key=lambda key: ORDER.get(key, len(ORDER))):
        present = env.all(key)
        if key in more:
            at = present[-1].end if present else _place(env, key)
            text = b"".join(_new_line(env, key, raw) for raw in more[key])
            added[at] = added.get(at, b"") + text
        if key not in changes:
            continue
        value = changes[key]
        if value is None:
            for line in present:
                start = line_start(env, line)
                edits.append(Splice(start, line.end - start, b""))
            continue
        raw = _restored(key, value) if restoring else _checked(key, value)
        edits.extend(
            Splice(line.value_start, line.value_end - line.value_start, raw)
            for line in present
            if line.raw != raw
        )
        if not present:
            at = _place(env, key)
            added[at] = added.get(at, b"") + _new_line(env, key, raw)
    gone = {key for key, value in changes.items() if value is None}
    edits.extend(Splice(at, 0, _open_end(env, at, gone) + text) for at, text in added.items())
    # What is put before a line goes before that line's own removal.
    return tuple(sorted(edits, key=lambda edit: (edit.offset, edit.old)))


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


def _restored(key: str, value: str) -> bytes:
    raw = value.encode("utf-8", "surrogateescape")
    if b"\n" in raw or raw != raw.strip(b" \t"):
        raise ValueError(f"{key}: no value of a line")
    return raw


def _checked(key: str, value: str) -> bytes:
    if problem := check_value(key, value):
        raise ValueError(f"{key}: {problem}")
    return value.encode("utf-8", "surrogateescape")


def _new_line(env: Envelope, key: str, raw: bytes) -> bytes:
    return key.encode() + FIELD[key].separator.encode() + raw + (b"\r\n" if env.crlf else b"\n")


def line_start(env: Envelope, line: Line) -> int:
    """Offset of a line's first byte."""
    return env.head.rfind(b"\n", 0, line.value_start) + 1


def _place(env: Envelope, key: str) -> int:
    """Offset where a line of a missing key goes: after the last known key before it."""
    order = ORDER[key]
    return max((ln.end for ln in env.lines if ORDER.get(ln.key, order) < order), default=0)


def _open_end(env: Envelope, at: int, gone: Iterable[str] = ()) -> bytes:
    """A line end where the file stops in the middle of a line and something is added.

    None is wanted when that line is itself of a key that is taken out.
    """
    if at < env.size or env.head[at - 1 : at] in (b"", b"\n"):
        return b""
    if env.lines and env.lines[-1].end == at and env.lines[-1].key in gone:
        return b""
    return b"\r\n" if env.crlf else b"\n"
