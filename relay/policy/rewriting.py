"""Rewriting of sender, recipients and one header field, as a resource asks for it.  Pure.

An address is rewritten as addr-spec alone: in the envelope, and by byte range in the fields
that name senders (From, Sender, Reply-To) or recipients (To, Cc).  Every other byte of the
header block stays.  What a pattern is held against: the address with its local part unquoted
and its domain as received, as A-labels and as U-labels (RFC 5890), so that either spelling
in a pattern finds either spelling in the mail.  `<>` is no address and stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from relay.message.addresses import AddrSpec, addresses, joined, unquoted
from relay.message.headers import Field, fields, unfold
from relay.message.line_length import FoldedValue, fold_at_blanks
from relay.message.received import count_own
from relay.policy.wildcard import Pattern, Replacement
from relay.smtp.mailbox import MAX_DOMAIN, a_label, parse_path

Rule = tuple[Pattern, Replacement]

SENDER_FIELDS = ("from", "sender", "reply-to")
RECIPIENT_FIELDS = ("to", "cc")
_MAX_ADDRESS = 900
"""Octets of a rewritten address, so that it fits on a line."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_BUT_TAB = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SIGNED = re.compile(rb"(?:\A|;)[ \t]*+[hH][ \t]*+=([^;]*+)")

NO_ADDRESS = "the result is no address"
UNREADABLE = "the field cannot be read to its end"
CONTROLS = "the result has control characters"
TOO_LONG = "the result cannot be folded into lines of 998 octets"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What a resource rewrites: pattern and replacement of each, None for nothing.

    `custom` begins with the name of its field.  `rule` is how logs name the cause.
    """

    sender: Rule | None = None
    recipient: Rule | None = None
    custom: tuple[str, Pattern, Replacement] | None = None
    rule: str = ""


class Kind(Enum):
    """What became of an address or a field."""

    CHANGED = "changed"
    DELETED = "deleted"
    REFUSED = "refused"
    """It stays, though the rule describes it; `Change.why` tells the reason."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field: of an address in it, or of its unfolded value.

    `field` is the name as written, "MAIL" or "RCPT" for the envelope.  Bytes that are no
    UTF-8 are surrogates in `old` and `new`.
    """

    kind: Kind
    field: str
    old: str
    new: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A header block as it will be sent, and what was done to it.

    `broken_dkim`: a DKIM-Signature of the block covers a field that was changed, so that it
    will not verify any more (RFC 6376 3.5, `h=`).  Signatures are left where they are.
    """

    block: bytes
    changes: tuple[Change, ...] = ()
    broken_dkim: bool = False


class Rewriter:
    """Applies one `Rewriting`; has no state, so that one serves all mail of a resource."""

    __slots__ = ("_by_field", "_custom", "_custom_name", "_rewriting")

    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting
        self._by_field: dict[bytes, Rule] = {}
        for names, rule in (
            (SENDER_FIELDS, rewriting.sender),
            (RECIPIENT_FIELDS, rewriting.recipient),
        ):
            if rule is not None:
                self._by_field |= {name.encode(): rule for name in names}
        self._custom: Rule | None = None
        self._custom_name = b""
        if rewriting.custom is not None:
            name, pattern, replacement = rewriting.custom
            self._custom_name, self._custom = name.lower().encode(), (pattern, replacement)

    @property
    def idle(self) -> bool:
        """Whether it changes no message."""
        return not self._by_field and self._custom is None

    def sender(self, address: str) -> str:
        """The address of MAIL as it is sent on: `local@domain`, or "" as it came."""
        return _in_envelope("MAIL", self._rewriting.sender, address)[0]

    def recipient(self, address: str) -> str:
        """The address of RCPT as it is sent on."""
        return _in_envelope("RCPT", self._rewriting.recipient, address)[0]

    def envelope_changes(self, sender: str, recipients: tuple[str, ...]) -> tuple[Change, ...]:
        """What `sender` and `recipient` do to these, or refuse to do."""
        found = [_in_envelope("MAIL", self._rewriting.sender, sender)[1]]
        found += [_in_envelope("RCPT", self._rewriting.recipient, one)[1] for one in recipients]
        return tuple(change for change in found if change is not None)

    def headers(self, block: bytes, hostname: str) -> Rewritten:
        """Rewrite a header block as `HeaderCollector` cuts it, without our own Received line.

        Received lines that name `hostname` stay, whatever the custom field says.
        """
        if self.idle:
            return Rewritten(block)
        pieces: list[bytes] = []
        changes: list[Change] = []
        touched: set[bytes] = set()
        at = 0
        for field in fields(block):
            name = field.name.lower()
            if name not in self._by_field and name != self._custom_name:
                continue
            new = self._field(block, field, hostname, changes)
            if new is None:
                continue
            if new or name != b"dkim-signature":
                touched.add(name)
            pieces += (block[at : field.start], new)
            at = field.end + (not new)
        if not pieces:
            return Rewritten(block, tuple(changes))
        block = b"".join((*pieces, block[at:]))
        return Rewritten(block, tuple(changes), not touched.isdisjoint(_signed(block)))

    def _field(
        self, block: bytes, field: Field, hostname: str, changes: list[Change]
    ) -> bytes | None:
        """The field as it will stand, b"" where it is deleted, None where it stays."""
        name, shown = field.name.lower(), field.name.decode("ascii")
        column = field.value - field.start
        old = value = block[field.value : field.end]
        if (rule := self._by_field.get(name)) is not None:
            value = _address_field(value, column, rule, shown, changes)
        if self._custom is not None and name == self._custom_name:
            whole = block[field.start : field.end] + b"\n"
            if name == b"received" and count_own(whole, hostname):
                return None
            left = _custom_field(value, column, self._custom, shown, changes)
            if left is None:
                return b""
            value = left
        return None if value == old else block[field.start : field.value] + value


def spellings(local: str, domain: str) -> tuple[str, ...]:
    """An address in each form that a pattern may describe; the first is as received.

    `local` is unquoted.  Domain in A-label form second, in U-label form last, each only
    where it differs.
    """
    forms = [domain]
    # What is longer is no domain, and IDNA takes time by the square of a label's length.
    ascii_domain = a_label(domain) if len(domain) <= MAX_DOMAIN else None
    if ascii_domain is not None:
        if ascii_domain != domain.lower():
            forms.append(ascii_domain)
        if "xn--" in ascii_domain and (wide := _u_label(ascii_domain)) not in (None, domain):
            forms.append(str(wide))
    return tuple(f"{local}@{form}" for form in forms)


def _u_label(domain: str) -> str | None:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return None


def _in_envelope(command: str, rule: Rule | None, address: str) -> tuple[str, Change | None]:
    """An address of the envelope after the rule, and what is to be told of that."""
    if rule is None or not address:
        return address, None
    local, _, domain = address.rpartition("@")
    made = _made(rule, unquoted(local), domain)
    if made is None:
        return address, None
    new = _address(made, like=address)
    if new is None or not isinstance(parse_path(f"<{new}>", 0, utf8=True), tuple):
        return address, Change(Kind.REFUSED, command, address, made, NO_ADDRESS)
    return new, Change(Kind.CHANGED, command, address, new)


def _address_field(
    value: bytes, column: int, rule: Rule, name: str, changes: list[Change]
) -> bytes:
    """The value with each addr-spec replaced that the rule describes; it begins at `column`."""
    folded = FoldedValue(column)
    at = end = 0
    for spec in addresses(value):
        if not isinstance(spec, AddrSpec):
            changes.append(Change(Kind.REFUSED, name, "", "", UNREADABLE))
            continue
        made = _made(rule, spec.local, spec.domain)
        if made is None:
            continue
        old = joined(spec.local, spec.domain)
        new = _address(made, like=old)
        if new is None:
            changes.append(Change(Kind.REFUSED, name, old, made, NO_ADDRESS))
            continue
        changes.append(Change(Kind.CHANGED, name, old, new))
        folded.keep(value[at : spec.start])
        if end < spec.end:
            end = value.find(b"\n", spec.end)
            end = len(value) if end < 0 else end
        word = _encoded(new) + b"".join((b" ", spec.comments) if spec.comments else ())
        folded.put(word, end - spec.end)
        at = spec.end
    if not folded:
        return value
    folded.keep(value[at:])
    return folded.value()


def _custom_field(
    value: bytes, column: int, rule: Rule, name: str, changes: list[Change]
) -> bytes | None:
    """The value after the rule, None where the field is deleted; it begins at `column`."""
    pattern, replacement = rule
    old = unfold(value).decode("utf-8", "surrogateescape")
    found = pattern.found(old)
    if found is None:
        return value
    if pattern.any and not replacement.text:
        changes.append(Change(Kind.DELETED, name, old))
        return None
    new = replacement.fill(found).strip(" \t")
    if new == old:
        return value
    why = CONTROLS if _CONTROL_BUT_TAB.search(new) else ""
    folded = fold_at_blanks(b" " + _encoded(new), column)
    if folded is None or why:
        changes.append(Change(Kind.REFUSED, name, old, new, why or TOO_LONG))
        return value
    changes.append(Change(Kind.CHANGED, name, old, new))
    return folded


def _made(rule: Rule, local: str, domain: str) -> str | None:
    """What the rule makes of an address; None where it leaves it as it is."""
    pattern, replacement = rule
    received, *others = spellings(local, domain) if local else (domain,)
    for spelling in (received, *others):
        if (found := pattern.found(spelling)) is not None:
            made = replacement.fill(found)
            return None if made == received else made
    return None


def _address(made: str, *, like: str) -> str | None:
    """The addr-spec that a rule made, None where it is none.

    In place of an ASCII address the domain is in A-label form: the mail's next hop need not
    know SMTPUTF8 (RFC 6531).
    """
    local, _, domain = made.rpartition("@")
    if not local or _CONTROL.search(local):
        return None
    if not isinstance(parse_path(f"<x@{domain}>", 0, utf8=True), tuple):
        return None
    if like.isascii() and not domain.isascii():
        domain = a_label(domain) or domain
    new = joined(local, domain)
    return new if len(_encoded(new)) <= _MAX_ADDRESS else None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _signed(block: bytes) -> set[bytes]:
    """Names of the fields that the signatures of a block cover, themselves among them."""
    names: set[bytes] = set()
    for field in fields(block):
        if field.name.lower() != b"dkim-signature":
            continue
        names.add(b"dkim-signature")
        for found in _SIGNED.finditer(unfold(block[field.value : field.end])):
            names |= {name.strip(b" \t").lower() for name in found[1].split(b":")}
    return names
