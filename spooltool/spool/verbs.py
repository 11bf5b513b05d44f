"""What each verb would change in one message: from an envelope to a Change.

Pure: the same functions make the plan of the command line and of the screen.  A verb
answers with a `Change`, with an `Apart` that says why the message is left alone, or with
None where it is as asked already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from spooltool.spool.checks import check_of_reason
from spooltool.spool.codec import Envelope
from spooltool.spool.disposition import hindrance, old_state, results_back, stands
from spooltool.spool.hosts import HostPort, format_hosts
from spooltool.spool.names import FLAT, HOLD, QUARANTINE, TRASH, SpoolName
from spooltool.spool.passes import Pass, passed_checks, with_pass
from spooltool.spool.places import way_back
from spooltool.spool.plan import Apart, Change, KeyChange
from spooltool.spool.readdress import taken_back
from spooltool.spool.state import State
from spooltool.spool.states import home

NOTICE_HINT = (
    "given up, only its notice is due: `requeue` delivers it after all, "
    "`set {file} ERR_SERVER=HOST` sends the notice another way"
)

IN_TRASH = "in the trash: `requeue` delivers it after all, `undo` takes its deletion back"


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a plan looks at it: place, inode, bytes, envelope, its last write."""

    name: SpoolName
    inode: int
    size: int
    envelope: Envelope
    mtime: float = 0.0


def set_keys(seen: Seen, values: Mapping[str, str | None]) -> Change | Apart | None:
    """Give keys these values (checked before by `fields.check_value`); None takes a key out."""
    if seen.name.letter == "T":
        return apart(seen, "skip", "being received")
    if seen.name.dir == TRASH:
        return apart(seen, "skip", IN_TRASH)
    envelope = seen.envelope
    keys = tuple(
        KeyChange(key, envelope.get(key), value)
        for key, value in values.items()
        if not envelope.holds(key, value)
    )
    if not keys:
        return None
    if not envelope.lines:
        return apart(seen, "skip", "no line of it reads as a spool file's")
    return Change(seen.name.id, seen.name.file, seen.inode, seen.size, keys)


def retarget(
    seen: Seen,
    to: tuple[HostPort, ...],
    *,
    err_server: tuple[HostPort, ...] = (),
    notices_by_mx: bool = False,
) -> Change | Apart | None:
    """Deliver to other hosts; to none of them: by the MX of each recipient's domain.

    One host with a port changes DST and DPORT; in a list the ports stay on the hosts.
    ROUTE goes to dst where it was mx, or the other way; so does ERR_ROUTE where it is said
    where notices go.  E files are left alone: only their notice is due.
    """
    if seen.name.letter == "E":
        return apart(seen, "skip", NOTICE_HINT.format(file=seen.name.base))
    values: dict[str, str] = {}
    if not to:
        values["ROUTE"] = "mx"
    elif len(to) == 1 and to[0].port is not None:
        values["DST"] = str(HostPort(to[0].host))
        values["DPORT"] = str(to[0].port)
    else:
        values["DST"] = format_hosts(to)
    if err_server:
        values["ERR_SERVER"] = format_hosts(err_server)
    if notices_by_mx:
        values["ERR_ROUTE"] = "mx"
    elif err_server and seen.envelope.get("ERR_ROUTE") == "mx":
        values["ERR_ROUTE"] = "dst"
    if to and seen.envelope.get("ROUTE") == "mx":
        values["ROUTE"] = "dst"
    return set_keys(seen, values)


def hold(seen: Seen) -> Change | Apart | None:
    """Set a message aside in D_hold."""
    if seen.name.dir in (HOLD, QUARANTINE):
        return None
    if seen.name.letter == "T":
        return apart(seen, "skip", "being received: a partial message cannot be held")
    if seen.name.dir == TRASH:
        return apart(seen, "skip", IN_TRASH)
    return moved(seen, seen.name.at(HOLD))


def release(seen: Seen, *, flat: bool = False, waived: Pass | None = None) -> Change | Apart | None:
    """Let a message out of D_hold or D_quarantine, to where it came from (the root of a flat
    spool).  Out of quarantine only with the check that put it there `waived`."""
    if seen.name.dir == QUARANTINE:
        return _acquitted(seen, waived, flat=flat)
    if seen.name.dir == TRASH:
        return apart(seen, "skip", IN_TRASH)
    if seen.name.dir != HOLD:
        return None
    place = FLAT if flat else home(seen.name.letter, seen.envelope.state)
    return moved(seen, seen.name.at(place))


def _acquitted(seen: Seen, waived: Pass | None, *, flat: bool) -> Change | Apart:
    state = seen.envelope.state
    check = check_of_reason(state.reason) if state is not None else None
    if waived is None:
        what = (
            f"{check.meaning}: `release --pass {check.word}`" if check else "`release --pass CHECK`"
        )
        return apart(seen, "skip", f"in quarantine, {what} waives that")
    if check is not None and waived.check is not check:
        return apart(seen, "skip", f"in quarantine by {check.word}, not by {waived.check.word}")
    place = FLAT if flat else home(seen.name.letter, state)
    moving = moved(seen, seen.name.at(place))
    if seen.name.letter == "E" or waived.check in passed_checks(seen.envelope):
        return moving
    value = with_pass(seen.envelope, waived)
    return replace(moving, keys=(KeyChange("PASS", seen.envelope.get("PASS"), value),))


def undo(seen: Seen, change: Change) -> Change | Apart | None:
    """Take one carried-out change back: only where its values still stand.

    Of several recipients those return whose lines still wait (`readdress.taken_back`).
    """
    keys = []
    for key in change.keys:
        now = seen.envelope.get(key.key)
        if now == key.old:
            continue
        if now != key.new:
            return apart(seen, "skip", f"{key.key} was changed again: it is {now or 'absent'} now")
        keys.append(KeyChange(key.key, key.new, key.old))
    lines, kept = taken_back(seen.envelope, change.recipients)
    results = None
    if change.results is not None:
        back = results_back(seen.envelope, change.results)
        if isinstance(back, str):
            return apart(seen, "skip", back)
        results = None if stands(seen.envelope, back, seen.name.letter) else back
    place = way_back(seen.name, _tried(seen, change), change)
    if place is None:
        if results is not None or not (keys or lines):
            return apart(seen, "skip", f"moved on since: it is in {seen.name.dir} now")
        place = seen.name
    if place.letter != seen.name.letter and (
        why := hindrance(seen.envelope, results, place.letter)
    ):
        return apart(seen, "skip", why)
    to = place.file if place != seen.name else ""
    if not (keys or lines or to or results):
        return apart(seen, "skip", "; ".join(kept)) if kept else None
    made = Change(seen.name.id, seen.name.file, seen.inode, seen.size, tuple(keys), to)
    closing = _opened(seen.envelope, change.closing)
    return replace(made, recipients=lines, closing=closing, results=results)


def _opened(envelope: Envelope, closing: int) -> int:
    """What undoes `closing`: nothing, once something stands behind the envelope."""
    if closing > 0:
        return -1 if envelope.end == envelope.size else 0
    return 1 if closing < 0 and envelope.end < 0 else 0


def _tried(seen: Seen, change: Change) -> State | None:
    """The STATE that tells where a message belongs: the one it goes back to, if that returns."""
    old = old_state(change.results.was) if change.results else None
    return old or seen.envelope.state


def moved(seen: Seen, target: SpoolName) -> Change:
    """The change that brings a message elsewhere and leaves all else as it is."""
    return Change(seen.name.id, seen.name.file, seen.inode, seen.size, (), target.file)


def apart(seen: Seen, kind: str, reason: str) -> Apart:
    """The message treated apart: a word of APART, and the reason."""
    return Apart(kind, seen.name.id, seen.name.file, reason)
