"""The lines below a list: how many, why, and what was left out.

They go to standard error, so that a pipe carries rows and nothing else.
"""

from __future__ import annotations

from spooltool.diagnose.relay import RelayView
from spooltool.diagnose.tally import Tally
from spooltool.render.text import columns, cut, visible
from spooltool.render.units import age, ago, plural, size, stamp
from spooltool.spool.hosts import parse_host

HOST_WORDING: dict[str, str] = {
    "refused": "refused by {host}",
    "timeout": "no answer from {host}",
    "unresolved": "unresolved: {host}",
    "put-off": "put off by {host}",
    "rejected": "rejected by {host}",
    "tls": "no TLS with {host}",
}
"""A reason with its host, after a count."""

WORDING: dict[str, str] = {
    "refused": "refused",
    "timeout": "without an answer",
    "unresolved": "unresolved",
    "put-off": "put off",
    "rejected": "rejected",
    "tls": "without TLS",
    "scanner": "wait for the scanner",
    "limit": "at a limit",
    "overdue": "overdue",
    "notice": "notice due",
    "partial": "partial",
    "no-envelope": "without an envelope",
    "torn": "torn",
    "edited": "edited by hand",
    "unreadable": "unreadable",
    "unknown": "for an unknown reason",
}
"""A reason alone, after a count."""

STANDING_WORDING: dict[str, str] = {
    "receiving": "being received",
    "fresh": "not tried yet",
    "delivering": "being delivered",
    "waiting": "wait for their first retry",
    "stuck": "stuck",
    "held": "held",
    "quarantined": "in quarantine",
    "trashed": "in the trash",
}
"""A standing after a count."""

_HOSTS_NAMED = 6
_HOST_WIDTH = 40


def relay_words(relay: RelayView, now: float) -> str:
    """`relay up, scanned 1 s ago`, `relay not running`, or why it could not be asked."""
    if relay.up:
        scanned = "" if relay.scanned is None else f", scanned {ago(now - relay.scanned)} ago"
        return f"relay up{scanned}"
    return f"relay not asked: {visible(relay.why_not)}" if relay.why_not else "relay not running"


def last_touch(now: float, touched: float) -> str:
    """`; last touched 2026-11-24 18:44:11, 3d04h ago`, "" when it never was."""
    if touched <= 0:
        return ""
    return f"; last touched {stamp(touched)}, {ago(now - touched)} ago"


def relay_line(relay: RelayView, now: float, touched: float) -> str:
    """The one line above a list when no relay answers; "" when one does."""
    if relay.up:
        return ""
    return f"{relay_words(relay, now)}: nothing is called overdue{last_touch(now, touched)}"


def count_line(
    shown: Tally, everything: Tally, what: str, place: str, relay: RelayView, now: float
) -> str:
    """`143 stuck of 1,204 (4.4 MB) in gw1:/var/spool/relay, oldest 5d00h; relay up, …`."""
    if what:
        line = f"{shown.total:,} {what} of {everything.total:,}"
    else:
        line = plural(everything.total, "message")
    if shown.total:
        line += f" ({size(shown.bytes)})"
    line += f" in {place}"
    if shown.total and shown.oldest < float("inf"):
        line += f", oldest {age(now - shown.oldest)}"
    told_above = everything.total and not relay.up
    return line if told_above else f"{line}; {relay_words(relay, now)}"


def reason_parts(tally: Tally, hosts_named: int = _HOSTS_NAMED) -> list[str]:
    """`120 refused by 10.1.5.2`, most first; hosts beyond the first few are summed up."""
    parts: list[str] = []
    more: dict[str, tuple[int, int]] = {}
    named = 0
    for reason, host, number in tally.by_reason_and_host():
        if reason == "unreadable":
            continue
        if not host:
            parts.append(f"{number:,} {WORDING.get(reason, visible(reason))}")
        elif named < hosts_named:
            named += 1
            name = cut(visible(host), _HOST_WIDTH)
            parts.append(f"{number:,} {HOST_WORDING[reason].format(host=name)}")
        else:
            messages, hosts = more.get(reason, (0, 0))
            more[reason] = (messages + number, hosts + 1)
    for reason, (messages, hosts) in more.items():
        parts.append(f"{messages:,} {WORDING[reason]} at {plural(hosts, 'more host')}")
    return [*parts, *unreadable_parts(tally)]


def unreadable_parts(tally: Tally) -> list[str]:
    """Each file that cannot be read, with why; beyond the first few their number."""
    number = tally.reasons.get(("unreadable", ""), 0)
    if not number:
        return []
    if number > 3:
        return [f"{number:,} unreadable"]
    named = ", ".join(
        f"{file} {visible(error[:1].lower() + error[1:])}" for file, error in tally.unreadable[:3]
    )
    return [f"{number} unreadable: {named}"]


def not_shown(shown: Tally, everything: Tally) -> str:
    """`not stuck, not shown: 38 wait for their first retry, 17 held`; "" when nothing was."""
    parts = []
    for word in ("waiting", "fresh", "delivering", "receiving", "held", "quarantined", "trashed"):
        number = everything.standings.get(word, 0) - shown.standings.get(word, 0)
        if number:
            parts.append(f"{number:,} {standing_words(word, number)}")
    return f"not stuck, not shown: {', '.join(parts)}" if parts else ""


def standing_words(word: str, number: int) -> str:
    """A standing in words that fit the number before them."""
    if word == "waiting" and number == 1:
        return "waits for its first retry"
    return STANDING_WORDING[word]


def flowed(parts: list[str], width: int, indent: str = "  ", gap: str = "    ") -> list[str]:
    """Parts side by side, as many on a line as fit."""
    lines: list[str] = []
    line = ""
    for part in parts:
        longer = f"{line}{gap}{part}" if line else indent + part
        if line and columns(longer) > width:
            lines.append(line)
            line = indent + part
        else:
            line = longer
    return [*lines, line] if line else lines


def next_lines(shown: Tally) -> list[str]:
    """What to do about stuck messages: look at one, and send those of the worst host elsewhere."""
    look = "spooltool show ID"
    host = next((host for _, host, _ in shown.by_reason_and_host() if parse_host(host)), "")
    if not host:
        return [f"next: {look}    what happened to one of them"]
    number = sum(count for _, at, count in shown.by_reason_and_host() if at == host)
    move = f"spooltool retarget stuck dst:{visible(host)} --to HOST"
    return [
        f"next: {look.ljust(len(move))}   what happened to one of them",
        f"      {move}   sends {number:,} another way; shows the plan first",
    ]
