"""The verbs that change where a message stands: requeue, bounce, delete, and `move`.

Pure, as `verbs` is: a message as it is seen to a Change, an Apart that says why it is left
alone, or None where it is as asked already.
"""

from __future__ import annotations

from spooltool.spool.disposition import (
    GIVE_UP,
    RENEW,
    given_up_text,
    is_fresh,
    wants_notice,
)
from spooltool.spool.hosts import parse_hosts
from spooltool.spool.names import FLAT, HOLD, QUARANTINE, RESEND, SENDER, TRASH, SpoolName
from spooltool.spool.places import PARTIAL_AGE, is_partial
from spooltool.spool.plan import Apart, Change, KeyChange, ResultsChange
from spooltool.spool.states import spoken_age
from spooltool.spool.verbs import Seen, apart, hold, moved, release

NOT_ACKNOWLEDGED = "being received: nobody was told that it is taken"
VERDICT = "in quarantine: a content verdict stands against it, and `release` is the word for that"
HEADERS_ALONE = (
    "holds the headers alone, made for recipients of {of}: "
    "there is no message to deliver, only its notice to send"
)


def requeue(seen: Seen, *, flat: bool = False) -> Change | Apart | None:
    """Have a message tried as if it were just received; out of the trash, too.

    An E file becomes R: the message whose notice was owed is delivered after all.
    """
    envelope, name = seen.envelope, seen.name
    target = SpoolName(FLAT if flat else SENDER, "R", name.number)
    if refusal := _undeliverable(seen):
        return apart(seen, "skip", refusal)
    if name == target and is_fresh(envelope):
        return None
    to = target.file if target != name else ""
    return Change(name.id, name.file, seen.inode, seen.size, (), to, results=ResultsChange(RENEW))


def _undeliverable(seen: Seen) -> str:
    """Why a message cannot be requeued; "" when it can."""
    envelope, name = seen.envelope, seen.name
    if name.letter == "T":
        return NOT_ACKNOWLEDGED
    if name.dir == QUARANTINE:
        return VERDICT
    if of := envelope.get("NOTICE_OF"):
        return HEADERS_ALONE.format(of=of)
    if envelope.torn:
        return "torn: the end of the file is missing"
    if envelope.sender is None or not envelope.recipients:
        return "names no sender or no recipient: there is nobody to deliver to"
    if all(recipient.mark == "D" for recipient in envelope.recipients):
        return "delivered to everybody already"
    return ""


def bounce(seen: Seen, *, reason: str = "", flat: bool = False) -> Change | Apart | None:
    """Give a message up now: it becomes E, and the sender is told.

    ERRMAIL becomes 1 where it is 0.  What nobody may be told of is left alone: `delete` is
    the word for that.
    """
    name = seen.name
    if name.letter == "E" and name.dir in (RESEND, FLAT):
        return None
    if refusal := _not_to_bounce(seen):
        return apart(seen, "skip", refusal)
    keys = (KeyChange("ERRMAIL", "0", "1"),) if seen.envelope.get("ERRMAIL") == "0" else ()
    target = SpoolName(FLAT if flat else RESEND, "E", name.number)
    results = ResultsChange(GIVE_UP, given_up_text(reason))
    return Change(name.id, name.file, seen.inode, seen.size, keys, target.file, results=results)


def _not_to_bounce(seen: Seen) -> str:
    """Why a message cannot be bounced; "" when it can."""
    envelope, name = seen.envelope, seen.name
    if name.letter == "T":
        return NOT_ACKNOWLEDGED
    if name.dir == TRASH:
        return "in the trash: it has ended"
    if name.dir == QUARANTINE:
        return "in quarantine: what it holds goes to nobody; `delete` or `release` it"
    if name.letter == "E":
        return "given up already, its notice is held: `release` sends it"
    if envelope.torn or envelope.grown:
        what = "torn" if envelope.torn else "edited by hand"
        return f"{what}: no notice can be made of it as it stands"
    sender = envelope.sender
    if sender is None or not envelope.recipients:
        return "names no sender or no recipient: there is nobody to tell"
    if not sender.address:
        return "from the null sender, who is never told: `delete` ends it"
    pending = [recipient for recipient in envelope.recipients if recipient.pending]
    if not pending:
        return "nobody is pending: the relay ends it by itself"
    if not any(wants_notice(sender, recipient) for recipient in pending):
        return "its sender wants no notice (NOTIFY): `delete` ends it"
    if not parse_hosts(envelope.get("ERR_SERVER") or ""):
        return f"ERR_SERVER names no host: `set {name.base} ERR_SERVER=HOST` first"
    return ""


def delete(seen: Seen, *, now: float) -> Change | Apart | None:
    """Take a message out of the queue, into the trash.  `now` in unix seconds."""
    if seen.name.dir == TRASH:
        return None
    if refusal := _being_received(seen, now):
        return apart(seen, "skip", refusal)
    return moved(seen, seen.name.at(TRASH))


def purge(seen: Seen, *, now: float) -> Change | Apart | None:
    """Unlink a message for good, in the spool or in the trash.  `now` in unix seconds."""
    if refusal := _being_received(seen, now):
        return apart(seen, "skip", refusal)
    return removed(seen.name, seen.inode, seen.size)


def removed(name: SpoolName, inode: int, size: int, *, by_path: bool = False) -> Change:
    """The change that unlinks a file for good."""
    return Change(name.id, name.file, inode, size, by_path=by_path, remove=True)


def _being_received(seen: Seen, now: float) -> str:
    age = now - seen.mtime
    if is_partial(seen.name) and age < PARTIAL_AGE:
        return (
            f"being received, written to {spoken_age(age)} ago: "
            "a partial message may go when it was left alone for an hour"
        )
    return ""


def move(seen: Seen, word: str, *, reason: str = "", flat: bool = False) -> Change | Apart | None:
    """Move a message to a folder, spelt as in `places.WAYS`.

    Raises ValueError for a word that is none of them.
    """
    name = seen.name
    if word == "hold":
        return hold(seen)
    if word == "sender":
        return requeue(seen, flat=flat)
    if word == "expired":
        return bounce(seen, reason=reason, flat=flat)
    if word != "resend":
        raise ValueError(f"no folder that mail is moved to: {word}")
    if name.dir == RESEND or (flat and name.dir == FLAT):
        return None
    if name.dir not in (HOLD, QUARANTINE, TRASH):
        return apart(seen, "skip", f"in {name.dir}: only held mail goes back (release)")
    return release(seen, flat=flat)
