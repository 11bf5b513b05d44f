"""Hosts that are suspended: the list, the answers to suspend and resume, a line for others."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from spooltool.render.record import VERSION, Cleaner
from spooltool.render.table import table
from spooltool.render.text import cut, visible
from spooltool.render.units import ago, plural, rfc3339, short_clock

if TYPE_CHECKING:
    from spooltool.control import Order, Resumed, Suspended

COLUMNS = ("HOST", "UNTIL", "WAIT", "WHO", "WHY")
_HOST_WIDTH = 40
_NAMED = 3


def order_lines(orders: Sequence[Order], now: float, width: int) -> list[str]:
    """The list on a screen."""
    lines = [COLUMNS, *(_cells(order, now) for order in orders)]
    return table(lines, width, right="  >")


def _cells(order: Order, now: float) -> tuple[str, str, str, str, str]:
    return (
        cut(visible(order.host), _HOST_WIDTH),
        until_words(order, now),
        f"{order.waiting:,}",
        visible(order.who) or "-",
        visible(order.why) or "-",
    )


def until_words(order: Order, now: float, zone: tzinfo | None = None) -> str:
    """`21:00, in 1h58m`, with its day where it is another one; or who ends it."""
    if order.until is None:
        return "resumed by hand"
    return f"{short_clock(order.until, now, zone)}, in {_left(order.until, now)}"


def _span(order: Order, now: float) -> str:
    """`to 21:00 (1h58m left)`, `until it is resumed`."""
    if order.until is None:
        return "until it is resumed"
    return f"to {short_clock(order.until, now, None)} ({_left(order.until, now)} left)"


def _left(until: float, now: float) -> str:
    """To the nearest second: what was ordered for 2 h lasts 2 h, not 1h59m."""
    return ago(round(until - now))


def order_pipe_header() -> str:
    """The line above the list in a pipe."""
    return "#" + "\t".join(COLUMNS)


def order_pipe_line(order: Order) -> str:
    """One order in a pipe: uncut, times in RFC 3339."""
    until = rfc3339(order.until) or "-"
    texts = (visible(order.who) or "-", visible(order.why) or "-")
    return "\t".join((visible(order.host), until, str(order.waiting), *texts))


def suspended_lines(reply: Suspended, now: float) -> list[str]:
    """What `suspend HOST` says."""
    order = reply.order
    words = f"suspended {visible(order.host)} {_span(order, now)}"
    if order.waiting:
        words += f": {plural(order.waiting, 'message waits', 'messages wait')}"
    else:
        words += ": no mail waits for it now"
    lines = [words]
    if reply.released:
        lines.append(f"  {plural(reply.released, 'attempt')} under way let go")
    if reply.busy:
        what = plural(reply.busy, "attempt was", "attempts were")
        lines.append(f"  {what} past the final dot: the answer still counts")
    return [*lines, f"  end it: spooltool resume {shlex.quote(visible(order.host))}"]


def resumed_lines(reply: Resumed, still: Sequence[tuple[str, str]]) -> list[str]:
    """What `resume` says; `still` are (host, pattern that covers it)."""
    lines = []
    if reply.hosts:
        names = ", ".join(map(visible, reply.hosts))
        number = plural(reply.waiting, "message is", "messages are")
        what = f"{number} tried again" if reply.waiting else "no mail waited for it"
        lines.append(f"resumed {names}: {what}")
    if reply.past_term:
        verb = "is" if reply.past_term == 1 else "are"
        lines.append(
            f"  {reply.past_term:,} of them {verb} past the abandon time: "
            "given up when the next attempt fails"
        )
    lines += [f"  {visible(h)} stays suspended by {visible(by)}" for h, by in still]
    return lines


def orders_line(orders: Sequence[Order], now: float, width: int) -> str:
    """The one line above a list of messages; "" when no host is suspended."""
    if not orders:
        return ""
    parts = []
    for order in orders[:_NAMED]:
        until = "" if order.until is None else f" to {short_clock(order.until, now, None)}"
        parts.append(f"{cut(visible(order.host), _HOST_WIDTH)}{until} ({order.waiting:,} wait)")
    if len(orders) > _NAMED:
        parts.append(f"{len(orders) - _NAMED} more")
    return cut(f"suspended: {', '.join(parts)}", width)


def order_words(order: Order, now: float) -> str:
    """One order in a sentence: `*.example.de to 21:00 (1h58m left), by jo: migration`."""
    words = f"{visible(order.host)} {_span(order, now)}"
    if order.who:
        words += f", by {visible(order.who)}"
    return f"{words}: {visible(order.why)}" if order.why else words


def order_brief(order: Order, now: float) -> str:
    """The same for a narrow place: `*.example.de suspended to 21:00, jo: migration`."""
    until = "until resumed" if order.until is None else f"to {short_clock(order.until, now, None)}"
    words = f"{visible(order.host)} suspended {until}"
    if order.who:
        words += f", {visible(order.who)}"
    return f"{words}: {visible(order.why)}" if order.why else words


def order_record(order: Order, reply: Suspended | None = None) -> dict[str, Any]:
    """One order of `suspend --json`; docs/schema/suspend.json."""
    clean = Cleaner()
    return {
        "v": VERSION,
        "host": clean.text("host", order.host),
        "since": rfc3339(order.since),
        "until": rfc3339(order.until),
        "who": clean.text("who", order.who or None),
        "why": clean.text("why", order.why or None),
        "waiting": order.waiting,
        "released": reply.released if reply else None,
        "busy": reply.busy if reply else None,
        "raw": clean.raw or None,
    }


def resumed_record(reply: Resumed, still: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """`resume --json`; docs/schema/resume.json."""
    return {
        "v": VERSION,
        "resumed": list(reply.hosts),
        "absent": list(reply.absent),
        "waiting": reply.waiting,
        "past_term": reply.past_term,
        "still": [{"host": host, "by": by} for host, by in still],
    }
