"""A new seal: SIZES and DIGEST for what stands in a file that was edited by hand.

Only what can be divided into two header sets and a body is sealed; a file that is shorter
than it was has lost its end and is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spooltool.spool.codec import Envelope
from spooltool.spool.compose import encode_digest, encode_sizes
from spooltool.spool.parts import parts_by_blank_lines, parts_by_sizes
from spooltool.spool.plan import SEAL_KEYS, Apart, Change
from spooltool.spool.recipient import Recipient
from spooltool.spool.state import State
from spooltool.spool.verbs import Seen, set_keys

PARTS = ("original headers", "modified headers", "body")
EDITED = "edited"
TORN_HINT = "`show {file} --eml -o COPY` keeps what is there, and `bounce` tells the sender"
_CRLF = "every line of it ends in CR LF: with LF alone (dos2unix) its seal may fit again"
_ONE_SET = "original and modified headers cannot be told apart: put the empty line between them"
_NO_END = "no empty line ends the modified headers: put one before the body"


@dataclass(frozen=True, slots=True)
class Seal:
    """What SIZES and DIGEST have to say: bytes of the three parts, sha256 in hexadecimal.

    `bare_cr` tells that the content holds a CR, which the relay never sends.
    """

    sizes: tuple[int, int, int]
    digest: str
    bare_cr: bool = False

    @property
    def values(self) -> dict[str, str]:
        """The two keys with their values."""
        return {
            "SIZES": encode_sizes(*self.sizes).decode().strip(),
            "DIGEST": encode_digest(self.digest).decode(),
        }

    def fits(self, envelope: Envelope) -> bool:
        """Whether an envelope says so already."""
        return envelope.sizes == self.sizes and envelope.holds("DIGEST", self.values["DIGEST"])


def divided(envelope: Envelope, tail: bytes) -> tuple[int, int, int] | str:
    """Bytes of the three parts as they stand, or why they cannot be told.

    `tail` is the file from the envelope's end on, as far as the parts are looked for.  The
    lengths of SIZES hold where an empty line still stands at the end of each.
    """
    if envelope.crlf:
        return _CRLF
    if _sizes_hold(envelope, tail) and envelope.sizes is not None:
        return envelope.sizes
    parts, defects = parts_by_blank_lines(envelope, tail)
    if defects:
        return _ONE_SET
    lengths = (parts.original[1], parts.modified[1], parts.body[1])
    if envelope.end + sum(lengths) + 2 != envelope.size:
        return _NO_END
    return lengths


def _sizes_hold(envelope: Envelope, tail: bytes) -> bool:
    parts = parts_by_sizes(envelope)
    if parts is None:
        return False
    for offset, length in (parts.original, parts.modified):
        start = offset - envelope.end
        block, after = tail[start : start + length], tail[start + length : start + length + 1]
        ended = not block or block.endswith(b"\n")
        if after != b"\n" or not ended or block.startswith(b"\n") or b"\n\n" in block:
            return False
    return True


def accept(seen: Seen, found: Seal | str) -> Change | Apart | None:
    """Seal a message as it stands; `found` is the seal that fits, or why there is none."""
    envelope = seen.envelope
    if seen.name.letter == "T":
        return _apart(seen, "being received")
    if all(envelope.line(key) is None for key in SEAL_KEYS):
        return None
    if envelope.torn:
        size = f"{envelope.size:,} of {envelope.expected_size:,} bytes"
        hint = TORN_HINT.format(file=seen.name.base)
        return _apart(seen, f"torn, {size}: what is missing cannot be accepted; {hint}")
    if isinstance(found, str):
        return _apart(seen, found)
    if found.fits(envelope):
        if envelope.state is not None and envelope.state.reason == EDITED:
            return _apart(seen, f"its seal fits again: `kick {seen.name.base}` has it tried")
        return None
    return set_keys(seen, found.values)


def difference(envelope: Envelope, seal: Seal) -> str:
    """How the content differs from what the seal says: `body 6 -> 24 bytes`."""
    old = envelope.sizes
    if old is None:
        return "SIZES did not tell what it was"
    changed = [
        f"{part} {before:,} -> {after:,} bytes"
        for part, before, after in zip(PARTS, old, seal.sizes, strict=True)
        if before != after
    ]
    return ", ".join(changed) or "the same lengths, other bytes"


def resealed(state: State, recipients: Iterable[Recipient], now: float) -> State:
    """STATE of a message that was sealed anew: due now, and no longer *edited*.

    What failed before the edit is told by the recipient that was tried last.
    """
    due = replace(state, next_try=int(now))
    if state.reason != EDITED:
        return due
    tried = [one for one in recipients if one.pending and one.attempts]
    if not tried:
        return replace(due, reason="", code=0, enhanced="", host="", text="")
    last = max(tried, key=lambda one: one.last_try)
    reason = "put-off" if 400 <= last.code < 500 else "rejected" if last.code else "unknown"
    return replace(
        due,
        reason=reason,
        code=last.code,
        enhanced=last.enhanced,
        host=last.host,
        text=last.text,
    )


def _apart(seen: Seen, reason: str) -> Apart:
    return Apart("skip", seen.name.id, seen.name.file, reason)
