"""Making a plan: a verb over a frozen set of messages, one change or exception each.

The command line and the screen plan here, so that they cannot differ.  What is looked at
is a set of rows; nothing is read or written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from spooltool.diagnose.row import Row
from spooltool.spool.plan import Apart, Change, Plan
from spooltool.spool.states import spoken_age
from spooltool.spool.verbs import Seen

Decide = Callable[[Seen], Change | Apart | None]
"""What a verb does to one message: a function of `spooltool.spool.verbs` with its arguments."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The frozen set that a verb is asked to change.

    `rows` match the query, `unjudged` could not be judged by it.  `crowded` maps a number
    that more than one file carries to these files; `by_path` are files that a person named
    by path.  `since` maps a number to the unix second its attempt under way began.
    """

    rows: tuple[Row, ...]
    unjudged: tuple[Row, ...] = ()
    crowded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_path: frozenset[str] = frozenset()
    since: Mapping[str, float] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """The numbers of the set."""
        return frozenset(row.id for row in self.rows)


def make_plan(
    verb: str,
    chosen: Chosen,
    decide: Decide,
    *,
    spool: str,
    found_by: str,
    query: str,
    made: float,
    wait: float = 30.0,
    arguments: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of a verb.  `made` is unix seconds, `wait` how long busy messages are asked for.

    A message that somebody works on is among the changes and, as *wait*, apart.  Two files
    of one number are named and left alone, but for one that was chosen by its path.
    """
    changes: list[Change] = []
    apart: list[Apart] = []
    unchanged: list[str] = []
    twice = {number for number, times in Counter(r.id for r in chosen.rows).items() if times > 1}
    for row in chosen.rows:
        result = _decided(row, chosen, decide, doubled=row.id in twice)
        if result is None:
            unchanged.append(row.file)
        elif isinstance(result, Apart):
            apart.append(result)
        else:
            changes.append(result)
            if row.around.holder:
                apart.append(_waiting(row, chosen, wait))
    apart += [_unjudged(row) for row in chosen.unjudged]
    return Plan(
        verb,
        spool,
        found_by,
        query,
        made,
        tuple(changes),
        tuple(apart),
        tuple(unchanged),
        (),
        dict(arguments or {}),
    )


def with_notes(plan: Plan, notes: Iterable[str]) -> Plan:
    """The same plan with more notes."""
    return replace(plan, notes=(*plan.notes, *notes))


def crowded_numbers(names: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Numbers that more than one file carries, from (number, file) pairs."""
    files: dict[str, list[str]] = {}
    for number, file in names:
        files.setdefault(number, []).append(file)
    return {number: tuple(there) for number, there in files.items() if len(there) > 1}


def _decided(row: Row, chosen: Chosen, decide: Decide, *, doubled: bool) -> Change | Apart | None:
    by_path = row.file in chosen.by_path and not doubled
    if row.id in chosen.crowded and not by_path:
        there = " and ".join(chosen.crowded[row.id])
        return Apart("skip", row.id, row.file, f"{there} carry this number: choose one by path")
    seen = row.seen
    if seen is None:
        return Apart("skip", row.id, row.file, f"{_error(row)}: it cannot be changed")
    result = decide(seen)
    if isinstance(result, Change) and by_path:
        return replace(result, by_path=True)
    return result


def _waiting(row: Row, chosen: Chosen, wait: float) -> Apart:
    began = chosen.since.get(row.id)
    age = f" for {spoken_age(row.around.now - began)}" if began else ""
    asked = f"asked to let go, then up to {wait:.0f} s" if wait else "not waited for (--wait 0)"
    doing = "delivered" if row.around.holder.startswith("mdq ") else "worked on"
    return Apart("wait", row.id, row.file, f"being {doing} by {row.around.holder}{age}: {asked}")


def _unjudged(row: Row) -> Apart:
    reason = f"{_error(row)}: the query cannot tell whether it belongs here"
    return Apart("unjudged", row.id, row.file, reason)


def _error(row: Row) -> str:
    return row.error[:1].lower() + row.error[1:] if row.error else "not readable"
