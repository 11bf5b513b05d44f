"""What a person should know before an envelope is changed: defects, doubts, what is still missing.

Notes are of a whole plan, over the rows that it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from spooltool.diagnose.row import Row
from spooltool.spool.codec import Envelope
from spooltool.spool.envelope_change import EnvelopeWish
from spooltool.spool.fields import FIELD
from spooltool.spool.plan import Change, Plan
from spooltool.spool.readdress import rcpt_lines

_FAILED = "FNX"


def envelope_notes(plan: Plan, rows: Iterable[Row], wish: EnvelopeWish) -> list[str]:
    """Notes for `set`."""
    by_file = {row.file: row.envelope for row in rows}
    pairs = [(change, by_file.get(change.file)) for change in plan.changes]
    looked = [(change, envelope) for change, envelope in pairs if envelope is not None]
    notes = doubled_notes(looked)
    if wish.sender == "" and looked:
        notes.append("the null sender: nobody is told of mail that fails for good")
    if wish.addresses:
        notes += _missing_notes(looked, wish)
        notes += _old_recipient_notes(looked, wish)
        notes += _utf8_notes(wish)
        if count := empty_messages(looked):
            notes.append(
                f"{count:,} {_holds(count)} nothing behind the envelope: an empty message would "
                "be delivered"
            )
    return notes


def doubled_notes(looked: Iterable[tuple[Change, Envelope]]) -> list[str]:
    """Keys that are changed and stand more than once: a defect of the file."""
    doubled = Counter(
        key.key
        for change, envelope in looked
        for key in change.keys
        if not FIELD[key.key].repeats and len(envelope.all(key.key)) > 1
    )
    return [
        f"{key} stands more than once in {count:,}: a defect; every line of it gets the new "
        "value, and with undo that of the first"
        for key, count in doubled.items()
    ]


def empty_messages(looked: Iterable[tuple[Change, Envelope]]) -> int:
    """How many files end with their envelope: there is no message to send."""
    return sum(envelope.end < 0 or envelope.end >= envelope.size for _, envelope in looked)


def _missing_notes(looked: Sequence[tuple[Change, Envelope]], wish: EnvelopeWish) -> list[str]:
    notes = []
    senderless = sum(envelope.sender is None for _, envelope in looked)
    if wish.sender is None and senderless:
        notes.append(f"{senderless:,} still {_has(senderless)} no sender: --from ADDRESS")
    alone = sum(not envelope.recipients for _, envelope in looked)
    if not wish.added and alone:
        notes.append(f"{alone:,} still {_has(alone)} no recipient: --rcpt ADDRESS")
    unasked = sum(
        envelope.line("RESOURCE") is None and not any(one.key == "RESOURCE" for one in change.keys)
        for change, envelope in looked
    )
    if unasked:
        what = "--resource NAME, or none, says what is asked of their content"
        notes.append(f"{unasked:,} {_wait(unasked)} with no RESOURCE: {what}")
    return notes


def _old_recipient_notes(
    looked: Sequence[tuple[Change, Envelope]], wish: EnvelopeWish
) -> list[str]:
    """What is known of the old recipients that the person may not know."""
    unknown: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for change, envelope in looked:
        if not change.recipients:
            continue
        replaced = {one.old for one in change.recipients}
        for line in rcpt_lines(envelope):
            if line.text in replaced and line.recipient.mark == "U":
                unknown[line.address] += 1
            elif line.recipient.mark in _FAILED and line.address in dict(wish.replaced):
                failed[line.address] += 1
    return [
        f"{address} may have got it already in {count:,}: the last attempt was lost after the dot"
        for address, count in unknown.items()
    ] + [
        f"{address} has failed for good in {count:,} and stays in the file: the sender is told "
        "of that all the same"
        for address, count in failed.items()
    ]


def _utf8_notes(wish: EnvelopeWish) -> list[str]:
    addresses = (wish.sender or "", *(new for _, new in wish.replaced), *wish.added)
    wide = [address for address in addresses if not address.isascii()]
    return [f"{wide[0]} is no ASCII: the next hop must offer SMTPUTF8"] if wide else []


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _wait(count: int) -> str:
    return "waits" if count == 1 else "wait"


def _holds(count: int) -> str:
    return "holds" if count == 1 else "hold"
