"""The grammar as a table: every field and keyword once, with meaning and example.

The parser, the help of the commands and the docs are made from it.  An expression is

    query  = { term | "not" term | "(" query ")" | query "or" query }     blanks mean and
    term   = id | path | keyword | field ":" value { "," value } | field (">" | "<") number
    range  = N | N".."M | N".." | ".."M                                    both ends included

`not` binds closer than and, and closer than `or`.  Every query can be typed without
shell quotes: `>`, `<`, `*` and parentheses are other spellings for a filter bar.
"""

from __future__ import annotations

from enum import Enum, IntEnum, auto
from typing import NamedTuple

from spooltool.spool.names import HOLD, QUARANTINE, RESEND, SENDER, STATE_DIR, TRASH
from spooltool.spool.states import REASONS, STANDINGS


class Need(IntEnum):
    """How much of a message must be read to judge a query; each includes the one before."""

    NAME = 0
    HEAD = 1
    MESSAGE = 2


class Kind(Enum):
    """What the values of a field look like, and how they compare."""

    HOST = auto()
    ADDRESS = auto()
    DOMAIN = auto()
    NAME = auto()
    WORD = auto()
    COUNT = auto()
    CODE = auto()
    SIZE = auto()
    AGE = auto()
    CONTAINS = auto()
    HEADER = auto()

    @property
    def ordered(self) -> bool:
        """Whether values of this kind have an order, so that ranges, `>` and `<` make sense."""
        return self in _ORDERED


_ORDERED = frozenset({Kind.COUNT, Kind.CODE, Kind.SIZE, Kind.AGE})


class Field(NamedTuple):
    """One field: name, kind of its values, meaning, an example that parses, what it reads.

    `bound` tells an alias apart: `older:2h` is the lower end (`"from"`) of `age:`,
    `newer:2h` the upper end (`"to"`); `target` names the field that it bounds.
    """

    name: str
    kind: Kind
    meaning: str
    example: str
    need: Need = Need.HEAD
    target: str = ""
    bound: str = ""

    @property
    def slow(self) -> bool:
        """Whether it reads the message itself, not its envelope alone."""
        return self.need is Need.MESSAGE


GRAMMAR: tuple[Field, ...] = (
    Field("dst", Kind.HOST, "a host in DST, exactly; a network; HOST:PORT", "dst:10.1.5.0/24"),
    Field("from", Kind.ADDRESS, "the envelope sender; @ its domain, <> none", "from:@example.com"),
    Field("rcpt", Kind.ADDRESS, "an envelope recipient, or @ its domain", "rcpt:anna@example.org"),
    Field("domain", Kind.DOMAIN, "the domain of a recipient", "domain:example.org"),
    Field("rule", Kind.NAME, "the number of the rule that accepted it", "rule:11"),
    Field("resource", Kind.NAME, "the resource that it came in by", "resource:smtp_in"),
    Field("host", Kind.NAME, "the host of the last attempt", "host:10.1.5.2"),
    Field("dir", Kind.WORD, "the directory that it is in", "dir:resend,sender", Need.NAME),
    Field("reason", Kind.WORD, "why it is stuck", "reason:refused,timeout"),
    Field("code", Kind.CODE, "the last reply code", "code:400..499"),
    Field("attempts", Kind.COUNT, "how often it was tried", "attempts:3.."),
    Field("size", Kind.SIZE, "the size of its file (K, M, G)", "size:5M.."),
    Field("age", Kind.AGE, "time since it arrived (s, m, h, d, w)", "age:2h..5d"),
    Field("older", Kind.AGE, "at least so old", "older:2h", target="age", bound="from"),
    Field("newer", Kind.AGE, "at most so old", "newer:10m", target="age", bound="to"),
    Field("larger", Kind.SIZE, "at least so large", "larger:5M", target="size", bound="from"),
    Field("smaller", Kind.SIZE, "at most so large", "smaller:1K", target="size", bound="to"),
    Field("subject", Kind.CONTAINS, "text in the Subject", "subject:invoice", Need.MESSAGE),
    Field(
        "header", Kind.HEADER, "text in a header field; * any", "header:list-id:news", Need.MESSAGE
    ),
    Field("text", Kind.CONTAINS, "text anywhere in the message", "text:unsubscribe", Need.MESSAGE),
)
"""Every field, in the order of the help.  Text compares without regard to case."""

FIELD: dict[str, Field] = {field.name: field for field in GRAMMAR}
"""The same by name."""


class Keyword(NamedTuple):
    """One bare word: the row's attribute that it looks at, the value it wants, the meaning."""

    word: str
    attribute: str
    value: str
    meaning: str
    need: Need = Need.HEAD


KEYWORDS: tuple[Keyword, ...] = (
    *(Keyword(word, "standing", word, meaning) for word, meaning in STANDINGS.items()),
    Keyword("expired", "letter", "E", "given up, its notice is due (an E file)", Need.NAME),
    Keyword("partial", "reason", "partial", REASONS["partial"]),
)
"""The closed list of bare words: every standing, and the shorthands `expired`, `partial`."""

KEYWORD: dict[str, Keyword] = {keyword.word: keyword for keyword in KEYWORDS}
"""The same by word."""

NOTHING = "nothing"
"""The word for the empty set: what `-` stands for when the standard input was empty."""

DIRS: dict[str, str] = {
    "state": STATE_DIR,
    "sender": SENDER,
    "resend": RESEND,
    "hold": HOLD,
    "quarantine": QUARANTINE,
    "trash": TRASH,
    "flat": "",
}
"""Values of `dir:` (a `D_` before them is tolerated), and the directories that they mean."""

CHOICES: dict[str, dict[str, str]] = {
    "dir": DIRS,
    "reason": {reason: reason for reason in REASONS},
}
"""Closed lists: what is typed, and the row's value that it means."""
