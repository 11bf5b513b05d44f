"""Another recipient: what an operator may change in the RCPT lines of an envelope.

A recipient that waits is replaced in its line, which then is pending and never tried.  One
that has failed for good keeps its line, since a notice is owed or sent for it, and the other
one gets a line of its own.  One that was delivered is not replaced.  None is taken out: mail
that was acknowledged ends as delivered, with a notice, or by a verb that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from spooltool.spool.codec import Envelope, Line, Splice, line_start
from spooltool.spool.fields import check_value
from spooltool.spool.mailbox import NULL, BadPath, Mailbox, parse_path, parse_postmaster
from spooltool.spool.plan import RecipientChange
from spooltool.spool.recipient import (
    Path,
    Recipient,
    encode_path,
    encode_result,
    parse_path_value,
    parse_recipient,
    path_at,
)

MAX_ORCPT = 500
"""Octets of an ORCPT parameter's value, RFC 3461 4.2."""

_PAIR = re.compile(
    r'(<(?:"(?:[^"\\]|\\.)*"|[^<>"])*>|postmaster|(?:"(?:[^"\\]|\\.)*"|[^"@])*@[^=]*)=(.*)',
    re.DOTALL | re.IGNORECASE,
)
_ENDED = {
    "D": "has been delivered",
    "F": "has failed for good",
    "N": "has failed for good",
    "X": "has ended without a notice",
}


class RcptLine(NamedTuple):
    """A RCPT line that names an address; `text` is what follows its result fields."""

    line: Line
    text: str
    recipient: Recipient

    @property
    def address(self) -> str:
        """The address that mail is delivered to."""
        return self.recipient.address


def rcpt_lines(envelope: Envelope) -> list[RcptLine]:
    """The RCPT lines of an envelope that name an address, in file order."""
    found = []
    for line in envelope.all("RCPT"):
        recipient = parse_recipient(line.raw, line.value_start)
        if recipient is not None:
            text = line.raw[path_at(line.raw) :].decode("utf-8", "surrogateescape")
            found.append(RcptLine(line, text, recipient))
    return found


# what a person types


def read_address(text: str, *, sender: bool = False) -> Mailbox | BadPath:
    """An address as typed, in brackets or not, by the rules of the intake.

    A `sender` may be null (`<>` or `null`); a recipient may be `postmaster`.
    """
    inner = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    if not inner or (sender and text == "null"):
        return NULL if sender else BadPath("a recipient has an address")
    path = f"<{inner}>"
    found = parse_path(path, 0, utf8=True)
    if isinstance(found, BadPath):
        known = None if sender else parse_postmaster(path, 0)
        if known is None:
            return found
        found = known
    mailbox, end = found
    return mailbox if end == len(path) else BadPath("malformed address")


def split_pair(text: str) -> tuple[str, str] | None:
    """OLD and NEW of `OLD=NEW`, without brackets around OLD; None for one address alone.

    A local part may hold `=`, a domain may not: the first one after OLD's domain divides.
    """
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    old = match[1]
    return (old[1:-1] if old.startswith("<") else old), match[2]


# what the lines become


def recipient_text(address: str, before: Path | None = None) -> str:
    """What follows the results of a new recipient's line.

    In place of another one it keeps that one's parameters; ORCPT and ORIG go on naming the
    recipient that the sender wrote, and are made where they are missing (RFC 3461 5.2.1).
    Raises ValueError when the line would not read back.
    """
    path = Path(address)
    if before is not None:
        original = before.orig or before.address
        words = [before.params] if before.params else []
        if before.param("ORCPT") is None and (orcpt := encode_orcpt(original)):
            words.append(f"ORCPT={orcpt}")
        path = Path(address, " ".join(words), original if original != address else "")
    text = encode_path(path)
    if parse_path_value(text) != path or check_value("RCPT", text) or text != text.rstrip(" \t"):
        raise ValueError(f"its line could not be read back: {text!r}")
    return text


def encode_orcpt(address: str) -> str:
    """The value of ORCPT that names an address (RFC 3461 4.2, RFC 6533 3); "" where none can."""
    kind = "rfc822" if address.isascii() else "utf-8"
    if not address or any("\x7f" <= ch <= "\xa0" or "\ud800" <= ch <= "\udfff" for ch in address):
        return ""
    text = "".join(
        ch if ch > "\x7f" or ("!" <= ch <= "~" and ch not in "+=") else f"+{ord(ch):02X}"
        for ch in address
    )
    value = f"{kind};{text}"
    return value if len(value.encode()) <= MAX_ORCPT else ""


def supplied(envelope: Envelope, addresses: Sequence[str]) -> tuple[RecipientChange, ...] | str:
    """Recipients for a file that has none; () when it has these, else why it is left alone."""
    here = {_folded(one.address) for one in rcpt_lines(envelope)}
    if not here:
        return tuple(RecipientChange(None, recipient_text(address)) for address in addresses)
    if {_folded(address) for address in addresses} <= here:
        return ()
    return "it has recipients already: `--rcpt OLD=NEW` puts another in the place of one"


def readdressed(
    envelope: Envelope, pairs: Sequence[tuple[str, str]]
) -> tuple[RecipientChange, ...] | str:
    """Other recipients for old ones; () when it is so already, else why it is left alone."""
    lines = rcpt_lines(envelope)
    found = {old: _named(lines, old) for old, _ in pairs}
    leaving = [one.line for some in found.values() for one in some if one.recipient.pending]
    staying = {_folded(one.address) for one in lines if one.line not in leaving}
    changes: list[RecipientChange] = []
    absent: list[str] = []
    for old, new in pairs:
        there = _folded(new) in staying
        waiting = [one for one in found[old] if one.recipient.pending]
        if any(one.address == new for one in found[old]):
            continue  # typed in another case than it is written, and it is this already
        if waiting and there:
            return f"{new} is a recipient of it already, and {old} still waits"
        if there:
            continue
        if not found[old]:
            absent.append(old)
            continue
        if not waiting and (done := [one for one in found[old] if one.recipient.mark == "D"]):
            return f"{old} {_ENDED['D']}{_by(done[0])}: leave it out"
        try:
            changes += _in_place_of(waiting, found[old][-1], new)
        except ValueError as error:
            return f"{old}: {error}"
    if absent and not changes:
        return f"{absent[0]} is no recipient of it"
    return tuple(changes)


def _in_place_of(waiting: Sequence[RcptLine], last: RcptLine, new: str) -> list[RecipientChange]:
    if not waiting:  # what has failed keeps its line: its notice is a matter of its own
        return [RecipientChange(None, recipient_text(new, last.recipient.path))]
    return [RecipientChange(one.text, recipient_text(new, one.recipient.path)) for one in waiting]


def _named(lines: Sequence[RcptLine], address: str) -> list[RcptLine]:
    """The lines of an address: as written, else in any case."""
    exact = [one for one in lines if one.address == address]
    return exact or [one for one in lines if _folded(one.address) == _folded(address)]


def _folded(address: str) -> str:
    return address.casefold()


def _by(one: RcptLine) -> str:
    host = one.recipient.host
    return f" to {host}" if host else ""


# applying and taking back


def compare(envelope: Envelope, changes: Iterable[RecipientChange]) -> tuple[bool, str]:
    """Whether a file has all of these changes already, and why one cannot be made any more."""
    lines = rcpt_lines(envelope)
    done, why = True, ""
    for change in changes:
        if _has(lines, change):
            continue
        done = False
        if change.old is not None and not why:
            why = _not_waiting(lines, change.old)
    return done, why


def _has(lines: Sequence[RcptLine], change: RecipientChange) -> bool:
    texts = [one.text for one in lines]
    pending = [one.text for one in lines if one.recipient.pending]
    if change.new is None:
        return change.old not in texts
    return change.new in texts and change.old not in pending


def _not_waiting(lines: Sequence[RcptLine], text: str) -> str:
    found = [one for one in lines if one.text == text]
    if not found:
        return f"no RCPT line is {text} any more"
    if any(one.recipient.pending for one in found):
        return ""
    return f"{found[0].address} {_ENDED[found[0].recipient.mark]}{_by(found[0])} since"


def taken_back(
    envelope: Envelope, changes: Iterable[RecipientChange]
) -> tuple[tuple[RecipientChange, ...], tuple[str, ...]]:
    """What undoes changes of recipients, and why the others are not taken back.

    An address returns only where the line is still what was written and still waits;
    results stay as they are.
    """
    lines = rcpt_lines(envelope)
    back: list[RecipientChange] = []
    kept: list[str] = []
    for change in changes:
        if change.new is None:
            if change.old not in [one.text for one in lines]:
                back.append(RecipientChange(None, change.old))
            continue
        if _has(lines, RecipientChange(change.new, change.old)):
            continue
        why = _not_waiting(lines, change.new)
        if why:
            kept.append(f"{why}: not taken back")
        else:
            back.append(RecipientChange(change.new, change.old, anew=False))
    return tuple(back), tuple(kept)


def line_edits(
    envelope: Envelope, changes: Iterable[RecipientChange], now: float
) -> tuple[list[Splice], list[bytes]]:
    """The edits of lines that stand, and the values of lines that are added.

    A new or replaced line has fixed-width results: pending, never tried, due `now`.
    """
    lines = rcpt_lines(envelope)
    fresh = encode_result(Recipient(Path(""), next_try=int(now))) + b" "
    edits: list[Splice] = []
    added: list[bytes] = []
    for change in changes:
        new = None if change.new is None else change.new.encode("utf-8", "surrogateescape")
        if _has(lines, change):
            continue
        if change.old is None:
            added.append(fresh + (new or b""))
            continue
        one = next(one for one in lines if one.text == change.old and one.recipient.pending)
        lines.remove(one)
        line = one.line
        if new is None:
            start = line_start(envelope, line)
            edits.append(Splice(start, line.end - start, b""))
        elif change.anew:
            edits.append(Splice(line.value_start, len(line.raw), fresh + new))
        else:
            at = path_at(line.raw)
            edits.append(Splice(line.value_start + at, len(line.raw) - at, new))
    return edits, added
