"""From an order to its plan: every verb that plans, by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spooltool.change.accept import accepting
from spooltool.change.bounce import bouncing
from spooltool.change.choosing import check_set
from spooltool.change.delete import deleting, prepare_purge
from spooltool.change.hold import holding
from spooltool.change.kept_plan import prepare_kept, read_plan
from spooltool.change.move import moving, read_folder
from spooltool.change.order import Order
from spooltool.change.release import releasing
from spooltool.change.requeue import requeueing
from spooltool.change.retarget import retargeting
from spooltool.change.set_keys import setting
from spooltool.change.spans import read_span
from spooltool.change.undo import prepare_undo
from spooltool.change.wish import Wish
from spooltool.change.work import WAIT, Work, prepare
from spooltool.errors import UsageError
from spooltool.look.sight import Sight
from spooltool.render.text import visible
from spooltool.spool.assignments import read_asked
from spooltool.store.journal import Actor


@dataclass(frozen=True, slots=True)
class _Made:
    """What an order makes its work of."""

    sight: Sight
    order: Order
    me: Actor

    @property
    def kick(self) -> bool:
        return self.order.flag("kick")


def prepare_order(sight: Sight, order: Order, me: Actor) -> Work:
    """The plan of an order, its live look not taken yet; nothing is written.

    Raises UsageError, QueryError, NoSpool, and whatever else its verb does.
    """
    made = _Made(sight, order, me)
    whole = _WHOLE.get(order.verb)
    if whole is not None:
        return whole(made)
    if order.verb not in _WISHES:
        raise UsageError(f"{visible(order.verb)}: no verb that makes plans")
    words, wish = _WISHES[order.verb](made)
    check_set(words, everything=order.everything)
    return prepare(sight, words, wish, me, wait=wait_of(order))


def wait_of(order: Order) -> float:
    """Seconds that an order waits for busy messages.  Raises UsageError."""
    text = order.text("wait")
    return read_span("--wait", text) if text else WAIT


_Chosen = tuple[Sequence[str], Wish]
"""Query words, and what is wished for the messages that they mean."""


def _retarget(made: _Made) -> _Chosen:
    order = made.order
    depth = "" if order.flag("no-probe") else order.text("probe") or "ehlo"
    to, notices = order.text("to"), order.text("err-server")
    wish = retargeting(made.sight, to, notices, depth=depth, kick=made.kick)
    return order.words, wish


def _set(made: _Made) -> _Chosen:
    order = made.order
    asked = read_asked(
        order.words,
        order.text("from") or None,
        order.many("rcpt"),
        order.text("resource") or None,
    )
    return asked.query, setting(asked, kick=made.kick)


def _accept(made: _Made) -> _Chosen:
    return made.order.words, accepting(made.sight, kick=made.kick)


def _hold(made: _Made) -> _Chosen:
    return made.order.words, holding()


def _release(made: _Made) -> _Chosen:
    waive = made.order.text("pass")
    return made.order.words, releasing(made.sight, waive, kick=made.kick, me=made.me)


def _requeue(made: _Made) -> _Chosen:
    return made.order.words, requeueing(made.sight, kick=made.kick)


def _bounce(made: _Made) -> _Chosen:
    reason = made.order.text("reason")
    return made.order.words, bouncing(made.sight, reason, kick=made.kick)


def _delete(made: _Made) -> _Chosen:
    return made.order.words, deleting(purge=made.order.flag("purge"))


def _move(made: _Made) -> _Chosen:
    query, folder = read_folder(made.order.words)
    reason = made.order.text("reason")
    return query, moving(made.sight, folder, reason, kick=made.kick)


def _undo(made: _Made) -> Work:
    txn = made.order.words[0] if made.order.words else None
    wait = wait_of(made.order)
    return prepare_undo(made.sight, txn, made.me, kick=made.kick, wait=wait)


def _purge(made: _Made) -> Work:
    older = made.order.text("older")
    seconds = read_span("--older", older) if older else 0.0
    return prepare_purge(made.sight, made.me, seconds, f"--older {older}" if older else "")


def _apply(made: _Made) -> Work:
    if len(made.order.words) != 1:
        raise UsageError("which plan? apply takes a file that --plan wrote")
    return prepare_kept(made.sight, read_plan(made.order.words[0]), made.me, kick=made.kick)


_WISHES: dict[str, Callable[[_Made], _Chosen]] = {
    "retarget": _retarget,
    "set": _set,
    "accept": _accept,
    "hold": _hold,
    "release": _release,
    "requeue": _requeue,
    "bounce": _bounce,
    "delete": _delete,
    "move": _move,
}

_WHOLE: dict[str, Callable[[_Made], Work]] = {"undo": _undo, "purge": _purge, "apply": _apply}
