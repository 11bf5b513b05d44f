"""The structure of a message, found while its bytes pass.

One reading is followed, that of RFC 2046 5.1: a delimiter is a line of its own, the
innermost open multipart takes it, and one of an outer multipart ends all inside of it.
Whatever another reader could take differently is a defect of the part where it stands.

Memory is bounded by one header block, one line, and the tree.
"""

from __future__ import annotations

import re

from relay.message.headers import HeaderCollector, HeaderLimits
from relay.message.mime.defects import Defect
from relay.message.mime.delimiters import DelimiterSearch, Hit
from relay.message.mime.fields import read_fields
from relay.message.mime.leaf import LeafReader, LineEnds, Reader
from relay.message.mime.limits import DEFAULT_LIMITS, Limits, Spent
from relay.message.mime.node import Node
from relay.message.mime.tree import Encoding, Kind, Range, Tree

_STEP = 64 * 1024
_LONG_LINE = 64 * 1024
_EIGHTBIT = re.compile(rb"[\x80-\xff]")


class Scanner:
    """Takes content (LF line ends) in chunks cut anywhere; `end` gives the tree.

    Never raises on content, and the tree does not depend on how the content was cut.
    `spent`, `depth` and `encoded` are for a message that is encoded in another one: what
    that one has used of the limits, and how deep inside of it this one lies.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        spent: Spent | None = None,
        depth: int = 0,
        encoded: int = 0,
    ) -> None:
        self._limits = limits
        self._spent = spent or Spent()
        self._depth = depth
        self._encoded = encoded
        self._nodes: list[Node] = []
        self._open: list[Node] = []
        self._search = DelimiterSearch()
        self._gap: LeafReader | None = None
        self._rest = bytearray()
        self._at = 0
        self._line_start = True
        self._last = False
        self._given_up = False
        self._size = 0
        self._eightbit = self._cr = self._nul = -1
        self._collector: HeaderCollector | None = None
        self._header_at = 0
        self._begin_header(0)

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the content."""
        for at in range(0, len(chunk), _STEP):
            step = chunk[at : at + _STEP]
            self._watch(step)
            self._size += len(step)
            self._rest += step
            if self._collector is not None or b"\n" in step or len(self._rest) > _LONG_LINE:
                self._run()

    def end(self) -> Tree:
        """The content is over: its structure."""
        self._last = True
        self._run()
        while self._collector is not None:
            collector = self._collector
            collector.end()
            self._at = self._part(collector)
            self._rest = bytearray(collector.rest)
            self._run()
        self._close(0, self._size, whole=True)
        top = self._nodes[0]
        for defect, at in ((Defect.CR, self._cr), (Defect.NUL, self._nul)):
            if at >= 0:
                top.defects[defect] = at
        return Tree(tuple(node.part() for node in self._nodes), self._size, self._eightbit)

    def _watch(self, step: bytes) -> None:
        """Bytes that matter wherever they stand."""
        if self._eightbit < 0 and (found := not step.isascii() and _EIGHTBIT.search(step)):
            self._eightbit = self._size + found.start()
        if self._cr < 0 and (at := step.find(b"\r")) >= 0:
            self._cr = self._size + at
        if self._nul < 0 and (at := step.find(b"\0")) >= 0:
            self._nul = self._size + at

    def _run(self) -> None:
        """Read what has come, but for an unfinished line."""
        text = bytes(self._rest)
        self._search.load(text)
        at = 0
        while at < len(text):
            if (collector := self._collector) is not None:
                at = self._read_header(collector, text, at)
                if at < 0:  # the body began with bytes of an earlier chunk
                    self._at, text, at = self._at + at, collector.rest, 0
                    self._rest[:] = text
                    self._line_start = True
                    self._search.load(text)
                continue
            end = self._certain(text, at)
            if at >= end:
                break
            at = self._read_body(text, at, end)
        if at:
            self._line_start = text[at - 1 : at] == b"\n"
            del self._rest[:at]
            self._at += at

    def _certain(self, text: bytes, at: int) -> int:
        """Up to where the body can be read: whole lines, or all but the end of a long one."""
        if self._last or self._given_up:
            return len(text)
        line = max(text.rfind(b"\n", at) + 1, at)
        if len(text) - line <= _LONG_LINE:
            return line
        longest = max(map(len, self._search.open), default=0)
        return max(line, len(text) - longest - 2)

    # Header blocks

    def _begin_header(self, at: int) -> None:
        limits = HeaderLimits(self._limits.header, self._limits.fields)
        self._collector = HeaderCollector(limits)
        self._header_at = at

    def _read_header(self, collector: HeaderCollector, text: bytes, at: int) -> int:
        """Give a header block its bytes; the offset in the text of what comes after.

        Negative where that came before the text.
        """
        if not collector.feed(text[at:]):
            return len(text)
        body = self._part(collector) - self._at
        return len(text) if self._given_up else body

    def _part(self, collector: HeaderCollector) -> int:
        """A header block is complete and a part begins; the offset of its body."""
        self._collector = None
        start, block = self._header_at, collector.block
        separated = bool(collector.separator)
        body = start + len(block) + separated
        node = self._node(start, block, body, separated=separated)
        if collector.problem is not None and b"\0" not in block:
            self._odd(node, Defect.HEADER_TOO_LARGE, start)
            if not block:  # its bytes are gone
                self._give_up()
        elif not separated and (collector.rest or not self._last):
            self._odd(node, Defect.HEADER_UNENDED, body)
        if b"--" in block and any(mark in b"\n" + block for mark in self._marks()):
            self._odd(node, Defect.DELIMITER_IN_HEADER, start)
        self._enter(node)
        return body

    def _marks(self) -> set[bytes]:
        return {b"\n--" + boundary for boundary in self._search.open}

    def _node(self, start: int, block: bytes, body: int, *, separated: bool) -> Node:
        parent = self._open[-1] if self._open else None
        digest = parent is not None and parent.declared.types[0] == "multipart/digest"
        declared = read_fields(
            block,
            "message/rfc822" if digest else "text/plain",
            names=self._spent.names <= self._limits.names,
        )
        self._spent.names += sum(map(len, declared.names))
        self._spent.parts += 1
        path = "1"
        if parent is not None:
            parent.children += 1
            path = f"{parent.path}.{parent.children}"
        node = Node(
            len(self._nodes),
            path,
            parent.number if parent is not None else -1,
            Range(start, start + len(block)),
            body,
            declared,
            message=parent is None or parent.kind is Kind.MESSAGE,
            separated=separated,
        )
        for defect in declared.defects:
            self._odd(node, defect, start)
        self._nodes.append(node)
        return node

    def _enter(self, node: Node) -> None:
        """What a part's body is read as."""
        said = node.declared
        encoded = said.kind is Kind.MESSAGE and said.encoding is not Encoding.IDENTITY
        if said.kind is not Kind.LEAF and self._too_deep(encoded=encoded):
            self._odd(node, Defect.TOO_DEEP, node.start)
        elif not self._given_up:
            node.kind = said.kind
        if said.boundary:
            if said.boundary in self._search.open and node.kind is Kind.MULTIPART:
                self._odd(node, Defect.BOUNDARY_REUSED, node.header.start)
            self._search.push(said.boundary)
        self._open.append(node)
        if node.kind is Kind.MULTIPART:
            self._gap = LeafReader(Encoding.IDENTITY)
        elif node.kind is Kind.LEAF or encoded:
            readers = self._readers(said.encoding) if node.kind is Kind.MESSAGE else ()
            node.leaf = LeafReader(said.encoding, readers)
        elif self._room():
            self._begin_header(node.start)
        else:
            node.kind = Kind.LEAF
            node.leaf = LeafReader(said.encoding)

    def _too_deep(self, *, encoded: bool) -> bool:
        if encoded and self._encoded >= self._limits.encoded:
            return True
        return len(self._open) + self._depth >= self._limits.depth

    def _readers(self, encoding: Encoding) -> tuple[Reader, ...]:
        """An encoded message is read decoded; one that is readable as it is, so too."""
        raw = encoding is Encoding.QUOTED
        return tuple(
            LineEnds(
                Scanner(
                    self._limits,
                    spent=self._spent,
                    depth=self._depth + len(self._open),
                    encoded=self._encoded + 1,
                )
            )
            for _ in range(1 + raw)
        )

    # Bodies

    def _read_body(self, text: bytes, at: int, end: int) -> int:
        """Read up to a delimiter, or to `end`; the offset of what comes after."""
        while at < end:
            hit = None if self._given_up else self._search.find(at, end)
            if hit is None:
                self._sink(text[at:end])
                return end
            self._sink(text[at : hit.at])
            newline = text.find(b"\n", hit.at)
            line_end = newline + 1 if newline >= 0 else len(text)
            if self._delimiter(text, hit, line_end):
                return line_end
            at = min(line_end, end)
            self._sink(text[hit.at : at])
        return at

    def _delimiter(self, text: bytes, hit: Hit, line_end: int) -> bool:
        """Whether a boundary divides parts where it stands; if so, that is done."""
        line = text[hit.at + 2 : line_end]
        trimmed = line.rstrip(b" \t\r\n")
        fitting = [
            depth
            for depth, node in enumerate(self._open)
            if node.declared.boundary and line.startswith(node.declared.boundary)
        ]
        alone = text[hit.at - 1 : hit.at] == b"\n" if hit.at else self._line_start
        alone = alone and (line.endswith(b"\n") or self._last)
        at = self._at + hit.at
        for depth in reversed(fitting):
            node = self._open[depth]
            tail = trimmed[len(node.declared.boundary) :]
            if not alone or tail not in (b"", b"--") or node.kind is not Kind.MULTIPART:
                continue
            if len({self._open[one].declared.boundary for one in fitting}) > 1:
                self._odd(node, Defect.DELIMITER_LIKE, at)
            if node.ended:
                self._odd(node, Defect.DELIMITER_AFTER_END, at)
                return False
            if line.rstrip(b"\n") != trimmed:
                self._odd(node, Defect.DELIMITER_PADDED, at)
            return self._divide(depth, Range(at, self._at + line_end), last=tail == b"--")
        node = self._open[fitting[-1]]
        leaf = node.kind is not Kind.MULTIPART
        self._odd(node, Defect.BOUNDARY_ON_LEAF if leaf else Defect.DELIMITER_LIKE, at)
        return False

    def _divide(self, depth: int, line: Range, *, last: bool) -> bool:
        """A delimiter of the part at `depth`: what is inside ends, another part may begin."""
        node = self._open[depth]
        self._close(depth + 1, line.start - 1, whole=False)
        if not last and not self._room():
            self._gap = LeafReader(Encoding.IDENTITY)
            return False
        node.delimiters.append(line)
        if last:
            node.ended = True
            self._gap = LeafReader(Encoding.IDENTITY)
        else:
            self._begin_header(line.end)
        return True

    def _room(self) -> bool:
        """Whether another part may begin."""
        if self._spent.parts < self._limits.parts:
            return True
        self._odd(self._open[-1], Defect.TOO_MANY_PARTS, self._at)
        self._give_up()
        return False

    def _sink(self, text: bytes) -> None:
        """Text that divides nothing."""
        leaf = self._open[-1].leaf or self._gap
        if leaf is not None and text:
            leaf.feed(text)

    def _close(self, depth: int, end: int, *, whole: bool) -> None:
        """Everything at that depth and deeper ends."""
        if self._gap is not None:
            self._gap.end(whole=False)
            if self._gap.embedded:
                self._odd(self._open[-1], Defect.EMBEDDED_OUTSIDE, self._open[-1].start)
            self._gap = None
        while len(self._open) > depth:
            node = self._open[-1]
            if node.kind is Kind.MULTIPART and not self._given_up:
                if not node.children:
                    self._odd(node, Defect.PARTS_MISSING, node.start)
                elif not node.ended:
                    self._odd(node, Defect.END_MISSING, end)
            node.close(end, whole=whole)
            if node.declared.boundary:
                self._search.pop()
            self._open.pop()

    def _odd(self, node: Node, defect: Defect, at: int) -> None:
        node.defects.setdefault(defect, at)
        self._spent.defects += defect.ambiguous
        if self._spent.defects > self._limits.defects and not self._given_up:
            self._give_up()
            node.defects.setdefault(Defect.TOO_MANY_DEFECTS, at)

    def _give_up(self) -> None:
        """The message is ambiguous, and what is left of it is one text."""
        self._given_up = True
