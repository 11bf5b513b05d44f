"""A tree to one closure.

Judgement has three values: True, False and None (unjudged).  As in Kleene's logic one
False settles an and, one True an or, whatever could not be read beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import assert_never

from spooltool.query.grammar import CHOICES, KEYWORD
from spooltool.query.patterns import Pattern, Range, in_bytes, in_text, whole
from spooltool.query.row import Row
from spooltool.query.tree import (
    And,
    Choice,
    Header,
    Hosts,
    Ids,
    Match,
    Node,
    Not,
    Or,
    Within,
    Word,
    field_of,
    leaves,
)

Predicate = Callable[[Row], bool | None]

_DEFAULT_PORT = 25
_REMEMBERED = 65536


def compile_node(node: Node) -> Predicate:
    """The judgement of a tree as a function of the row."""
    match node:
        case And():
            return _and([compile_node(part) for part in _cheap_first(node.nodes)])
        case Or():
            return _or([compile_node(part) for part in _cheap_first(node.nodes)])
        case Not():
            return _not(compile_node(node.node))
        case Ids():
            return _ids(node)
        case Word():
            keyword = KEYWORD[node.word]
            return _equals(attrgetter(keyword.attribute), {keyword.value})
        case Choice():
            values = CHOICES[node.field]
            return _equals(attrgetter(node.field), {values[value] for value in node.values})
        case Hosts():
            return _hosts(node)
        case Match():
            return _match(node)
        case Within():
            return _within(node.field, node.ranges)
        case Header():
            return _header(node.name, node.patterns)
        case _:
            assert_never(node)


def _cheap_first(nodes: Sequence[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: max(field_of(leaf)[1] for leaf in leaves(node)))


def _and(parts: list[Predicate]) -> Predicate:
    if not parts:
        return lambda row: True
    if len(parts) == 2:
        first, second = parts

        def pair(row: Row) -> bool | None:
            verdict = first(row)
            if verdict:
                return second(row)
            if verdict is None and second(row) is not False:
                return None
            return False

        return pair

    def every(row: Row) -> bool | None:
        verdict: bool | None = True
        for part in parts:
            one = part(row)
            if one is False:
                return False
            if one is None:
                verdict = None
        return verdict

    return every


def _or(parts: list[Predicate]) -> Predicate:
    def some(row: Row) -> bool | None:
        verdict: bool | None = False
        for part in parts:
            one = part(row)
            if one:
                return True
            if one is None:
                verdict = None
        return verdict

    return some


def _not(part: Predicate) -> Predicate:
    def opposite(row: Row) -> bool | None:
        verdict = part(row)
        return None if verdict is None else not verdict

    return opposite


def _ids(node: Ids) -> Predicate:
    numbers = frozenset(n for word in node.words if not word.file for n in word.numbers)
    files = frozenset(word.file for word in node.words if word.file)
    if not files:
        return lambda row: row.id in numbers
    if not numbers:
        return lambda row: row.file in files
    return lambda row: row.id in numbers or row.file in files


def _equals(get: Callable[[Row], str], values: set[str]) -> Predicate:
    if len(values) == 1:
        (value,) = values
        return lambda row: get(row) == value
    return lambda row: get(row) in values


def _hosts(node: Hosts) -> Predicate:
    names = frozenset(
        pattern.exact
        for pattern, port in node.values
        if isinstance(pattern, Pattern) and pattern.exact and port is None
        if ":" not in pattern.exact
    )
    tests = [
        (_network(value) if isinstance(value, str) else _host(value), port)
        for value, port in node.values
        if not (isinstance(value, Pattern) and port is None and value.exact in names)
    ]

    def named(row: Row) -> bool | None:
        if not row.readable:
            return None
        for host, _ in row.dst:  # noqa: SIM110 - a generator costs twice the loop
            if host in names:
                return True
        return False

    def tested(row: Row) -> bool | None:
        if not row.readable:
            return None
        for host, own in row.dst:
            if host in names:
                return True
            for test, port in tests:
                if port is not None and port != (own or row.dport or _DEFAULT_PORT):
                    continue
                if test(host):
                    return True
        return False

    return tested if tests else named


def _host(pattern: Pattern) -> Callable[[str], bool]:
    exact = pattern.exact
    return _network(exact) if exact is not None and ":" in exact else whole(pattern)


def _network(text: str) -> Callable[[str], bool]:
    """A test of whether a host is an address inside a network; it remembers its answers."""
    from ipaddress import ip_address, ip_network  # start-up: few queries name a network

    network = ip_network(text)
    known: dict[str, bool] = {}

    def inside(host: str) -> bool:
        answer = known.get(host)
        if answer is None:
            try:
                answer = ip_address(host) in network
            except ValueError:
                answer = False
            if len(known) >= _REMEMBERED:
                known.clear()
            known[host] = answer
        return answer

    return inside


def _match(node: Match) -> Predicate:
    match node.field:
        case "subject":
            return _header("subject", node.patterns)
        case "text":
            return _text(node.patterns)
        case "from":
            return _sender(_address(node.patterns))
        case "rcpt":
            return _recipient(_address(node.patterns))
        case "domain":
            domains = tuple(Pattern(pattern.parts, domain=True) for pattern in node.patterns)
            return _recipient(_address(domains))
        case _:
            return _named(attrgetter(node.field), _address(node.patterns))


def _address(patterns: Sequence[Pattern]) -> Callable[[str], bool]:
    """A test of lower-case text: any pattern covers it, or its domain."""
    exact = frozenset(p.exact for p in patterns if not p.domain and p.exact is not None)
    domains = frozenset(p.exact for p in patterns if p.domain and p.exact is not None)
    globs = [(whole(p), p.domain) for p in patterns if p.exact is None]

    def covers(address: str) -> bool:
        if address in exact:
            return True
        _, at, domain = address.rpartition("@")
        if at and domain in domains:
            return True
        return any(test(domain if cut else address) for test, cut in globs if at or not cut)

    return covers


def _sender(covers: Callable[[str], bool]) -> Predicate:
    def judge(row: Row) -> bool | None:
        if not row.readable:
            return None
        sender = row.sender
        return sender is not None and covers(sender.lower())

    return judge


def _recipient(covers: Callable[[str], bool]) -> Predicate:
    def judge(row: Row) -> bool | None:
        if not row.readable:
            return None
        for address in row.recipients:  # noqa: SIM110 - a generator costs twice the loop
            if covers(address.lower()):
                return True
        return False

    return judge


def _named(get: Callable[[Row], str | None], covers: Callable[[str], bool]) -> Predicate:
    def judge(row: Row) -> bool | None:
        if not row.readable:
            return None
        value = get(row)
        return value is not None and covers(value.lower())

    return judge


def _within(field: str, ranges: Sequence[Range]) -> Predicate:
    get: Callable[[Row], float | None] = attrgetter(field)
    absent = False if field == "code" else None
    limits = [
        (
            float("-inf") if part.low is None else part.low,
            float("inf") if part.high is None else part.high,
        )
        for part in ranges
    ]

    def judge(row: Row) -> bool | None:
        if not row.readable:
            return None
        value = get(row)
        if value is None:
            return absent
        for low, high in limits:  # noqa: SIM110 - a generator costs twice the loop
            if low <= value <= high:
                return True
        return False

    return judge


def _header(name: str, patterns: Sequence[Pattern]) -> Predicate:
    tests = [in_text(pattern) for pattern in patterns]

    def judge(row: Row) -> bool | None:
        values = row.header(name) if row.readable else None
        if values is None:
            return None
        return any(test(value.lower()) for value in values for test in tests)

    return judge


def _text(patterns: Sequence[Pattern]) -> Predicate:
    tests = [in_bytes(pattern) for pattern in patterns]

    def judge(row: Row) -> bool | None:
        data = row.text() if row.readable else None
        if data is None:
            return None
        lower = data.lower()
        return any(test(lower) for test in tests)

    return judge
