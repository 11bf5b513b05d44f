"""What only the relay does, as plans have it: looked at, agreed to, done.  No file changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spooltool.change.choosing import choose
from spooltool.change.kick import Kicking, check_kick, kicked_host
from spooltool.change.order import Order
from spooltool.change.spans import rate_words, read_rate
from spooltool.change.suspend import Suspension, read_hosts, read_suspension, resume
from spooltool.control import read_pattern
from spooltool.control.orders import Pattern
from spooltool.diagnose.relay import RelayView
from spooltool.diagnose.row import Row
from spooltool.errors import ExitCode, RelayUnreachable, UsageError
from spooltool.look.sight import Sight
from spooltool.render import orders as shown
from spooltool.render.kicked import kicked_lines
from spooltool.render.text import visible, wrapped
from spooltool.render.units import ago, plural
from spooltool.spool.names import HOLD, QUARANTINE
from spooltool.spool.plan import Apart
from spooltool.store.journal import Actor

Answer = tuple[list[str], ExitCode]
"""What the relay said, in lines, and the exit code of the equal command."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One errand: how many messages it is about, what it will do, and what to know before.

    `carry` does it, for a screen of so many columns; raises RelayUnreachable, NotPermitted,
    or what the relay refuses it with.
    """

    messages: int
    says: tuple[str, ...]
    carry: Callable[[int], Answer]
    apart: tuple[Apart, ...] = ()
    notes: tuple[str, ...] = ()
    found_all: bool = True


ERRANDS = ("kick", "suspend", "resume")


def prepare_errand(sight: Sight, order: Order, me: Actor) -> Errand:
    """An errand of ERRANDS.  Raises UsageError, QueryError, RelayUnreachable; asks only."""
    if not sight.relay.up:
        why = f": {sight.relay.why_not}" if sight.relay.why_not else ""
        raise RelayUnreachable(
            f"the relay is not running{why}", hint=f"{order.verb} is the relay's to do"
        )
    if order.verb == "kick":
        return _kick(sight, order)
    if order.verb == "suspend":
        return _suspend(sight, order, me)
    return _resume(sight, order)


# kick


def _kick(sight: Sight, order: Order) -> Errand:
    check_kick(order.words, everything=order.everything)
    rate = order.text("rate")
    pace = read_rate("--rate", rate) if rate else None
    spread = f", at most {rate_words(rate)}" if rate else ""
    host = kicked_host(order.words)
    if order.everything or host:
        what = f"everything for {visible(host)}" if host else "everything that the relay knows"
        kicking = Kicking(host=host, rate=pace)
        return Errand(
            _waiting(sight.relay, host),
            (f"tried now: {what}{spread}",),
            lambda width: _kicked(sight, kicking, None, rate, width),
        )
    choice = choose(sight, order.words)
    rows = choice.chosen.rows
    kicking = Kicking(tuple(dict.fromkeys(row.id for row in rows)), rate=pace)
    missing = (f"{visible(word)}: no such message" for word in choice.selection.missing)
    return Errand(
        len(rows),
        (f"tried now: {plural(len(rows), 'message')}{spread}",),
        lambda width: _kicked(sight, kicking, len(rows), rate, width),
        tuple(apart for row in rows if (apart := _not_tried(row)) is not None),
        tuple(missing),
        choice.found_all,
    )


def _not_tried(row: Row) -> Apart | None:
    if row.dir in (HOLD, QUARANTINE):
        return Apart("skip", row.id, row.file, "set aside: it is not tried before `release`")
    if row.around.suspended:
        return Apart("skip", row.id, row.file, "its host is suspended: `resume` comes first")
    if row.around.holder:
        return Apart("skip", row.id, row.file, f"under way already: {row.around.holder}")
    return None


def _kicked(sight: Sight, kicking: Kicking, selected: int | None, rate: str, width: int) -> Answer:
    kicked = kicking.carry(sight.spool.path)
    lines = kicked_lines(kicked, selected, rate_words(rate) if rate else "", width)
    return lines, ExitCode.SOME if kicked.suspended else ExitCode.OK


# suspend, resume


def _suspend(sight: Sight, order: Order, me: Actor) -> Errand:
    if len(order.words) > 1 or order.everything == bool(order.words):
        raise UsageError("which host?" if not order.words else "suspend takes one host")
    host = order.words[0] if order.words else None
    suspension = read_suspension(host, order.text("for"), order.text("reason"))
    covered = _pattern(suspension.pattern)
    waiting = sum(
        one.due + one.waiting + one.active
        for one in sight.relay.destinations
        if any(covered.covers(host) for host in one.hosts)
    )
    span = "until it is resumed" if suspension.seconds is None else _for(suspension.seconds)
    notes = [
        f"in force now: {shown.order_words(one, time.time())}"
        for one in sight.relay.orders
        if one.host == suspension.pattern
    ]
    return Errand(
        waiting,
        (
            f"no attempts to {visible(suspension.pattern)} {span}",
            f"{plural(waiting, 'message waits', 'messages wait')} for it now; none is changed",
        ),
        lambda width: _suspended(sight, suspension, me, width),
        notes=(*notes, "attempts under way are let go, short of the final dot"),
    )


def _for(seconds: float) -> str:
    return f"for {ago(seconds)}"


def _pattern(text: str) -> Pattern:
    pattern = read_pattern(text)
    if pattern is None:
        raise UsageError(f"{visible(text)}: not a host")
    return pattern


def _suspended(sight: Sight, suspension: Suspension, me: Actor, width: int) -> Answer:
    reply = suspension.carry(sight.spool.path, me.user)
    return _narrow(shown.suspended_lines(reply, time.time()), width), ExitCode.OK


def _resume(sight: Sight, order: Order) -> Errand:
    patterns = read_hosts(order.words, everything=order.everything)
    now = time.time()
    ending = [one for one in sight.relay.orders if patterns is None or one.host in patterns]
    known = {one.host for one in ending}
    says = [f"ends: {shown.order_words(one, now)}" for one in ending]
    notes = [f"{visible(host)} is not suspended" for host in patterns or () if host not in known]
    return Errand(
        sum(one.waiting for one in ending),
        tuple(says) or ("no host is suspended",),
        lambda width: _resumed(sight, patterns, width),
        notes=tuple(notes),
        found_all=not notes,
    )


def _resumed(sight: Sight, patterns: Sequence[str] | None, width: int) -> Answer:
    reply, still = resume(sight.spool.path, patterns)
    lines = shown.resumed_lines(reply, still)
    covered = {host for host, _ in still}
    lines += [f"{visible(h)} is not suspended" for h in reply.absent if h not in covered]
    if patterns is None and not reply.hosts:
        lines.append("no host was suspended")
    code = ExitCode.SOME if reply.absent or still else ExitCode.OK
    return _narrow(lines, width), code


def _narrow(lines: Sequence[str], width: int) -> list[str]:
    found: list[str] = []
    for line in lines:
        text = line.lstrip(" ")
        found += wrapped(text, width, line[: len(line) - len(text)])
    return found


def _waiting(relay: RelayView, host: str) -> int:
    """How many messages the relay has for a host; "" for all."""
    if not host:
        return relay.messages
    pattern = _pattern(host)
    return sum(
        one.due + one.waiting
        for one in relay.destinations
        if any(pattern.covers(member) for member in one.hosts)
    )
