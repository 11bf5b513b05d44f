"""Operators' transactions, as they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spooltool.render.journal import Ended, Shown
from spooltool.spool.plan import Change
from spooltool.store.journal import Transaction

if TYPE_CHECKING:
    from spooltool.store.journal_tail import Summary


def shown(one: Transaction) -> Shown:
    """A transaction of the journal as `render` takes it."""
    outcomes = tuple(Ended(o.id, o.file, o.result, o.detail) for o in one.outcomes)
    return _shown(one, one.changes, outcomes)


def shown_in_brief(one: Summary) -> Shown:
    """A transaction without its changes.  Of its outcomes it has the words alone.

    Those of one word are one object, so that a million of them are quickly sent.
    """
    outcomes: tuple[Ended, ...] = ()
    for word, number in one.results.items():
        outcomes += (Ended("", "", word, ""),) * number
    return _shown(one, (), outcomes)


def _shown(
    one: Transaction | Summary, changes: tuple[Change, ...], outcomes: tuple[Ended, ...]
) -> Shown:
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
        changes,
        outcomes,
        one.ended,
    )
