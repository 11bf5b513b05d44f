"""Operators' transactions, as they are shown."""

from __future__ import annotations

from spooltool.render.journal import Ended, Shown
from spooltool.store.journal import Transaction


def shown(one: Transaction) -> Shown:
    """A transaction of the journal as `render` takes it."""
    actor = one.actor
    return Shown(
        one.txn,
        one.at,
        one.verb,
        actor.user,
        actor.tty,
        actor.host,
        actor.command,
        one.query,
        one.reason,
        one.undoes,
        one.changes,
        tuple(Ended(o.id, o.file, o.result, o.detail) for o in one.outcomes),
        one.ended,
    )
