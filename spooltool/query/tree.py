"""The expression as a value.  Two texts that mean the same by their form give equal trees.

The parser builds trees only by `both`, `either` and `negation`, which flatten and gather,
so that the canonical text of a tree parses to that tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from spooltool.query.grammar import FIELD, KEYWORD, NOTHING, Need
from spooltool.query.ids import Id
from spooltool.query.patterns import Pattern, Range


@dataclass(frozen=True, slots=True)
class Ids:
    """Any of these messages; empty is none at all."""

    words: tuple[Id, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword of `grammar.KEYWORDS`."""

    word: str


@dataclass(frozen=True, slots=True)
class Hosts:
    """`dst:`: any of these, each a pattern or a network, with a port or None."""

    values: tuple[tuple[Pattern | str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A text field that equals any of these patterns (for subject and text: contains)."""

    field: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A field with a closed list of values: any of these, as typed in short."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """An ordered field inside any of these ranges."""

    field: str
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """A header field (name in lower case) that contains any of these patterns."""

    name: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of these; none at all is everything."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    nodes: tuple[Node, ...]


Node: TypeAlias = Ids | Word | Hosts | Match | Choice | Within | Header | Not | And | Or

EVERYTHING = And(())
"""The query that leaves nothing out."""


def both(nodes: Iterable[Node]) -> Node:
    """The conjunction: flat, with the ids among its members gathered, for they mean either."""
    words: dict[Id, None] = {}
    gathered = False
    rest: list[Node] = []
    for node in nodes:
        for part in node.nodes if isinstance(node, And) else (node,):
            if isinstance(part, Ids):
                gathered = True
                words.update(dict.fromkeys(part.words))
            else:
                rest.append(part)
    if gathered:
        rest.insert(0, Ids(tuple(words)))
    return rest[0] if len(rest) == 1 else And(tuple(rest))


def either(nodes: Iterable[Node]) -> Node:
    """The disjunction, flat."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Or) else (node,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negation(node: Node) -> Node:
    """The opposite; twice is the thing itself."""
    return node.node if isinstance(node, Not) else Not(node)


def tokens(node: Node) -> list[str]:
    """The canonical text, cut at its blanks outside of quotes: one shell argument each."""
    match node:
        case Ids():
            return [word.word for word in node.words] or [NOTHING]
        case Not():
            return ["not", *_member(node.node, isinstance(node.node, And) or _several(node.node))]
        case And():
            return [token for part in node.nodes for token in _member(part)]
        case Or():
            first, *rest = map(tokens, node.nodes)
            return first + [token for part in rest for token in ("or", *part)]
        case _:
            return [term(node)]


def _several(node: Node) -> bool:
    return isinstance(node, Ids) and len(node.words) > 1


def _member(node: Node, group: bool = False) -> list[str]:
    inner = tokens(node)
    if group or isinstance(node, Or):
        inner[0] = "(" + inner[0]
        inner[-1] += ")"
    return inner


def term(node: Word | Hosts | Match | Choice | Within | Header) -> str:
    """The canonical text of one term."""
    match node:
        case Word():
            return node.word
        case Hosts():
            return "dst:" + ",".join(_host(value, port) for value, port in node.values)
        case Match():
            return f"{node.field}:" + ",".join(map(str, node.patterns))
        case Choice():
            return f"{node.field}:" + ",".join(node.values)
        case Within():
            kind = FIELD[node.field].kind
            return f"{node.field}:" + ",".join(part.text(kind) for part in node.ranges)
        case Header():
            return f"header:{node.name}:" + ",".join(map(str, node.patterns))


def _host(value: Pattern | str, port: int | None) -> str:
    text = str(value)
    if port is None:
        return text
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def leaves(node: Node) -> Iterable[Node]:
    """Every term of a tree."""
    match node:
        case Not():
            yield from leaves(node.node)
        case And() | Or():
            for part in node.nodes:
                yield from leaves(part)
        case _:
            yield node


def field_of(leaf: Node) -> tuple[str, Need]:
    """The name of what a term looks at, and how much must be read for it."""
    match leaf:
        case Ids():
            return "id", Need.NAME
        case Word():
            keyword = KEYWORD[leaf.word]
            return keyword.attribute, keyword.need
        case Hosts():
            return "dst", FIELD["dst"].need
        case Header():
            return "header", FIELD["header"].need
        case Match() | Choice() | Within():
            return leaf.field, FIELD[leaf.field].need
        case _:
            raise ValueError(f"not a term: {leaf!r}")
