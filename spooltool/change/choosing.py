"""The set that a writing verb works on: selected, frozen, its oddities known.

Before that, who may write: a verb that will change something becomes the spool's owner
here, before anything below the spool is opened.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from spooltool.diagnose.planning import Chosen, crowded_numbers
from spooltool.errors import UsageError
from spooltool.look.selection import Selection, select
from spooltool.look.sight import Sight
from spooltool.query import Id, parse
from spooltool.query.ids import read_id
from spooltool.store.root import Spool, become_owner, check_local

_LATER = (
    "encodings.ascii",
    "encodings.idna",
    "ipaddress",
    "spooltool.cli.following",
    "spooltool.change.left",
    "spooltool.look.ownership",
    "spooltool.live.client",
    "spooltool.live.inflate",
    "spooltool.live.probe",
    "spooltool.live.visiting",
    "spooltool.query.patterns",
    "spooltool.diagnose.headers",
)

ONE_BY_ONE = 10
"""So many ids, typed one by one, need no question."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The frozen set with the selection it came from.  `typed`: a few ids, typed one by one."""

    selection: Selection
    chosen: Chosen
    words: tuple[str, ...]
    typed: bool

    @property
    def text(self) -> str:
        """The query as typed."""
        return " ".join(self.words) or "--all"

    @property
    def piped(self) -> bool:
        """Whether ids came from the standard input."""
        return "-" in self.words

    @property
    def complete(self) -> bool:
        """Whether everything that the query may mean could be read."""
        return not self.selection.unreadable and not self.chosen.unjudged

    @property
    def found_all(self) -> bool:
        """Whether every id named one message."""
        return not self.selection.missing and not self.selection.doubled


def own(sight: Sight, *, force: bool = False) -> None:
    """Be the owner of the spool, on a disk of this machine (`force`: on any).

    Raises NotPermitted, Refused, NoSpool.  What the configuration says is read before.
    """
    path = sight.located.path
    _ = sight.settings
    with Spool.open(path) as spool:
        owner = spool.uid  # no spool: that is to be said before whose it is
    if os.geteuid() == 0 and owner != 0:
        _load_the_rest()
    become_owner(path)
    check_local(path, force=force)


def _load_the_rest() -> None:
    """Import what is needed from here on: the new owner may not be able to read it.

    Root's own installation can lie where nobody else may look.
    """
    for name in _LATER:
        import_module(name)


def check_set(words: Sequence[str], *, everything: bool) -> None:
    """Whether the words can mean a set of messages.  Raises UsageError, QueryError; reads nothing.

    A verb that writes takes everything only where that is said.
    """
    if everything and words:
        raise UsageError("--all means every message: it takes no query beside it")
    if not words and not everything:
        raise UsageError(
            "which messages? A verb that writes takes a query or ids",
            hint="--all means every message of the spool",
        )
    parse(words, () if "-" in words else None)


def choose(
    sight: Sight,
    words: Sequence[str],
    *,
    piped: Sequence[str] | None = None,
    trash: bool = False,
) -> Choice:
    """Freeze what the words mean; none at all mean every message.

    `trash`: ids mean files in the trash, too, where there are none in the spool.
    """
    selection = select(sight, words, piped=piped, trash=trash)
    rows = selection.sorted_rows()
    chosen = Chosen(
        tuple(rows),
        tuple(selection.unjudged),
        _crowded(selection),
        frozenset(id.file for id in _typed_paths(words)),
        {number: since for number, (_, since) in sight.relay.delivering.items()},
    )
    typed = 0 < len(words) <= ONE_BY_ONE and "-" not in words and selection.query.only_ids
    return Choice(selection, chosen, tuple(words), typed)


def _crowded(selection: Selection) -> dict[str, tuple[str, ...]]:
    spool = selection.spool
    if selection.names is None:
        return crowded_numbers((name.number, name.file) for name in selection.all_names())
    numbers = {name.number for name in selection.names}
    there = ((name.number, name.file) for number in numbers for name in spool.find(number))
    return crowded_numbers(there)


def _typed_paths(words: Sequence[str]) -> list[Id]:
    return [known for word in words if (known := read_id(word)) is not None and known.file]
