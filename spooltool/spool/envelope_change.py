"""What `set` does to one message, and how a planned change becomes bytes.

Keys, sender, recipients and resource are one wish and one change: a message has all of it
or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from spooltool.spool.codec import Envelope, Splice, apply_splices, parse, splices
from spooltool.spool.fields import check_value
from spooltool.spool.plan import Apart, Change, RecipientChange
from spooltool.spool.readdress import line_edits, rcpt_lines, readdressed, supplied
from spooltool.spool.recipient import (
    Path,
    encode_path,
    padding,
    parse_path_value,
)
from spooltool.spool.reseal import resealed
from spooltool.spool.state import encode_state, summarise
from spooltool.spool.verbs import Seen, set_keys

NULL_NOTICE = (
    "a notice is owed to its sender, so that it needs one; `set {file} --from A` sends the "
    "notice to somebody else"
)
GIVEN_UP = "given up, only its notice is due: `requeue {file}` first, then another recipient"


@dataclass(frozen=True, slots=True)
class EnvelopeWish:
    """What is asked for; everything is checked before.

    `values` are keys with their new values (None: the key goes).  `sender` is an address, ""
    for the null sender, None where it is to stay.  `replaced` are pairs of old and new
    recipient, `added` the recipients for files that have none.
    """

    values: Mapping[str, str | None] = field(default_factory=dict)
    sender: str | None = None
    replaced: tuple[tuple[str, str], ...] = ()
    added: tuple[str, ...] = ()
    resource: str = ""

    @property
    def addresses(self) -> bool:
        """Whether sender or recipients are asked for."""
        return self.sender is not None or bool(self.replaced or self.added)


def set_envelope(seen: Seen, wish: EnvelopeWish) -> Change | Apart | None:
    """All of a wish for one message."""
    values = dict(wish.values)
    envelope = seen.envelope
    if wish.sender is not None:
        if not wish.sender and seen.name.letter == "E":
            return _apart(seen, NULL_NOTICE.format(file=seen.name.base))
        try:
            values["FROM"] = sender_value(envelope, wish.sender)
        except ValueError as error:
            return _apart(seen, str(error))
    if wish.resource:
        values["RESOURCE"] = resource_value(envelope, wish.resource)
    change = set_keys(seen, values)
    if isinstance(change, Apart):
        return change
    lines = _recipients(seen, wish)
    if isinstance(lines, Apart):
        return lines
    if not lines and change is None:
        return None
    if change is None:
        if not envelope.lines:
            return _apart(seen, "no line of it reads as a spool file's")
        change = Change(seen.name.id, seen.name.file, seen.inode, seen.size)
    change = replace(change, recipients=lines)
    return replace(change, closing=1) if _closes(envelope, change) else change


def _closes(envelope: Envelope, change: Change) -> bool:
    """Whether a foreign file that ends with its envelope now has all of it.

    The chapter's sample is one: it is closed with an empty line, and is an empty message.
    """
    sent = any(key.key == "FROM" for key in change.keys)
    asked = sent or bool(change.recipients)
    if not asked or envelope.end >= 0 or envelope.cut or not envelope.complete:
        return False
    whole = sent or envelope.sender is not None
    return whole and bool(envelope.recipients or change.recipients)


def _recipients(seen: Seen, wish: EnvelopeWish) -> tuple[RecipientChange, ...] | Apart:
    if not (wish.replaced or wish.added):
        return ()
    if seen.name.letter == "T":
        return _apart(seen, "being received")
    if seen.name.letter == "E":
        return _apart(seen, GIVEN_UP.format(file=seen.name.base))
    if wish.added:
        lines = supplied(seen.envelope, wish.added)
    else:
        lines = readdressed(seen.envelope, wish.replaced)
    return _apart(seen, lines) if isinstance(lines, str) else lines


def sender_value(envelope: Envelope, address: str) -> str:
    """FROM with another address: its ESMTP parameters stay.

    ORIG goes: notices are sent to the address that it names, and they are to reach the new one.
    A line that says so already stays as it is.  Raises ValueError when it would not read back.
    """
    before = envelope.sender
    if before is not None and before.address == address:
        return envelope.get("FROM") or ""
    path = Path(address, before.params if before else "")
    text = encode_path(path)
    if parse_path_value(text) != path or check_value("FROM", text):
        raise ValueError("FROM with its parameters could not be read back")
    return text


def resource_value(envelope: Envelope, name: str) -> str:
    """RESOURCE with this name; the digest stays where the file names this one already."""
    now = envelope.get("RESOURCE") or ""
    return now if now.split(" ")[0] == name else name


def rewritten(
    envelope: Envelope, change: Change, now: float, *, restoring: bool
) -> tuple[Splice, ...]:
    """The byte edits of a change: keys, RCPT lines, and the STATE that sums them up.

    `restoring` gives back what stood there, fit or not, and leaves STATE alone but for its
    totals.  Raises ValueError for a value that may not stand in its line.
    """
    for one in change.recipients:
        if one.new is not None and not restoring:
            _check_line(one.new)
    edits, added = line_edits(envelope, change.recipients, now)
    values = {key.key: key.new for key in change.keys}
    made = _edits(envelope, values, edits, added, restoring=restoring)
    if added:
        made = _edits(envelope, values, edits, _padded(envelope, made, added), restoring=restoring)
    made = (*made, *_closing(envelope, change.closing, made))
    return _with_state(envelope, change, made, now, restoring=restoring)


def _closing(envelope: Envelope, closing: int, made: tuple[Splice, ...]) -> tuple[Splice, ...]:
    eol = b"\r\n" if envelope.crlf else b"\n"
    if closing > 0 and envelope.end < 0:
        at_end = any(edit.new and edit.offset == envelope.size for edit in made)
        ended = at_end or envelope.head.endswith(b"\n")
        return (Splice(envelope.size, 0, eol if ended else eol + eol),)
    if closing < 0 and envelope.end == envelope.size:
        return (Splice(envelope.size - len(eol), len(eol), b""),)
    return ()


def _check_line(text: str) -> None:
    problem = check_value("RCPT", text)
    if problem or parse_path_value(text) is None or text != text.strip(" \t"):
        raise ValueError(f"RCPT: {problem or 'no address'}")


def _edits(
    envelope: Envelope,
    values: Mapping[str, str | None],
    edits: list[Splice],
    added: list[bytes],
    *,
    restoring: bool,
) -> tuple[Splice, ...]:
    made = splices(envelope, values, restoring=restoring, more={"RCPT": added} if added else {})
    return tuple(sorted((*made, *edits), key=lambda edit: (edit.offset, edit.old)))


def _padded(envelope: Envelope, made: tuple[Splice, ...], added: list[bytes]) -> list[bytes]:
    """The added values with blanks before them that keep each field inside one sector."""
    after = parse(apply_splices(envelope.head, made))
    offsets = [one.line.value_start for one in rcpt_lines(after)][-len(added) :]
    padded: list[bytes] = []
    shift = 0
    for offset, raw in zip(offsets, added, strict=True):
        blanks = padding(offset + shift)
        padded.append(b" " * blanks + raw)
        shift += blanks
    return padded


def _with_state(
    envelope: Envelope, change: Change, made: tuple[Splice, ...], now: float, *, restoring: bool
) -> tuple[Splice, ...]:
    line, state = envelope.line("STATE"), envelope.state
    if line is None or state is None:
        return made
    if change.recipients:
        recipients = parse(apply_splices(envelope.head, made)).recipients
        summed = summarise(state, recipients)
        anew = any(one.anew for one in change.recipients)
        new = summed if anew and not restoring else replace(summed, next_try=state.next_try)
    elif change.seals and not restoring:
        new = resealed(state, envelope.recipients, now)
    else:
        return made
    if new == state:
        return made
    edit = Splice(line.value_start, len(line.raw), encode_state(new))
    return tuple(sorted((*made, edit), key=lambda edit: (edit.offset, edit.old)))


def _apart(seen: Seen, reason: str) -> Apart:
    return Apart("skip", seen.name.id, seen.name.file, reason)
