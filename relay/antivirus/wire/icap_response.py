"""An ICAP answer from its bytes, however they are cut.

`feed` gives events: Head, then for each encapsulated header HttpHead, then Body pieces,
then End; or Broken, after which nothing comes any more.  After End, `surplus` tells that
bytes follow that nobody asked for.  A 100 Continue ends at once, and the reader goes on
with the answer proper.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from relay.antivirus.wire.chunked import ChunkedReader
from relay.antivirus.wire.icap_head import (
    HEAD_END,
    LONGEST_HEAD,
    IcapHead,
    Part,
    parse_fields,
    parse_head,
    parts_of,
)

CONTINUE = 100
UNMODIFIED = 204


@dataclass(frozen=True, slots=True)
class Head:
    """Status and fields of the answer."""

    head: IcapHead


@dataclass(frozen=True, slots=True)
class HttpHead:
    """An encapsulated HTTP header: part name, its first line, its fields."""

    part: str
    line: str
    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value of a field, by its name in lower case; "" for none."""
        return next((value for key, value in self.fields if key == name), "")


@dataclass(frozen=True, slots=True)
class Body:
    """Content that came back; `part` says as what."""

    part: str
    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The answer is whole."""


@dataclass(frozen=True, slots=True)
class Broken:
    """This is no ICAP answer; `text` says why."""

    text: str


Event = Head | HttpHead | Body | End | Broken


class _State(Enum):
    HEAD = auto()
    PARTS = auto()
    BODY = auto()
    DONE = auto()


class ResponseReader:
    """Reads one answer and the 100 Continue before it.

    `started` tells that any byte came, `ended` that the answer is whole, or broken.
    """

    def __init__(self, *, bare: bool = False) -> None:
        """`bare`: a 200 without Encapsulated has no body, as OPTIONS is answered by some."""
        self.started = False
        self.surplus = False
        self._bare = bare
        self._state = _State.HEAD
        self._buffer = b""
        self._parts: list[Part] = []
        self._chunked = ChunkedReader()

    @property
    def ended(self) -> bool:
        """Whether nothing more is expected."""
        return self._state is _State.DONE

    def feed(self, data: bytes) -> list[Event]:
        """Bytes came."""
        self.started = self.started or bool(data)
        self._buffer += data
        events: list[Event] = []
        while self._state is not _State.DONE and self._step(events):
            pass
        if self._state is _State.DONE and self._buffer:
            self.surplus = True
            self._buffer = b""
        return events

    def _step(self, events: list[Event]) -> bool:
        if self._state is _State.HEAD:
            return self._head(events)
        if self._state is _State.PARTS:
            return self._part(events)
        return self._body(events)

    def _head(self, events: list[Event]) -> bool:
        raw, end, rest = self._buffer.partition(HEAD_END)
        if len(raw) > LONGEST_HEAD:
            return self._break(events, "the head is too long")
        if not end:
            return False
        self._buffer = rest
        head = parse_head(raw)
        parts = None if head is None else parts_of(head)
        if head is None or parts is None:
            return self._break(events, "the head makes no sense")
        events.append(Head(head))
        if head.status == CONTINUE:
            return True
        if not parts and head.status == 200 and not self._bare:
            return self._break(events, "an answer without Encapsulated")
        self._parts = list(parts)
        self._state = _State.PARTS
        return True

    def _part(self, events: list[Event]) -> bool:
        if not self._parts or self._parts[0].name == "null-body":
            return self._end(events)
        part = self._parts[0]
        if part.name.endswith("-body"):
            self._state = _State.BODY
            return True
        if len(self._buffer) < part.length:
            return False
        raw, self._buffer = self._buffer[: part.length], self._buffer[part.length :]
        del self._parts[0]
        first, *lines = raw.decode("utf-8", "backslashreplace").split("\r\n")
        fields = parse_fields(lines[:-2])
        if not raw.endswith(HEAD_END) or fields is None:
            return self._break(events, f"{part.name} is no header")
        events.append(HttpHead(part.name, first, fields))
        return True

    def _body(self, events: list[Event]) -> bool:
        data, self._buffer = self._buffer, b""
        name = self._parts[0].name
        events += [Body(name, piece) for piece in self._chunked.feed(data)]
        if self._chunked.broken:
            return self._break(events, self._chunked.broken)
        if not self._chunked.ended:
            return False
        self._buffer = self._chunked.rest
        return self._end(events)

    def _end(self, events: list[Event]) -> bool:
        self._state = _State.DONE
        events.append(End())
        return False

    def _break(self, events: list[Event], why: str) -> bool:
        self._state = _State.DONE
        events.append(Broken(why))
        return False
