"""Orders: hosts that no attempt is made to, for a time or until that is ended.

An order names hosts by a pattern, as DST writes them: `HOST`, `HOST:PORT`, `*` for any
string (`*.example.de`, also written `.example.de`; `*` alone is every host).  It looks
the same on the control socket and in the relay's own file: one JSON object a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from spooltool.control import wire
from spooltool.spool.hosts import HostPort, parse_host

MAX_WHO = 64
"""Longest name of a person, in characters."""

MAX_WHY = 200
"""Longest reason, in characters."""

MAX_SECONDS = 400 * 86400.0
"""The longest that a host may be suspended for."""

MAX_ORDERS = 100
"""So many orders may be in force at a time."""

EVERYTHING = "*"
"""The pattern that means every host."""

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hosts by name; `port` None means any port."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        return str(HostPort(self.host, self.port))

    def covers(self, host: HostPort) -> bool:
        """Whether a host is one of these; a host without a port is one of any port's."""
        if self.port is not None and host.port is not None and self.port != host.port:
            return False
        if "*" not in self.host:
            return self.host == host.host
        return _shape(self.host).fullmatch(host.host) is not None


@lru_cache(256)
def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


def read_pattern(text: str) -> Pattern | None:
    """Read a pattern; None when it is none."""
    text = text.strip()
    if text.startswith("."):
        text = "*" + text
    if "*" not in text:
        host = parse_host(text)
        return None if host is None else Pattern(host.host, host.port)
    # Any letter may stand for the star: what is left must have a host's form.
    host = parse_host(text.replace("*", "w"))
    if host is None or ":" in host.host:
        return None
    name = re.sub(r"\*+", "*", text.partition(":")[0].lower())
    return None if name == "*." else Pattern(name, host.port)


@dataclass(frozen=True, slots=True)
class Order:
    """No attempts to the hosts of a pattern.  Times are unix seconds.

    `until` None: until it is ended by hand.  `waiting` counts the messages that it keeps
    back, where the relay has told it.
    """

    host: str
    since: float
    until: float | None = None
    who: str = ""
    why: str = ""
    waiting: int = 0

    @property
    def pattern(self) -> Pattern:
        """The hosts that it names."""
        return _known_pattern(self.host)

    def over(self, now: float) -> bool:
        """Whether its time has passed."""
        return self.until is not None and self.until <= now


@lru_cache(256)
def _known_pattern(text: str) -> Pattern:
    pattern = read_pattern(text)
    if pattern is None:
        raise ValueError(f"not a pattern of hosts: {text!r}")
    return pattern


def blocking(orders: Iterable[Order], hosts: Sequence[HostPort]) -> Order | None:
    """The order that keeps mail for these hosts back; None while one of them may be tried.

    Where several do, the one whose end opens the first host again.
    """
    first: Order | None = None
    known = list(orders)
    for host in hosts:
        over = [order for order in known if order.pattern.covers(host)]
        if not over:
            return None
        last = max(over, key=_end)
        if first is None or _end(last) < _end(first):
            first = last
    return first


def _end(order: Order) -> float:
    return NEVER if order.until is None else order.until


def order_object(order: Order) -> dict[str, object]:
    """The keys of an order, for the wire and for the file."""
    return {
        "host": order.host,
        "since": order.since,
        "until": order.until,
        "who": order.who[:MAX_WHO],
        "why": order.why[:MAX_WHY],
        "waiting": order.waiting,
    }


def read_order(content: wire.Object) -> Order:
    """An order from its keys.  Raises Malformed."""
    return Order(
        host=pattern_text(content, "host"),
        since=wire.moment(content, "since"),
        until=wire.seconds(content, "until"),
        who=short_text(content, "who", MAX_WHO),
        why=short_text(content, "why", MAX_WHY),
        waiting=wire.count(content, "waiting", 0),
    )


def pattern_text(content: wire.Object, key: str) -> str:
    """A pattern in its usual spelling.  Raises Malformed."""
    return usual_spelling(wire.text(content, key), key)


def usual_spelling(text: str, key: str) -> str:
    """A pattern as it is told back and compared.  Raises Malformed."""
    pattern = read_pattern(text) if text.isprintable() else None
    if pattern is None:
        raise wire.Malformed(f"`{key}` must be HOST, HOST:PORT or *.DOMAIN")
    return str(pattern)


def short_text(content: wire.Object, key: str, most: int) -> str:
    """A text of at most `most` characters, "" when there is none.  Raises Malformed."""
    value = wire.text(content, key, "")
    if len(value) > most:
        raise wire.Malformed(f"`{key}` must be a text of at most {most} characters")
    return value


def encode_orders(orders: Iterable[Order]) -> bytes:
    """The relay's file: one line an order."""
    return b"".join(wire.encode(order_object(order)) for order in orders)


def decode_orders(data: bytes) -> tuple[tuple[Order, ...], tuple[str, ...]]:
    """The orders of such a file, and what is wrong with the lines that hold none."""
    orders: dict[str, Order] = {}
    wrong = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            order = read_order(wire.decode(line))
        except wire.Malformed as error:
            wrong.append(f"line {number}: {error}")
        else:
            orders[order.host] = order
    kept = tuple(orders.values())[:MAX_ORDERS]
    if len(kept) < len(orders):
        wrong.append(f"{len(orders)} orders: {MAX_ORDERS} may be in force")
    return kept, tuple(wrong)
