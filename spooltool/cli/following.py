"""Following messages until they have left: changes of standing, then the outcome.

The kernel tells which files came, moved or went, and the dequeuer's log which messages it
worked on: those are looked at, at once.  Every ten seconds, and when events were lost, all
of them are: a change inside a file, an attempt that lasts and a spool on another machine
make no event.  How a message ended is told by the log, and by the operators' journal.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from spooltool.change.left import Deletions
from spooltool.cli.invocation import Invocation
from spooltool.diagnose.leaving import HAPPY
from spooltool.errors import ExitCode, SpooltoolError
from spooltool.live.logfile import LogFile, Start
from spooltool.logs import parse_line
from spooltool.look.log_places import log_of_dequeuer
from spooltool.look.lookout import Lookout, Watched
from spooltool.render import following as shown
from spooltool.render.following import Stand, Step
from spooltool.render.record import text_line
from spooltool.render.text import wrapped

if TYPE_CHECKING:
    from spooltool.live.watcher import SpoolWatch

SCAN_EVERY = 10.0
"""Seconds between two looks at everything."""

_EVERY = 0.2
_LOG_PATIENCE = 3.0


class Follow:
    """A watch that has begun: log and kernel are listened to from when it was made."""

    def __init__(
        self, invocation: Invocation, log: LogFile | None, watch: SpoolWatch, *, json: bool
    ) -> None:
        self._lookout = Lookout(invocation)
        self._deletions = Deletions(invocation.spool)
        self._place = invocation.place
        self._log = log
        self._watch = watch
        self._json = json
        self._out = invocation.out
        self._messages: dict[str, Watched] = {}
        self._began = time.monotonic()
        self._scan_at = 0.0
        self._early: list[tuple[str, Step]] | None = []

    def run(self, files: Sequence[str], seconds: float | None = None) -> int:
        """Follow these files until all have left, or for `seconds`; the exit code."""
        self._out.unpaged()
        self._messages = {id_of(file): Watched(id_of(file), file) for file in files}
        self._began = time.monotonic()
        ended = ""
        try:
            self._look()
            self._open()
            while self._here():
                left = _EVERY if seconds is None else self._began + seconds - time.monotonic()
                if left <= 0:
                    ended = " after the time of --for"
                    break
                self._watch.wait(min(_EVERY, left))
                self._look()
        except KeyboardInterrupt:
            ended = " when interrupted"
        finally:
            self.close()
        return self._end(ended)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more."""
        self._watch.close()
        if self._log is not None:
            self._log.close()

    def _here(self) -> list[Watched]:
        return [message for message in self._messages.values() if not message.outcome]

    def _open(self) -> None:
        """What is said before the first change, and what the first look has shown to be one."""
        stands = [message.stand for message in self._here() if message.stand]
        if self._messages and not self._json:
            gone = len(self._messages) - len(stands)
            self._each(shown.start_line(stands, self._place, gone), self._out.note)
        if self._messages and not self._lookout.relay.up:
            self._tell_relay()
        if not self._json and not self._out.tty:
            self._say(shown.pipe_header().encode())
        early, self._early = self._early, None
        for id, step in early or ():
            self._write(id, step)

    def _tell_relay(self) -> None:
        up = self._lookout.relay.up
        self._out.note("relay up again" if up else "relay not running: nothing moves until it does")

    def _end(self, ended: str) -> int:
        outcomes = [message.outcome for message in self._messages.values() if message.outcome]
        still = self._here()
        here = [message.stand for message in still if message.stand]
        seconds = time.monotonic() - self._began
        interrupted = ended == " when interrupted"
        if self._json:
            record = shown.end_record(outcomes, here, seconds, interrupted=interrupted)
            self._say(text_line(record))
        else:
            line = shown.end_line(outcomes, here, seconds, ended=ended)
            self._each(line, lambda text: self._say(self._out.encode(text)))
        if interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.OK if not still and HAPPY.issuperset(outcomes) else ExitCode.SOME

    # looking

    def _look(self) -> None:
        """Look at what the log and the kernel point at, or at everything when it is time."""
        touched = self._watch.take()
        numbers = touched.numbers | self._read_log()
        here = self._here()
        began = time.monotonic()
        if touched.everything or began >= self._scan_at:
            self._ask_relay(here)
            self._look_at(here, closely=True)
            now = time.monotonic()
            self._scan_at = now + max(SCAN_EVERY, 4 * (now - began))
        elif pointed := [one for one in here if one.gone_since or one.id in numbers]:
            self._look_at(pointed, closely=False)

    def _ask_relay(self, here: Collection[Watched]) -> None:
        if self._lookout.ask():
            for message in here:
                message.sign = None  # what is overdue depends on it
            self._tell_relay()

    def _look_at(self, messages: Collection[Watched], *, closely: bool) -> None:
        places = self._lookout.places([message.id for message in messages])
        now = time.time()
        for message in messages:
            name = places.get(message.id)
            if name is None:
                self._missing(message)
                continue
            message.gone_since = 0.0
            row = self._lookout.look(message, name, now, closely=closely)
            if row is None:
                continue
            verdict, before = row.verdict, message.stand
            message.stand = Stand(verdict.word, verdict.reason)
            if before is not None and message.stand != before:
                host = row.host if verdict.word in ("stuck", "waiting") else None
                self._tell(message, before, message.stand, host or "", row.why)

    def _missing(self, message: Watched) -> None:
        """Not there any more: how it ended, as soon as the log or the journal has said so."""
        now = time.monotonic()
        message.gone_since = message.gone_since or now
        trail = message.trail
        if trail.explains_leaving(message.pending):
            self._left(message, trail.outcome, trail.host, trail.reply)
        elif deletion := self._deletions.of(message.id):
            self._left(message, "deleted", "", deletion)
        elif self._log is None or now - message.gone_since > _LOG_PATIENCE:
            trashed = self._lookout.in_trash(message.id)
            self._left(message, "trashed" if trashed else trail.outcome, trail.host, trail.reply)

    def _left(self, message: Watched, outcome: str, host: str, why: str) -> None:
        message.outcome = outcome
        self._tell(message, message.stand, Stand(outcome), host, why, left=True)

    def _read_log(self) -> frozenset[str]:
        """Numbers of watched messages that new lines are about; each line joins its trail."""
        log = self._log
        touched: set[str] = set()
        if log is None:
            return frozenset()
        try:
            while True:
                for raw in log.poll():
                    line = parse_line(raw)
                    message = self._messages.get(line.id) or self._messages.get(line.id[1:])
                    if message is not None:
                        message.trail.add(line)
                        touched.add(message.id)
                if log.caught_up:
                    break
        except SpooltoolError:
            self._log = None  # the log cannot be read any more: the files still tell
        return frozenset(touched)

    # telling

    def _tell(
        self,
        message: Watched,
        before: Stand | None,
        after: Stand,
        host: str,
        why: str,
        left: bool = False,
    ) -> None:
        step = Step(time.time(), message.file, before, after, host, why, left)
        if self._early is None:
            self._write(message.id, step)
        else:
            self._early.append((message.id, step))

    def _write(self, id: str, step: Step) -> None:
        if self._json:
            self._say(text_line(shown.record(id, step)))
        elif self._out.tty:
            self._say(self._out.encode(shown.screen_line(step, self._out.width)))
        else:
            self._say(self._out.encode(shown.pipe_line(step)))

    def _each(self, line: str, say: Callable[[str], None]) -> None:
        """A long line: wrapped on a screen, whole in a pipe."""
        for text in wrapped(line, self._out.width) if self._out.tty else (line,):
            say(text)

    def _say(self, line: bytes) -> None:
        try:
            self._out.write(line + b"\n")
            self._out.flush()
        except BrokenPipeError:
            self._out.drop()


def follow_from_here(invocation: Invocation, *, json: bool) -> Follow:
    """Begin to watch: from now on log and kernel tell what happens."""
    from spooltool.live.watcher import SpoolWatch  # start-up: retarget mostly does without

    path = log_of_dequeuer(invocation)
    try:
        log = LogFile(path, Start.END)
    except (SpooltoolError, OSError):
        log = None
    if log is not None and not os.path.isdir(os.path.dirname(path)):
        log = None
    return Follow(invocation, log, SpoolWatch(invocation.spool.path), json=json)


def id_of(file: str) -> str:
    """The number in a file's path inside the spool."""
    return file.rpartition("/")[2][1:]
