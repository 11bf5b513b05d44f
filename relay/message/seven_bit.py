"""8-bit content made 7-bit, for a hop without 8BITMIME (RFC 6152 3).

The leaf parts that hold 8-bit bytes become quoted-printable and their
Content-Transfer-Encoding says so; composite parts labelled 8bit or binary are labelled
7bit, which they are then.  Every other byte stays, by byte range: other parts, the
delimiters, header fields with their folding and order.

It takes two passes over the body, since a part's headers come before it is known what the
part holds::

    survey = Survey(headers)          # the header block, LF line ends
    survey.feed(chunk) …              # the body in chunks cut anywhere
    plan = survey.end()               # a Plan, or a text that says why it cannot be done
    plan.headers; plan.convert(chunks)

It cannot be done where 8-bit text stands outside of a leaf (header fields, the text around
the parts), where the structure can be read in two ways, or where the type or the present
encoding of a part forbids it.  Neither pass keeps more than a line and a part's headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relay.message.entity import Entity, Kind, read_entity
from relay.message.headers import find
from relay.message.part_lines import MAX_HEADER, PartLines
from relay.message.quoted_printable import Quoter

MAX_DEPTH = 50
MAX_STEPS = 10_000
EIGHT_BIT_HEADER = "header fields hold 8-bit text"


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a range of the body: `new` in its place, or None for quoted-printable."""

    start: int
    end: int
    new: bytes | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How to convert one message: its new header block, and the steps through its body.

    `parts` counts what becomes quoted-printable; `breaks_dkim` tells that the message
    carries a signature, which will not verify any more.
    """

    headers: bytes
    steps: tuple[Step, ...]
    parts: int
    breaks_dkim: bool

    def convert(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The new body of the body that was surveyed."""
        steps = iter(self.steps)
        step = next(steps, None)
        quoter = Quoter()
        at = 0
        for chunk in chunks:
            while chunk:
                if step is None:
                    yield chunk
                    break
                upto = step.start if at < step.start else step.end
                piece, chunk = chunk[: upto - at], chunk[upto - at :]
                if at < step.start:
                    yield piece
                elif step.new is None:
                    yield quoter.feed(piece)
                at += len(piece)
                while step is not None and at == step.end:
                    yield quoter.end() if step.new is None else step.new
                    step = next(steps, None)
        while step is not None:
            yield quoter.end() if step.new is None else step.new
            step = next(steps, None)


class Survey:
    """The first pass: finds the parts of a body and what must be done to each."""

    def __init__(self, headers: bytes) -> None:
        self._headers = headers
        self._top: list[Step] = []
        self._steps: list[Step] = []
        self._parts = 0
        self._problem = ""
        self._open: list[Entity] = []
        self._lines = PartLines()
        self._enter(read_entity(headers, 0, message=True), top=True)

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the body (LF line ends)."""
        if not self._problem:
            self._run(self._lines.feed(chunk))

    def end(self) -> Plan | str:
        """The body is over: the plan, or why there is none."""
        if not self._problem:
            self._run(self._lines.end())
            self._close(0, self._lines.at)
        if self._problem:
            return self._problem
        signed = find(self._headers, "DKIM-Signature") is not None
        headers = b"".join(Plan(b"", _in_order(self._top), 0, signed).convert((self._headers,)))
        return Plan(headers, _in_order(self._steps), self._parts, signed)

    def _run(self, found: Iterator[tuple[int, bytes]]) -> None:
        """Take pieces of the body: text up to a line that may be a delimiter, or that line."""
        for at, piece in found:
            if self._lines.in_header:
                self._header_line(at, piece)
            elif not (piece.startswith(b"--") and self._delimiter(at, piece)):
                self._text(piece)
            if self._problem:
                return

    def _text(self, piece: bytes) -> None:
        if piece.isascii():
            return
        entity = self._open[-1]
        entity.eightbit = True
        if entity.kind is Kind.MULTIPART:
            if entity.type.boundary or entity.ended:
                self._problem = "8-bit text stands around the parts"
            else:
                self._problem = "a multipart with 8-bit text names no boundary"

    def _delimiter(self, at: int, line: bytes) -> bool:
        """Whether a line divides parts (RFC 2046 5.1.1); if so, that is done."""
        text = line.rstrip(b" \t\n")
        for depth in range(len(self._open) - 1, -1, -1):
            entity = self._open[depth]
            boundary = entity.type.boundary
            if entity.kind is not Kind.MULTIPART or entity.ended or not boundary:
                continue
            if text == b"--" + boundary:
                self._close(depth + 1, at - 1)
                self._lines.begin_header()
                return True
            if text == b"--" + boundary + b"--":
                self._close(depth + 1, at - 1)
                entity.ended = True
                return True
        return False

    def _header_line(self, at: int, line: bytes) -> None:
        if line.startswith(b"--") and self._delimiter(at, line):
            return  # a part without a body
        block, end = self._lines.block, at + len(line)
        if line == b"\n":
            self._part(block, end)
        elif self._lines.is_field(line):
            block += line
            if len(block) > MAX_HEADER:
                self._problem = f"the headers of a part are larger than {MAX_HEADER} bytes"
        else:
            self._part(block, at, separated=False)
            self._text(line)

    def _part(self, block: bytearray, start: int, *, separated: bool = True) -> None:
        """The headers of a part, or of an enclosed message, are complete; its body begins."""
        parent = self._open[-1]
        entity = read_entity(
            bytes(block),
            start - len(block) - separated,
            message=parent.kind is Kind.MESSAGE,
            default=b"message/rfc822" if parent.type.name == b"multipart/digest" else b"",
        )
        entity.start, entity.separated = start, separated
        self._lines.begin_body()
        self._enter(entity)

    def _enter(self, entity: Entity, *, top: bool = False) -> None:
        entity.top = top
        if not entity.block.isascii():
            self._problem = EIGHT_BIT_HEADER
        elif len(self._open) >= MAX_DEPTH:
            self._problem = f"parts are nested deeper than {MAX_DEPTH}"
        self._open.append(entity)
        if entity.kind is Kind.MESSAGE:
            self._lines.begin_header()

    def _close(self, depth: int, end: int) -> None:
        """Everything deeper than that ends here; the LF before a delimiter is no content."""
        if self._lines.in_header:  # of a part without a body
            if not self._lines.block.isascii():
                self._problem = EIGHT_BIT_HEADER
            self._lines.begin_body()
        while len(self._open) > depth and not self._problem:
            entity = self._open.pop()
            if entity.kind is not Kind.LEAF:
                self._relabel(entity)
            elif entity.eightbit:
                self._quote(entity, end)

    def _relabel(self, entity: Entity) -> None:
        """A composite part holds 7-bit content from now on."""
        if entity.encoding in (b"8bit", b"binary"):
            self._add(entity, *entity.label(b"7bit"))

    def _quote(self, entity: Entity, end: int) -> None:
        self._problem = entity.why_not_quoted()
        if self._problem:
            return
        self._add(entity, *entity.label(b"quoted-printable"))
        self._steps.append(Step(entity.start, max(end, entity.start)))
        self._parts += 1
        if len(self._steps) > MAX_STEPS:
            self._problem = "too many parts"

    def _add(self, entity: Entity, start: int, end: int, new: bytes) -> None:
        (self._top if entity.top else self._steps).append(Step(start, end, new))


def _in_order(steps: list[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.start, step.end)))
