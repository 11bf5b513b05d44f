"""A query as the commands hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from spooltool.query.grammar import Need
from spooltool.query.ids import Id
from spooltool.query.match import compile_node
from spooltool.query.row import Row
from spooltool.query.tree import EVERYTHING, And, Ids, Node, both, field_of, leaves, tokens
from spooltool.spool.names import SpoolName


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; equal when the expression is.

    `matches(row)` is True, False, or None: *unjudged*, because a field of the row that
    would decide could not be read.  `fields` names what is looked at, `needs` how much of
    a message must be read for that.
    """

    node: Node = EVERYTHING
    matches: Callable[[Row], bool | None] = field(init=False, repr=False, compare=False)
    fields: frozenset[str] = field(init=False, repr=False, compare=False)
    needs: Need = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        looks = [field_of(leaf) for leaf in leaves(self.node)]
        object.__setattr__(self, "matches", compile_node(self.node))
        object.__setattr__(self, "fields", frozenset(name for name, _ in looks))
        object.__setattr__(self, "needs", max((need for _, need in looks), default=Need.NAME))

    @property
    def is_everything(self) -> bool:
        """Whether it leaves nothing out, because nothing was typed."""
        return self.node == EVERYTHING

    @property
    def only_ids(self) -> bool:
        """Whether it is a list of ids and nothing else."""
        return isinstance(self.node, Ids)

    @property
    def ids(self) -> tuple[Id, ...]:
        """The ids that it is narrowed to, in the order typed; empty also without any."""
        gathered = self._gathered()
        return gathered.words if gathered else ()

    @property
    def paths(self) -> tuple[Id, ...]:
        """Those of `ids` that were written as paths."""
        return tuple(word for word in self.ids if word.file)

    def unparse(self) -> str:
        """The canonical text: `parse_text` reads it as an equal query."""
        return " ".join(self.arguments())

    def arguments(self) -> tuple[str, ...]:
        """The canonical text as shell arguments, unquoted: `parse` reads them as an equal query."""
        return tuple(tokens(self.node)) if self.node != EVERYTHING else ()

    def bind(self, names: Iterable[SpoolName]) -> Bound:
        """Find what the ids mean among the files that exist.

        An id takes the file of its number, whatever its letter and directory; a path takes
        the file that is there, else where its number has gone.  A query without ids is
        bound to itself.
        """
        gathered = self._gathered()
        if gathered is None:
            return Bound(self)
        files: dict[str, list[str]] = {n: [] for word in gathered.words for n in word.numbers}
        for name in names:
            if name.number in files:
                files[name.number].append(name.file)
        missing, doubled, found = [], [], {}
        for word in gathered.words:
            there = [file for number in word.numbers for file in files[number]]
            if word.file in there:
                there = [word.file]
            if len(there) > 1:
                doubled.append((word.word, tuple(there)))
            elif there:
                found[word.word] = there[0]
            else:
                missing.append(word.word)
        exact = Ids(tuple(_exact(file) for file in dict.fromkeys(found.values())))
        rest = self.node.nodes[1:] if isinstance(self.node, And) else ()
        return Bound(Query(both((exact, *rest))), found, tuple(missing), tuple(doubled))

    def _gathered(self) -> Ids | None:
        first = self.node.nodes[0] if isinstance(self.node, And) and self.node.nodes else self.node
        return first if isinstance(first, Ids) else None


@dataclass(frozen=True, slots=True)
class Bound:
    """A query whose ids are files: `query` takes those of `found` (word to file) alone.

    `missing` are words that no file answers to, `doubled` words that several do, with
    these files: neither of them is touched until one is chosen by path.
    """

    query: Query
    found: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    doubled: tuple[tuple[str, tuple[str, ...]], ...] = ()


def _exact(file: str) -> Id:
    number = file.rpartition("/")[2][1:]
    return Id(file if "/" in file else f"./{file}", (number,), file)
