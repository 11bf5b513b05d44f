"""The facts a listing needs, straight from the bytes of a head.

A file that this project wrote has its lines in one order; one pattern over them answers
what the full `codec.parse` would, in a fifth of the time.  Any other file (of an original
gateway, with hand-edited, doubled or unknown lines) gives None here and is parsed.  What
the pattern takes it must read as the parser does: a property test holds them together.
"""

from __future__ import annotations

import re
import zlib

from spooltool.spool.fields import FIELD, unescape_text
from spooltool.spool.recipient import HOST_WIDTH, TEXT_WIDTH, Recipient, parse_recipient
from spooltool.spool.state import NO_REASON, State


class Facts:
    """What decides a standing.  `arrived` in unix seconds, None when not known.

    `own` is the length of the envelope where the file has this project's own form, else
    0; then each key but RCPT and PASS stands once, and `value` finds it.  `kind` stands
    for all of STATE that a standing can depend on but its times (None: no such STATE);
    `next_try` is its next try.
    """

    __slots__ = (
        "_fields", "_state", "arrived", "deliverable", "edited", "kind", "next_try", "own", "torn",
    )  # fmt: skip

    def __init__(
        self,
        state: State | None,
        arrived: float | None,
        deliverable: bool,
        torn: bool,
        edited: bool,
    ) -> None:
        self._state = state
        self._fields: tuple[bytes, ...] | None = None
        self.arrived = arrived
        self.deliverable = deliverable
        self.torn = torn
        self.edited = edited
        self.own = 0
        self.kind: tuple[bytes, ...] | None = None
        self.next_try = 0 if state is None else state.next_try

    @property
    def state(self) -> State | None:
        """The STATE line; None when there is none that can be trusted."""
        if self._state is None and self._fields is not None:
            self._state = _read_state(self._fields)
        return self._state

    @property
    def attempts(self) -> int | None:
        """Attempts as STATE has them; None without one."""
        if self._fields is not None:
            return int(self._fields[2])
        return None if self._state is None else self._state.attempts

    @property
    def last_try(self) -> int:
        """The last try as STATE has it, 0 for none."""
        if self._fields is not None:
            return int(self._fields[3])
        return 0 if self._state is None else self._state.last_try

    @property
    def host(self) -> str:
        """The host of the last attempt as STATE has it."""
        if self._fields is not None:
            return _texts(self._fields)[2]
        return "" if self._state is None else self._state.host


_FIRST_KEYS = [
    "AV_SETTING",
    "AV_IPADDR",
    "AV_PORT",
    "AV_HEADERS",
    "COMPOUND",
    "SRC",
    "SPORT",
    "DST",
    "DPORT",
    "ERR_SERVER",
    "RULE",
    "RULEACT",
    "ERRMAIL",
    "ACCT",
]
_LOG_KEYS = ("LOG_OK", "LOG_BAD", "LOG_ERR")
_KEYS_BETWEEN = ("HELO", "PROTO", "RESOURCE", "ROUTE")
_REST = r"[^\r\n]*\n"
_ENHANCED = r"[0-9.]{5}(?:[0-9.]{4}|[0-9.]{3} |[0-9.]{2}  |[0-9.]   |    )"
_TEXTS = rf"([0-9]{{3}} {_ENHANCED} [ -~]{{{HOST_WIDTH}}} [ -~]{{{TEXT_WIDTH}}})"
_STATE = (
    r"((?=[a-z-]+ *[0-9])([a-z -]{11}) ([0-9]{4}) ([0-9]{10}) ([0-9]{10}) ([0-9]{10}) "
    r"([0-9]{10}) ([0-9]{4}) ([0-9]{4}) ([0-9]{4}) ([0-9]) " + _TEXTS + r" )([0-9a-f]{8})"
)
_PATH = r'<[^<>"\r\n]*>(?: [^\r\n]*)?'
_OWN_FORM = re.compile(
    (
        "".join(f"{key}:{_REST}" for key in _FIRST_KEYS)
        + "".join(f"(?:{key}:{_REST})?" for key in _LOG_KEYS)
        + rf"FORMAT:\t1\nSTATE:\t *{_STATE}\nARRIVED:\t([0-9]{{1,12}}\.[0-9]{{1,6}})\n"
        + "".join(f"{key}:{_REST}" for key in _KEYS_BETWEEN)
        + rf"(?:ERR_ROUTE:{_REST})?(?:NOTICE_OF:{_REST})?(?:NOTICE:{_REST})?FROM:\t{_PATH}\n"
        + r"RCPT:\t *[PUDFNX] [0-9]{3} [0-9.]{5,9} {0,4} [0-9]{4} [0-9]{10} [0-9]{10} "
        + rf"[ -~]{{{HOST_WIDTH}}} [ -~]{{{TEXT_WIDTH}}} {_PATH}\n"
        + rf"(?:RCPT:{_REST})*(?:PASS:{_REST})*"
        + r"SIZES:\t *([0-9]{1,12}) +([0-9]{1,12}) +([0-9]{1,12})\n"
        + rf"DIGEST:{_REST}\n"
    ).encode()
)
_SEPARATORS = 2
_FEW = (b"0000", b"0001")
"""Numbers of attempts that a standing tells apart; all others are several."""
_COUNTS_AT, _TEXTS_AT = 7, 11
_AFTER_STATE = 12
"""Places in the groups of the pattern: STATE whole, reason, nine numbers, texts; the rest."""

_NEEDLES = {key: f"\n{key}:".encode() for key in FIELD}
_known_texts: dict[bytes, tuple[int, str, str, str]] = {}
_MOST_TEXTS = 4096
_AFTER_PATH = (b"", b" ")


def quick_facts(head: bytes, size: int) -> Facts | None:
    """The facts of a file in this project's own form; None for any other."""
    found = _OWN_FORM.match(head)
    if found is None:
        return None
    groups = found.groups()
    crc, arrived, original, modified, content = groups[_AFTER_STATE:]
    end = found.end()
    expected = end + int(original) + int(modified) + int(content) + _SEPARATORS
    facts = Facts(None, float(arrived), True, size < expected, size > expected)
    facts.own = end
    if int(crc, 16) == zlib.crc32(groups[0]):
        facts._fields = groups
        attempts = groups[2]
        several = attempts not in _FEW
        facts.kind = (groups[1], b"" if several else attempts, *groups[_COUNTS_AT:_AFTER_STATE])
        facts.next_try = int(groups[4])
    return facts


def _read_state(fields: tuple[bytes, ...]) -> State:
    word = fields[1].decode().rstrip()
    numbers = [int(number) for number in fields[2:_TEXTS_AT]]
    attempts, last_try, next_try, term, held, pending, delivered, failed, started = numbers
    return State(
        "" if word == NO_REASON else word,
        attempts,
        last_try,
        next_try,
        term,
        held,
        pending,
        delivered,
        failed,
        started,
        *_texts(fields),
    )


def _texts(fields: tuple[bytes, ...]) -> tuple[int, str, str, str]:
    texts = fields[_TEXTS_AT]
    return _known_texts.get(texts) or _read_texts(texts)


def value(head: bytes, own: int, key: str) -> str | None:
    """The value of a key in a file of our own form, as `Envelope.get` has it."""
    needle = _NEEDLES.get(key) or f"\n{key}:".encode()
    at = head.find(needle, 0, own)
    if at < 0:
        if not head.startswith(needle[1:]):
            return None
        at = -1
    raw = head[at + len(needle) : head.find(b"\n", at + 1)].strip(b" \t")
    return raw.decode("utf-8", "surrogateescape")


def recipients(head: bytes, own: int) -> tuple[Recipient, ...]:
    """The recipients of a file of our own form, as `Envelope.recipients` has them."""
    found = []
    start = head.find(b"\nRCPT:", 0, own) + 1
    while start:
        end = head.find(b"\n", start)
        raw = head[start + 5 : end].lstrip(b" \t")
        recipient = parse_recipient(raw.rstrip(b" \t"), end - len(raw))
        if recipient is not None:
            found.append(recipient)
        start = end + 1 if head.startswith(b"RCPT:", end + 1) else 0
    return tuple(found)


def addresses(head: bytes, own: int) -> tuple[str, ...]:
    """The addresses of `recipients` alone: most lines have one pair of `<>`, which is it."""
    found = []
    start = head.find(b"\nRCPT:", 0, own) + 1
    while start:
        end = head.find(b"\n", start)
        line = head[start:end]
        low, high = line.find(b"<"), line.find(b">")
        plain = line[high + 1 : high + 2] in _AFTER_PATH and b'"' not in line
        if plain and 0 < low < high and line.find(b"<", low + 1) < 0 > line.find(b">", high + 1):
            found.append(line[low + 1 : high].decode("utf-8", "surrogateescape"))
        else:
            recipient = parse_recipient(line[5:].strip(b" \t"), 0)
            if recipient is not None:
                found.append(recipient.address)
        start = end + 1 if head.startswith(b"RCPT:", end + 1) else 0
    return tuple(found)


def _read_texts(texts: bytes) -> tuple[int, str, str, str]:
    """Code, enhanced code, host and reply: a queue has few different ones, so they are kept."""
    if len(_known_texts) >= _MOST_TEXTS:
        _known_texts.clear()
    line = texts.decode()
    enhanced = line[4:13].rstrip()
    host, reply = line[14 : 14 + HOST_WIDTH], line[15 + HOST_WIDTH :]
    read = (
        int(line[:3]),
        "" if enhanced == "0.0.0" else enhanced,
        unescape_text(host.rstrip()),
        unescape_text(reply.rstrip()),
    )
    _known_texts[texts] = read
    return read
