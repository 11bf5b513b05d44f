"""An envelope as text for an editor, and what was made of it.

Lines are `KEY: value`, one for each key that `set` takes, the sender and each recipient.  What
differs afterwards is a `set` of that message; a mistake is told with its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spooltool.change.order import Order, Value
from spooltool.errors import UsageError
from spooltool.look.selection import select
from spooltool.look.sight import Sight
from spooltool.query.ids import read_id
from spooltool.render.text import visible
from spooltool.spool.assignments import NONE, REMOVAL, SETTABLE, read_asked
from spooltool.spool.codec import Envelope
from spooltool.spool.fields import FIELD, LOG_KEYS
from spooltool.spool.readdress import rcpt_lines
from spooltool.store.message import MessageFile

_LINE = re.compile(r"([A-Za-z_]+)\s*:(.*)\Z")
_NULL = "<>"


@dataclass(frozen=True, slots=True)
class EnvelopeText:
    """The envelope of one message as text; `word` names the message in queries."""

    word: str
    text: str
    values: dict[str, str]
    sender: str | None
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and at which line of the text (from 1; 0: of the whole)."""

    line: int
    text: str


def envelope_text(sight: Sight, words: tuple[str, ...]) -> EnvelopeText:
    """The envelope of the one message that the words mean.

    Raises UsageError where that is none or several, SpooltoolError where it cannot be read.
    """
    rows = select(sight, words).sorted_rows()
    if len(rows) != 1:
        raise UsageError(
            f"{len(rows):,} messages are meant, and one envelope can be edited at a time",
            hint="set gives a key of many messages another value",
        )
    (row,) = rows
    message = MessageFile(sight.spool, row.name)
    try:
        known = len(words) == 1 and read_id(words[0]) is not None
        return as_text(words[0] if known else row.file, message.envelope)
    finally:
        message.close()


def as_text(word: str, envelope: Envelope) -> EnvelopeText:
    """The text of an envelope; what cannot stand in a line of text is left out."""
    lines = [
        f"# The envelope of {visible(word)}.  What is changed here becomes a plan first.",
        f"# {NONE} takes a LOG_ key out.  Lines that begin with # say nothing.",
        "",
    ]
    values: dict[str, str] = {}
    for key in SETTABLE:
        value = envelope.get(key) or ""
        if not _editable(value):
            lines.append(f"# {key} holds what no line of text can: `set` changes it")
            continue
        values[key] = value
        lines.append(f"{key}: {value}".rstrip())
        lines.append(f"#   {FIELD[key].kind}: {FIELD[key].meaning}")
    sender = envelope.sender.address if envelope.sender is not None else None
    if sender is not None and not _editable(sender):
        sender = None
    lines += ["", f"FROM: {sender or (_NULL if sender is not None else '')}".rstrip()]
    recipients = tuple(one.address for one in rcpt_lines(envelope))
    if not all(map(_editable, recipients)):
        recipients = ()
        lines.append("# its recipients hold what no line of text can: `set --rcpt` changes them")
    lines += [f"RCPT: {address}" for address in recipients]
    return EnvelopeText(word, "\n".join(lines) + "\n", values, sender, recipients)


def _editable(text: str) -> bool:
    """Whether an editor gives the text back as it was, and shows it as it is."""
    return visible(text) == text and text == text.strip()


def read_text(before: EnvelopeText, text: str) -> Order | Mistake | None:
    """What was made of it: a `set`, a mistake, or None where nothing differs."""
    read = _Read()
    for number, line in enumerate(text.splitlines(), 1):
        if mistake := read.line(number, line):
            return mistake
    return read.order(before)


class _Read:
    """The lines of an edited envelope."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[int, str]] = {}
        self.recipients: list[tuple[int, str]] = []

    def line(self, number: int, line: str) -> Mistake | None:
        """Take one line."""
        if not line.strip() or line.startswith("#"):
            return None
        match = _LINE.match(line)
        if match is None:
            return Mistake(number, f"not KEY: value: {visible(line)}")
        key, value = match[1], match[2].strip()
        if key == "RCPT":
            self.recipients.append((number, value))
            return None
        if key != "FROM" and key not in SETTABLE:
            return Mistake(number, f"{key} is no key that can be edited here")
        if key in self.values:
            return Mistake(number, f"{key} stands there twice")
        self.values[key] = (number, value)
        return None

    def order(self, before: EnvelopeText) -> Order | Mistake | None:
        """The `set` that makes the one of the other."""
        words: list[str] = []
        options: dict[str, Value] = {}
        for key, old in before.values.items():
            number, value = self.values.get(key, (0, ""))
            if value == old:
                continue
            if not value and key not in LOG_KEYS:
                return Mistake(number, f"{key} has no value")
            words.append(f"{key}={value or NONE}")
            if mistake := _checked(number, [words[-1]], {}):
                return mistake
        if mistake := self._sender(before, options) or self._recipients(before, options):
            return mistake
        if not words and not options:
            return None
        if mistake := _checked(0, words, options):
            return mistake
        return Order("set", (before.word, *words), options=options)

    def _sender(self, before: EnvelopeText, options: dict[str, Value]) -> Mistake | None:
        number, value = self.values.get("FROM", (0, ""))
        old = before.sender or (_NULL if before.sender is not None else "")
        if value == old:
            return None
        if not value:
            return Mistake(number, f"FROM has no address; {_NULL} is the null sender")
        options["from"] = value
        return _checked(number, [], {"from": value})

    def _recipients(self, before: EnvelopeText, options: dict[str, Value]) -> Mistake | None:
        now = self.recipients
        if before.recipients and len(now) < len(before.recipients):
            return Mistake(0, f"a RCPT line is missing: {REMOVAL}")
        if before.recipients and len(now) > len(before.recipients):
            return Mistake(now[-1][0], "no recipient can be added beside those that are there")
        if not before.recipients:
            texts = [(number, value) for number, value in now]
        else:
            pairs = zip(before.recipients, now, strict=True)
            texts = [(number, f"{old}={new}") for old, (number, new) in pairs if old != new]
        for number, value in texts:
            if mistake := _checked(number, [], {"rcpt": (value,)}):
                return mistake
        if texts:
            options["rcpt"] = tuple(value for _, value in texts)
        return None


def _checked(number: int, words: list[str], options: dict[str, Value]) -> Mistake | None:
    order = Order("set", tuple(words), options=options)
    asked = read_asked(words, order.text("from") or None, order.many("rcpt"))
    return Mistake(number, visible(asked.problems[0])) if asked.problems else None
