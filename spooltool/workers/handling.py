"""The hand without its process: what it is asked becomes plans, changes and answers.

One plan at a time is in hand.  Only live looks run beside it, in threads that touch no
spool; everything else is done in the order of the asks.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from spooltool.change.carrying import Watch
from spooltool.change.choosing import own
from spooltool.change.envelope_text import EnvelopeText, envelope_text
from spooltool.change.errand import ERRANDS, prepare_errand
from spooltool.change.order import Order, command_line, equal_arguments
from spooltool.change.ordered import prepare_order
from spooltool.change.permission import can_change
from spooltool.errors import ExitCode, NoSpool, NotPermitted, QueryError, SpooltoolError, UsageError
from spooltool.live.probe import probe
from spooltool.look.probe_asked import read_probe
from spooltool.look.relay_view import ask_relay
from spooltool.look.sight import Sight
from spooltool.look.transactions import shown
from spooltool.render import journal
from spooltool.render.plan import probe_lines
from spooltool.render.probe import step_lines, verdict_lines, visit_lines
from spooltool.render.text import visible
from spooltool.store.journal import Actor, read_journal
from spooltool.workers import changes as of
from spooltool.workers.in_hand import ErrandInHand, InHand, PlanInHand

RECENT = 20
"""So many transactions are offered for undo."""

_EVERY = 0.1
_GONE = "the spool is not there any more: nothing can be changed"
_DOWN = "the relay is not running now"

Tell = Callable[[of.Told], None]


class Hand:
    """`tell` may be called from other threads; `stopped` is asked between two batches.

    `me` is the person, as known before the process becomes another user.  `listens` says
    whether telling would not wait.
    """

    def __init__(
        self,
        sight: Sight,
        me: Actor,
        tell: Tell,
        *,
        stopped: Callable[[], bool] = lambda: False,
        listens: Callable[[], bool] = lambda: True,
    ) -> None:
        self._sight = sight
        self._me = me
        self._tell = tell
        self._stopped = stopped
        self._listens = listens
        self._serial = 0
        self._held: InHand | None = None
        self._width = 80
        self._up = False
        self._around = ""

    @property
    def holds(self) -> bool:
        """Whether a plan is in hand, so that `look_around` makes sense."""
        return self._held is not None

    def asked(self, ask: of.Ask) -> None:
        """Do what the screen asks, and tell it."""
        try:
            self._answer(ask)
        except SpooltoolError as error:
            self._tell(_refused(_serial(ask), error))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            text = visible(f"{where}{error.strerror or error}")
            self._tell(of.Refused(_serial(ask), (text,), code=ExitCode.IO))

    def _answer(self, ask: of.Ask) -> None:
        match ask:
            case of.Prepare():
                self._prepare(ask.serial, ask.order, ask.width)
            case of.Carry():
                self._carry(ask.serial)
            case of.Stop():
                pass  # it came after the end of what it was to stop
            case of.Drop():
                if ask.serial == self._serial:
                    self.drop()
            case of.Reflow():
                self._width = ask.width
                self._tell(self._of(ask.serial).planned(ask.serial, ask.width))
            case of.ShowDiffs():
                self._tell(self._of(ask.serial).diffs(ask.serial, ask.width))
            case of.ProbeHost():
                self._probe_host(ask)
            case of.Envelope():
                self._tell(of.EnvelopeRead(ask.serial, self._envelope(ask.words)))
            case of.Recent():
                self._tell(self._recent(ask.serial))
            case _:
                assert_never(ask)

    # plans

    def _prepare(self, serial: int, order: Order, width: int) -> None:
        self.drop()
        self._permit()
        if order.verb not in ERRANDS:
            own(self._sight)
        sight = self._sight.again()
        sight.arguments = equal_arguments(sight, order)
        me = replace(self._me, command=command_line(sight.arguments))
        held: InHand
        try:
            if order.verb in ERRANDS:
                held = ErrandInHand(prepare_errand(sight, order, me), order, sight)
            else:
                work = prepare_order(sight, order, me)
                work.check_space()
                held = PlanInHand(work, order)
        except BaseException:
            sight.close()
            raise
        self._serial, self._held, self._width = serial, held, width
        self._up, self._around = sight.relay.up, ""
        self._tell(held.planned(serial, width))
        if held.probe is not None:
            self._beside(self._probe_plan, serial, held, width)

    def _permit(self) -> None:
        path = self._sight.located.path
        if not os.path.isdir(path):
            raise NoSpool(f"{path}: no such directory")
        if why := can_change(self._sight):
            raise NotPermitted(f"nothing can be changed from here: {why}")

    def _of(self, serial: int) -> InHand:
        """The plan in hand.  Raises UsageError when it is another one."""
        if self._held is None or serial != self._serial:
            raise UsageError("this plan is not in hand any more: make it again")
        return self._held

    def drop(self) -> None:
        """Let go of the plan in hand."""
        if self._held is not None:
            self._held.sight.close()
            self._held = None

    def _carry(self, serial: int) -> None:
        held = self._of(serial)
        if self._vanished(held):
            raise NoSpool(_GONE)
        self._permit()
        told_at = 0.0

        def told(ended: int, busy: int) -> None:
            nonlocal told_at
            now = time.monotonic()
            if now - told_at >= _EVERY and self._listens():
                told_at = now
                self._tell(of.Progress(serial, ended, held.count, busy))

        try:
            done = held.carry(serial, self._width, Watch(told, self._stopped))
        finally:
            self.drop()
        self._tell(done)

    # what happens around a plan

    def look_around(self) -> None:
        """Tell when the relay or the spool of the plan in hand comes or goes."""
        held = self._held
        if held is None:
            return
        gone = self._vanished(held)
        down = not gone and self._up and not ask_relay(held.sight.spool).up
        text = _GONE if gone else _DOWN if down else ""
        if text != self._around:
            self._around = text
            self._tell(of.Around(self._serial, text, gone))

    def _vanished(self, held: InHand) -> bool:
        """Whether another directory than the plan's, or none, stands at the spool's path."""
        spool = held.sight.spool
        try:
            return not os.path.samestat(os.stat(spool.path), os.fstat(spool.fd))
        except OSError:
            return True

    # live looks

    def _beside(self, look: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=look, args=arguments, daemon=True).start()

    def _probe_plan(self, serial: int, held: InHand, width: int) -> None:
        def say(line: str) -> None:
            self._tell(of.Probed(serial, tuple(probe_lines([line], width))))

        if held.probe is not None:
            seen = held.probe(say)
            held.learn(seen)
            self._tell(of.Probed(serial, (), over=True, good=not seen.doubtful))

    def _probe_host(self, ask: of.ProbeHost) -> None:
        aim, tls = read_probe(ask.host, ask.tls)

        def say(lines: list[str]) -> None:
            self._tell(of.Probed(ask.serial, tuple(lines)))

        def look() -> None:
            found = probe(
                aim,
                tls=tls,
                every=True,
                deadline=30.0,
                resolved=lambda found: say(step_lines(found.resolved, ask.width)),
                told=lambda visit: say(
                    [visible(visit.address), *visit_lines(visit, time.time(), ask.width)]
                ),
            )
            verdict = tuple(verdict_lines(found, ask.width))
            self._tell(of.Probed(ask.serial, verdict, over=True, good=found.ok))

        self._beside(look)

    # what forms ask

    def _envelope(self, words: tuple[str, ...]) -> EnvelopeText:
        sight = self._sight.again()
        try:
            return envelope_text(sight, words)
        finally:
            sight.close()

    def _recent(self, serial: int) -> of.Recents:
        sight = self._sight.again()
        try:
            found = read_journal(sight.spool)[::-1]
        finally:
            sight.close()
        mine = next((one.txn for one in found if one.actor.user == self._me.user), "")
        now = time.time()
        lines = tuple((one.txn, journal.short_line(shown(one), now)) for one in found[:RECENT])
        return of.Recents(serial, lines, mine)


def _serial(ask: of.Ask) -> int:
    return 0 if isinstance(ask, of.Stop) else ask.serial


def _refused(serial: int, error: SpooltoolError) -> of.Refused:
    lines = tuple(visible(line) for line in error.message.split("\n"))
    hint = tuple(visible(line) for line in error.hint.split("\n")) if error.hint else ()
    column = error.column if isinstance(error, QueryError) else 0
    return of.Refused(serial, lines, hint, column, error.exit_code)
