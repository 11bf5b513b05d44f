"""Taking a transaction back, key by key."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from spooltool.change.caution import undo_holds
from spooltool.change.left import how_they_left
from spooltool.change.wish import Wish, nothing
from spooltool.change.work import WAIT, Work
from spooltool.diagnose.planning import Chosen, crowded_numbers, make_plan
from spooltool.diagnose.row import Row
from spooltool.errors import UsageError
from spooltool.look.selection import RowMaker
from spooltool.look.sight import Sight
from spooltool.render.units import ago
from spooltool.spool import verbs
from spooltool.spool.names import TRASH, in_trash
from spooltool.spool.places import touches_trash
from spooltool.spool.plan import Apart, Change, Plan
from spooltool.spool.readdress import taken_back
from spooltool.store.journal import Actor, Transaction, find_transaction, read_journal


def prepare_undo(
    sight: Sight, txn: str | None, me: Actor, *, kick: bool = False, wait: float = WAIT
) -> Work:
    """The plan that takes a transaction back.  Raises UsageError when there is none."""
    transaction = wanted_transaction(sight, txn, me)
    plan = plan_undo(sight, transaction, wait=wait)
    wish = Wish("undo", nothing, undo_holds("undo"), kick=kick)
    return Work(sight, plan, wish, me, undoes=transaction.txn)


def wanted_transaction(sight: Sight, txn: str | None, me: Actor) -> Transaction:
    """The transaction named; without a name the last one of this person on this spool.

    Raises UsageError where there is none.
    """
    if txn is not None:
        return find_transaction(sight.spool, txn)
    everything = read_journal(sight.spool)
    mine = [one for one in everything if one.actor.user == me.user]
    if mine:
        return mine[-1]
    if everything:
        last = everything[-1]
        raise UsageError(
            f"no transaction of {me.user} on {sight.place}",
            hint=f"the last one is {last.txn} of {last.actor.user}: spooltool undo {last.txn}",
        )
    raise UsageError(f"no transaction yet on {sight.place}")


def plan_undo(sight: Sight, transaction: Transaction, *, wait: float) -> Plan:
    """The plan that takes a transaction back: what it changed, or may have changed.

    A change whose result a crash kept from the journal is looked at like any other: by its
    values.
    """
    told = {outcome.id: outcome.result for outcome in transaction.outcomes}
    changes = [c for c in transaction.changes if told.get(c.id, "done") == "done"]
    by_file: dict[str, Change] = {}
    rows: list[Row] = []
    gone: list[Apart] = []
    row_of = RowMaker(sight)
    spool = sight.spool
    there = []
    for change in changes:
        if change.remove:
            freed = "freed for good: nothing brings it back"
            gone.append(Apart("gone", change.id, change.file, freed))
            continue
        names = spool.find(change.id)
        if touches_trash(change):
            names += spool.find(change.id, (TRASH,))
        if change.by_path and len(names) > 1:
            places = (change.to or change.file, change.file)
            names = [name for name in names if name.file in places][:1] or names
        else:
            there += [(name.number, name.file) for name in names]
        row = row_of.named(names[0]) if names else None
        if row is None:
            where = "trash" if in_trash(change.to) else "queue"
            gone.append(Apart("gone", change.id, change.file, f"left the {where} since"))
        else:
            rows.append(row)
            by_file[row.file] = change
    words = how_they_left(sight, {one.id for one in gone}, transaction.at)
    gone = [
        replace(one, reason=f"{one.reason}: {words[one.id]}") if one.id in words else one
        for one in gone
    ]
    since = {number: began for number, (_, began) in sight.relay.delivering.items()}
    by_path = frozenset(file for file, change in by_file.items() if change.by_path)
    chosen = Chosen(tuple(rows), (), crowded_numbers(there), by_path, since)
    plan = make_plan(
        "undo",
        chosen,
        lambda seen: verbs.undo(seen, by_file[seen.name.file]),
        spool=sight.place,
        found_by=sight.found,
        query=transaction.txn,
        made=time.time(),
        wait=wait,
        arguments={"txn": transaction.txn},
    )
    return replace(
        plan,
        apart=(*plan.apart, *gone),
        notes=(
            _about(transaction, plan.made),
            *_left_out(transaction),
            *_partly(plan, rows, by_file),
        ),
    )


def _about(transaction: Transaction, now: float) -> str:
    """`takes back 7c: retarget by root at pts/3, 20 s ago: INC-7`."""
    actor = transaction.actor
    where = f" at {actor.tty}" if actor.tty else ""
    why = f": {transaction.reason}" if transaction.reason else ""
    when = ago(now - transaction.at)
    text = f"takes back {transaction.txn}: {transaction.verb} by {actor.user}{where}, {when} ago"
    return text + why


def _partly(plan: Plan, rows: Iterable[Row], by_file: Mapping[str, Change]) -> list[str]:
    """Recipients that are not taken back in a message of which the rest is."""
    returned = {change.file for change in plan.changes}
    notes = []
    for row in rows:
        envelope = row.envelope
        if row.file in returned and envelope is not None:
            _, kept = taken_back(envelope, by_file[row.file].recipients)
            notes += [f"{row.letter}{row.id}: {why}" for why in kept]
    return notes


def _left_out(transaction: Transaction) -> list[str]:
    counts = Counter(outcome.result for outcome in transaction.outcomes)
    others = [f"{n:,} {word}" for word, n in counts.items() if word != "done"]
    return [f"not changed by it, so not taken back: {', '.join(others)}"] if others else []
