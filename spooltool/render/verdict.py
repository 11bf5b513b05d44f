"""The verdict on one message in a few lines: what a list shows below its cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spooltool.diagnose.mending import mending
from spooltool.diagnose.relay import Destination
from spooltool.diagnose.row import Row
from spooltool.render.message import Shown, next_words
from spooltool.render.rows import shown_recipients
from spooltool.render.text import visible
from spooltool.render.units import clock, plural, short_clock, size

_HOST_REASONS = frozenset(
    ("refused", "timeout", "unresolved", "put-off", "tls", "rejected", "limit", "overdue")
)
_TRY_AGAIN = frozenset(("scanner", "unknown"))


class Alike(NamedTuple):
    """How many messages share a fate, and of what: `121`, `for this host`.

    `more` is one thing more to know of them, `source` where that was read.
    """

    messages: int
    what: str = "for this host"
    more: str = ""
    source: str = ""


class Fact(NamedTuple):
    """One line: a label, words, and in brackets where they come from ("" for neither)."""

    label: str
    words: str
    source: str = ""


def title_words(row: Row) -> str:
    """`R001njd6k  48 KB  billing@example.com > anna@example.org +1`."""
    words = f"{row.letter}{row.id}"
    if not row.readable:
        return f"{words}  {row.dir}".rstrip()
    sender = row.sender
    who = "?" if sender is None else visible(sender) or "<>"
    return f"{words}  {size(row.size)}  {who} > {visible(_recipients(row))}"


def _recipients(row: Row) -> str:
    """The first who waits and how many others; STATE counts those that the head does not hold."""
    words, state = shown_recipients(row), row.state
    if row.facts.own or row.envelope is None or row.envelope.complete or state is None:
        return words
    first = words.rpartition(" +")[0] or words
    return f"{first} +{max(1, state.pending + state.delivered + state.failed) - 1:,}"


def verdict_facts(shown: Shown, alike: Alike | None) -> list[Fact]:
    """What happened last, what comes next, how many are alike; lines that say nothing left out."""
    row = shown.row
    facts = []
    if last := _last_words(row):
        facts.append(Fact("last", last, "STATE"))
    if following := next_words(shown):
        planned = row.next_try is not None and row.next_try == row.facts.next_try
        facts.append(Fact("next", following, "STATE" if planned else ""))
    return [*facts, *alike_facts(alike)]


def alike_facts(alike: Alike | None) -> list[Fact]:
    """How many are alike, where there is more to it than this one."""
    if alike is None or (alike.messages < 2 and not alike.more):
        return []
    words = f"{plural(alike.messages, 'message')} {visible(alike.what)}"
    if alike.more:
        words += f"; {visible(alike.more)}"
    return [Fact("alike", words, visible(alike.source))]


def silence(down: Sequence[Destination], now: float) -> str:
    """`nothing got through since 14:21`: since the last success, or since it is down."""
    moments = [one.last_success or one.since or 0.0 for one in down]
    return f"nothing got through since {short_clock(max(moments), now)}" if any(moments) else ""


def silence_in_full(down: Sequence[Destination], now: float) -> list[str]:
    """`down since 14:21:40, last success 14:21:02`; of several destinations each by its name."""
    lines = []
    for one in down:
        words = [f"down since {clock(one.since, now)}"] if one.since else []
        if one.last_success:
            words.append(f"last success {clock(one.last_success, now)}")
        elif words:
            words.append("no success since the relay began")
        if words:
            name = f"{visible(one.name)} " if len(down) > 1 else ""
            lines.append(name + ", ".join(words))
    return lines


def mend_words(row: Row, alike: Alike | None) -> list[tuple[str, str]]:
    """Keys of the screen with what each does for this message; or commands to type."""
    commands = [(visible(command), visible(what)) for command, what in mending(row)]
    if commands or row.letter == "T":
        return commands
    if row.standing in ("held", "quarantined"):
        return [("U", "release it"), ("B", "give it up and tell the sender")]
    if row.standing != "stuck" or not row.readable:
        return []
    these = f"these {alike.messages:,}" if alike is not None and alike.messages > 1 else "it"
    if row.letter == "E":
        return [("Q", "try to deliver it after all"), ("S", "set another ERR_SERVER")]
    if row.reason in _HOST_REASONS:
        return [("R", f"retarget {these}"), ("P", "probe another host first")]
    aside = ("H", "set it aside")
    return [("K", "try it now"), aside] if row.reason in _TRY_AGAIN else [aside]


def _last_words(row: Row) -> str:
    """`19:36:12 connect 10.1.5.2:25: Connection refused`."""
    state = row.state
    if state is None or not state.attempts:
        return ""
    words = [clock(state.last_try, row.around.now)] if state.last_try else []
    said = " ".join(
        w for w in (str(state.code) if state.code else "", state.enhanced, state.text) if w
    )
    if state.host and state.host not in said:
        words.append(visible(f"{state.host}: {said}" if said else state.host))
    elif said:
        words.append(visible(said))
    return " ".join(words)
