"""Stuck mail by a key against age, by reason, and what the relay says of each host."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import cast

from spooltool.control import blocking
from spooltool.diagnose.grouping import KEY, Groups
from spooltool.diagnose.relay import Destination, RelayView
from spooltool.diagnose.row import Row
from spooltool.query import Query
from spooltool.query.tree import Node
from spooltool.render.units import short_clock
from spooltool.spool.hosts import HostPort, parse_host
from spooltool.workers.queue import Group, ReasonRow
from spooltool.workers.reading.kept import Departed, Kept
from spooltool.workers.reading.stock import IN_TRASH, Stock
from spooltool.workers.table import REASON_WORDS, STANDING_WORDS

MOST = 500
"""So many groups are told; those with most messages."""

_AT_ONCE = 200
_PORT = 25
_STUCK = STANDING_WORDS.index("stuck")
_CODE = re.compile(r"(?:put off|rejected)[^:]*: ([45][0-9][0-9])\b")
_NOWHERE = frozenset(("", "-", "?", "mx"))


_OF_A_HOST = frozenset(("refused", "timeout", "unresolved", "tls", "overdue", "notice"))
"""Reasons that a host which is down explains."""


class Grouping:
    """One pass over the stuck mail.  `groups` and `reasons` are made when it is through."""

    def __init__(self, stock: Stock, kept: Kept, key: str) -> None:
        self._stock = stock
        self._kept = kept
        self.key = key
        self._groups = Groups([KEY[key]])
        self._kinds: dict[tuple[int, int], list[int]] = {}
        """By destination and reason: how many, and what one of them says; all but the number
        are indices of strings."""

    def steps(self) -> Iterator[None]:
        """Count, in slices."""
        stock, draft = self._stock, self._stock.draft
        for slot in range(len(stock)):
            if not slot % _AT_ONCE:
                yield
            if draft.standing[slot] != _STUCK or not stock.here[slot]:
                continue
            if draft.place[slot] in IN_TRASH:
                continue
            kind = draft.dst[slot], draft.reason[slot]
            self._kinds.setdefault(kind, [0, draft.why[slot]])[0] += 1
            try:
                self._groups.add(cast("Row", self._kept.at(slot)))
            except Departed:
                continue  # it has left since: it is no stuck mail

    def reasons(self, relay: RelayView, now: float) -> tuple[ReasonRow, ...]:
        """Stuck mail by reason, most first, with the destination that most of it has."""
        down = _down_since(relay)
        totals: dict[int, int] = {}
        for (_, reason), (number, _) in self._kinds.items():
            totals[reason] = totals.get(reason, 0) + number
        ordered = sorted(totals.items(), key=lambda one: (-one[1], REASON_WORDS[one[0]]))
        return tuple(
            ReasonRow(word, number, self._about(reason, down, now), f"reason:{word}")
            for reason, number in ordered
            if (word := REASON_WORDS[reason])
        )

    def hosts(self) -> dict[str, int]:
        """How much stuck mail each destination has, those with the most; whatever the key is."""
        totals: dict[str, int] = {}
        for (dst, _), (number, _) in self._kinds.items():
            where = self._stock.strings.texts[dst]
            if where not in _NOWHERE:
                totals[where] = totals.get(where, 0) + number
        return dict(sorted(totals.items(), key=lambda one: -one[1])[:MOST])

    def _about(self, reason: int, down: Mapping[str, float], now: float) -> str:
        """`mx1.example.net 451`, `10.1.5.2 since 14:21`."""
        kinds = [(n, -dst, why) for (dst, one), (n, why) in self._kinds.items() if one == reason]
        _, dst, why = max(kinds)
        texts = self._stock.strings.texts
        where = texts[-dst]
        if where in _NOWHERE:
            return ""
        code = _CODE.match(texts[why])
        if code:
            return f"{where} {code[1]}"
        if REASON_WORDS[reason] in _OF_A_HOST and where in down:
            return f"{where} since {short_clock(down[where], now)}"
        return where

    def groups(self, relay: RelayView) -> tuple[Group, ...]:
        """Stuck mail by the key, most first; then what the relay knows beside it."""
        counted = [
            Group(
                values[0] or "",
                _text(self._groups.query(values)),
                tuple(cells.messages),
                sum(cells.bytes),
            )
            for values, cells in self._groups.groups()[:MOST]
        ]
        return tuple(counted) if self.key != "dst" else self._with_states(counted, relay)

    def _with_states(self, counted: list[Group], relay: RelayView) -> tuple[Group, ...]:
        states = _States(relay, self._signs())
        labels = {group.label for group in counted}
        none = (0,) * len(self._groups.total.messages)
        known = [Group(label, "", none, 0) for label in states.labels() if label not in labels]
        found = [*counted, *known][:MOST]
        ports = {host.host for one in found if (host := parse_host(one.label)) and host.port}
        return tuple(
            replace(one, query=_dst(one.label, ports), state=states.of(one.label)) for one in found
        )

    def _signs(self) -> dict[str, str]:
        """What the stuck mail itself tells of a host: a reply code, or `late`."""
        signs: dict[str, tuple[int, str]] = {}
        strings = self._stock.strings
        for (dst, reason), (number, why) in self._kinds.items():
            code = _CODE.match(strings.texts[why])
            word = code[1] if code else "late" if REASON_WORDS[reason] == "overdue" else ""
            if word:
                for value in KEY["dst"].values(cast("Row", strings.routes[dst])):
                    label = value or ""
                    rank = number if code else 0
                    if rank >= signs.get(label, (0, ""))[0]:
                        signs[label] = rank, word
        return {label: word for label, (_, word) in signs.items()}


class _States:
    """The word for each host: of an order, of the relay's destinations, of the mail."""

    def __init__(self, relay: RelayView, signs: dict[str, str]) -> None:
        self._signs = signs
        self._orders = relay.orders
        self._known: dict[str, Destination] = {}
        for one in relay.destinations:
            for host in one.hosts or (HostPort(one.name),):
                self._known.setdefault(_label(host), one)

    def labels(self) -> list[str]:
        """Hosts that the relay knows, and those that a person suspended."""
        return list(dict.fromkeys([*self._known, *(order.host for order in self._orders)]))

    def of(self, label: str) -> str:
        """`susp`, `down`, a reply code, `late`, `ok`, or "" where nothing is known."""
        host = parse_host(label)
        port = host.port or _PORT if host else _PORT
        if any(order.host == label for order in self._orders):
            return "susp"
        if host is not None and blocking(self._orders, [HostPort(host.host, port)]):
            return "susp"
        known = self._known.get(label)
        if known is not None and known.down:
            return "down"
        return self._signs.get(label) or ("ok" if known is not None else "")


def _down_since(relay: RelayView) -> dict[str, float]:
    """Since when the hosts that are down are so, as the relay knows it; unix seconds."""
    return {
        _label(host): one.since
        for one in relay.destinations
        if one.down and one.since
        for host in one.hosts or (HostPort(one.name),)
    }


def _label(host: HostPort) -> str:
    return str(HostPort(host.host, None if host.port == _PORT else host.port))


def _dst(label: str, ports: Collection[str]) -> str:
    """The query of a host; without its port, unless mail goes to several ports of it."""
    if label in ports or ":" in label:
        node = KEY["dst"].node(label)
        return _text(None if node is None else [node])
    return f"dst:{label}" if parse_host(label) or "*" in label else ""


def _text(nodes: list[Node] | None) -> str:
    return "" if nodes is None else " ".join(Query(node).unparse() for node in nodes)
