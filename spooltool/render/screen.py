"""The spool on one screen: what is in it, what is stuck, the relay, the disk, the last changes."""

from __future__ import annotations

from typing import Any, NamedTuple

from spooltool.diagnose.relay import RelayView
from spooltool.diagnose.tally import Tally
from spooltool.render.orders import order_record, order_words
from spooltool.render.record import VERSION, Cleaner
from spooltool.render.summary import (
    HOST_WORDING,
    WORDING,
    last_touch,
    relay_words,
    standing_words,
)
from spooltool.render.table import table
from spooltool.render.text import cut, visible, wrapped
from spooltool.render.units import age, ago, plural, rfc3339, size

_HOSTS = 8
_SHOWN = ("stuck", "waiting", "fresh", "delivering", "receiving", "held", "quarantined")
_WIDE = 100


class Disk(NamedTuple):
    """The file system of the spool, in bytes; inodes as counts (0: it has none to count)."""

    free: int
    total: int
    inodes_free: int
    inodes: int


class Trash(NamedTuple):
    """What the trash holds; `oldest` is when the oldest came in, unix seconds, 0 for none."""

    messages: int
    bytes: int
    oldest: float


class Screen(NamedTuple):
    """All that `status` shows.  `changes` are lines made by `render.journal`, newest first."""

    place: str
    found_by: str
    now: float
    tally: Tally
    relay: RelayView
    disk: Disk | None
    trash: Trash
    changes: tuple[str, ...]
    unreadable: tuple[str, ...]


def screen_lines(screen: Screen, width: int) -> list[str]:
    """The screen, line by line."""
    tally = screen.tally
    lines = [
        f"{screen.place}  (found by {screen.found_by})",
        *_relay(screen, width),
        "",
        *_messages(screen),
    ]
    if tally.stuck:
        lines += ["", "stuck", *_stuck(tally, width)]
    if screen.relay.destinations:
        lines += _destinations(screen, width)
    if screen.relay.orders:
        lines += ["", "suspended", *_orders(screen, width)]
    if tally.total:
        lines += ["", *_places(screen, width)]
    lines += ["", *_disk(screen)]
    if screen.changes:
        lines += [cut(f"{'changes' if not at else '':<8}{line}", width)
                  for at, line in enumerate(screen.changes)]  # fmt: skip
    return lines


def _relay(screen: Screen, width: int) -> list[str]:
    relay, now = screen.relay, screen.now
    if not relay.up:
        rest = last_touch(now, screen.tally.last_life)
        return [cut(f"{relay_words(relay, now)}{rest}", width)]
    line = f"{relay_words(relay, now)}, mdq {relay.pid} since {age(now - relay.started)}"
    intake = "intake open" if relay.intake else "intake closed"
    facts = f"{relay.conns} of {relay.max_conns} connections, {intake}, "
    facts += f"{relay.delivered_hour:,} delivered in the last hour"
    lines = [f"{line}; {facts}"] if len(line) + len(facts) + 2 <= width else [line, facts]
    if not relay.clock_ok:
        why = visible(relay.clock) or "the clock is doubted"
        lines += wrapped(f"{why}: nothing expires; once it is right: relay clock ok", width)
    return lines


def _messages(screen: Screen) -> list[str]:
    tally = screen.tally
    first = plural(tally.total, "message")
    if tally.total:
        first += f", {size(tally.bytes)}"
        if tally.oldest < float("inf"):
            first += f", oldest {age(screen.now - tally.oldest)}"
    counts = [
        (f"{number:,}", standing_words(word, number))
        for word in _SHOWN
        if (number := tally.standings.get(word, 0))
    ]
    return [first, *table(counts, _WIDE, right=">", indent=2)]


def _stuck(tally: Tally, width: int) -> list[str]:
    found = tally.by_reason_and_host()
    lines = [
        (
            f"{number:,}",
            HOST_WORDING[reason].format(host=cut(visible(host), 60))
            if host and reason in HOST_WORDING
            else WORDING.get(reason, visible(reason)),
        )
        for reason, host, number in found[:_HOSTS]
    ]
    rest = found[_HOSTS:]
    if rest:
        lines.append((f"{sum(number for *_, number in rest):,}", f"in {len(rest)} other ways"))
    return table(lines, width, right=">", indent=2)


def _destinations(screen: Screen, width: int) -> list[str]:
    """Those that are down, as the dequeuer sees them."""
    down = [one for one in screen.relay.destinations if one.down]
    if not down:
        return []
    lines = []
    for one in down[:_HOSTS]:
        since = "" if one.since is None else f"down since {ago(screen.now - one.since)}"
        last = (
            "" if one.last_success is None
            else f"last success {ago(screen.now - one.last_success)} ago"
        )  # fmt: skip
        lines.append((visible(one.name), since, last, visible(one.error)))
    return ["", "down", *table(lines, width, indent=2)]


def _orders(screen: Screen, width: int) -> list[str]:
    """Hosts that a person suspended."""
    orders = screen.relay.orders
    cells = [(f"{order.waiting:,}", order_words(order, screen.now)) for order in orders[:_HOSTS]]
    if len(orders) > _HOSTS:
        cells.append((f"{len(orders) - _HOSTS:,}", "more orders: spooltool suspend"))
    return table(cells, width, right=">", indent=2)


def _places(screen: Screen, width: int) -> list[str]:
    places: dict[str, list[str]] = {}
    for (directory, letter), number in sorted(screen.tally.places.items()):
        places.setdefault(directory or "(flat)", []).append(f"{number:,} {letter}")
    parts = [f"{directory} {' '.join(numbers)}" for directory, numbers in places.items()]
    lines: list[str] = []
    line = "where   "
    for part in parts:
        if len(line) > 8 and len(line) + len(part) + 3 > width:
            lines.append(line.rstrip())
            line = " " * 8
        line += f"{part}   "
    return [*lines, line.rstrip()]


def _disk(screen: Screen) -> list[str]:
    disk, trash = screen.disk, screen.trash
    parts = []
    if disk is not None:
        share = f" ({100 * disk.free // disk.total} %)" if disk.total else ""
        parts.append(f"{size(disk.free)} free of {size(disk.total)}{share}")
        if disk.inodes and disk.inodes_free * 20 < disk.inodes:
            parts.append(f"{disk.inodes_free:,} inodes left")
    if trash.messages:
        parts.append(
            f"trash {size(trash.bytes)} in {plural(trash.messages, 'message')}, "
            f"oldest {age(screen.now - trash.oldest)}"
        )
    else:
        parts.append("trash empty")
    return [f"disk    {'; '.join(parts)}"]


def screen_record(screen: Screen) -> dict[str, Any]:
    """`status --json`; docs/schema/status.json."""
    tally, relay, disk = screen.tally, screen.relay, screen.disk
    clean = Cleaner()
    return {
        "v": VERSION,
        "spool": clean.text("spool", screen.place),
        "found_by": clean.text("found_by", screen.found_by),
        "as_of": rfc3339(screen.now),
        "messages": tally.total,
        "bytes": tally.bytes,
        "oldest": rfc3339(tally.oldest) if tally.oldest < float("inf") else None,
        "last_touched": rfc3339(tally.last_life or None),
        "standings": {word: tally.standings.get(word, 0) for word in _SHOWN},
        "stuck": [
            {"reason": reason, "host": clean.text("stuck", host or None), "messages": number}
            for reason, host, number in tally.by_reason_and_host()
        ],
        "places": [
            {"dir": directory, "letter": letter, "messages": number}
            for (directory, letter), number in sorted(tally.places.items())
        ],
        "relay": {
            "up": relay.up,
            "pid": relay.pid or None,
            "version": clean.text("relay", relay.version or None),
            "started": rfc3339(relay.started or None),
            "scanned": rfc3339(relay.scanned),
            "conns": relay.conns,
            "max_conns": relay.max_conns,
            "intake": relay.intake,
            "delivered_hour": relay.delivered_hour,
            "clock_ok": relay.clock_ok,
            "clock": clean.text("clock", relay.clock or None),
            "orders": [order_record(order) for order in relay.orders],
        },
        "disk": disk._asdict() if disk else None,
        "trash": {
            "messages": screen.trash.messages,
            "bytes": screen.trash.bytes,
            "oldest": rfc3339(screen.trash.oldest or None),
        },
        "unreadable": list(screen.unreadable),
        "raw": clean.raw or None,
    }
