"""Following messages until they have left: changes of standing, then the outcome.

Files are looked at, not watched: a change of STATE in place is seen by a file's times.
How a message ended is told by the dequeuer's log, where there is one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from spooltool.cli.invocation import Invocation
from spooltool.cli.left import log_of_dequeuer
from spooltool.diagnose.leaving import HAPPY, Trail, count_line
from spooltool.diagnose.row import Found, Row
from spooltool.errors import ExitCode, SpooltoolError
from spooltool.live.logfile import LogFile, Start
from spooltool.logs import parse_line
from spooltool.render import following as shown
from spooltool.render.record import text_line
from spooltool.spool.names import TRASH, SpoolName
from spooltool.spool.states import Circumstance
from spooltool.store.scan import read_entry, scan

_EVERY = 0.2
_LOG_PATIENCE = 3.0
_FEW = 50

Sign = tuple[str, str, int, int]


@dataclass
class _Message:
    """One message under watch.  `sign` tells whether its file must be read again."""

    id: str
    file: str = ""
    sign: Sign | None = None
    standing: str = ""
    reason: str = ""
    pending: int = 1
    gone_since: float = 0.0
    outcome: str = ""
    trail: Trail = field(default_factory=Trail)


class Follow:
    """A watch that has begun: the log is read from where it stood then."""

    def __init__(self, invocation: Invocation, log: LogFile | None, *, json: bool) -> None:
        self._spool = invocation.spool
        self._invocation = invocation
        self._log = log
        self._json = json
        self._out = invocation.out
        self._messages: dict[str, _Message] = {}
        self._began = time.monotonic()

    def run(self, files: Sequence[str], seconds: float | None = None) -> int:
        """Follow these files until all have left, or for `seconds`; the exit code."""
        self._out.unpaged()
        self._messages = {id_of(file): _Message(id_of(file), file) for file in files}
        self._began = time.monotonic()
        self._look()
        if files and not self._invocation.relay.up:
            self._out.note("relay not running: nothing moves until it does")
        ended = ""
        cost = 0.0
        try:
            while self._here():
                if seconds is not None and time.monotonic() - self._began >= seconds:
                    ended = " after the time of --for"
                    break
                time.sleep(max(_EVERY, 4 * cost))
                looked = time.monotonic()
                self._look()
                cost = time.monotonic() - looked
        except KeyboardInterrupt:
            ended = " when interrupted"
        finally:
            if self._log is not None:
                self._log.close()
        return self._end(ended)

    def _here(self) -> list[_Message]:
        return [message for message in self._messages.values() if not message.outcome]

    def _end(self, ended: str) -> int:
        gone = [message.outcome for message in self._messages.values() if message.outcome]
        here = [message.reason or message.standing for message in self._here()]
        seconds = time.monotonic() - self._began
        if self._json:
            record = shown.end_record(gone, here, seconds)
            self._say(text_line(record))
        else:
            self._say(self._out.encode(count_line(gone, here, seconds, ended=ended)))
        if ended == " when interrupted":
            return ExitCode.INTERRUPTED
        return ExitCode.OK if not here and HAPPY.issuperset(gone) else ExitCode.SOME

    # looking

    def _look(self) -> None:
        here = self._here()
        if not here:
            return
        places = self._places([message.id for message in here])
        self._read_log()
        now = time.time()
        for message in here:
            name = places.get(message.id)
            if name is None:
                self._missing(message)
            else:
                message.gone_since = 0.0
                self._seen(message, name, now)

    def _places(self, ids: Sequence[str]) -> dict[str, SpoolName]:
        """Where they stand now.  What a pass over the directories missed is looked for."""
        wanted = set(ids)
        found: dict[str, SpoolName] = {}
        if len(ids) > _FEW:
            found = {n.number: n for n in scan(self._spool).names() if n.number in wanted}
        for id in wanted - found.keys():
            for name in self._spool.find(id):
                found[id] = name
        return found

    def _seen(self, message: _Message, name: SpoolName, now: float) -> None:
        try:
            facts = os.stat(name.base, dir_fd=self._spool.dir_fd(name.dir), follow_symlinks=False)
        except OSError:
            return  # it moved on in this moment: the next look finds it
        sign = (name.dir, name.letter, facts.st_ino, facts.st_mtime_ns)
        if sign == message.sign:
            return
        entry = read_entry(self._spool, name)
        if entry is None:
            return
        found = Found(name, entry.inode, entry.size, entry.mtime, entry.head, entry.error)
        row = Row(found, self._around(now))
        first = message.sign is None
        message.sign, message.file = sign, name.file
        message.pending = sum(one.pending for one in row.results)
        verdict = row.verdict
        if (verdict.word, verdict.reason) != (message.standing, message.reason):
            message.standing, message.reason = verdict.word, verdict.reason
            if not first:
                self._tell(message, verdict.word, "", verdict.why)

    def _around(self, now: float) -> Circumstance:
        settings = self._invocation.settings
        return Circumstance(
            now,
            timeout=settings.timeout,
            scan_period=settings.scan_period,
            relay_up=self._invocation.relay.up,
        )

    def _missing(self, message: _Message) -> None:
        """Not there any more: how it ended, as soon as the log has said so."""
        now = time.monotonic()
        message.gone_since = message.gone_since or now
        trail = message.trail
        waited = now - message.gone_since > _LOG_PATIENCE
        if self._log is not None and not trail.explains_leaving(message.pending) and not waited:
            return
        message.outcome = "trashed" if self._in_trash(message.id) else trail.outcome
        self._tell(message, message.outcome, trail.host, trail.reply)

    def _in_trash(self, number: str) -> bool:
        try:
            fd = self._spool.dir_fd(TRASH)
        except OSError:
            return False
        for letter in "TRE":
            try:
                os.stat(letter + number, dir_fd=fd, follow_symlinks=False)
            except OSError:
                continue
            return True
        return False

    def _read_log(self) -> None:
        log = self._log
        if log is None:
            return
        try:
            while True:
                for raw in log.poll():
                    line = parse_line(raw)
                    message = self._messages.get(line.id) or self._messages.get(line.id[1:])
                    if message is not None:
                        message.trail.add(line)
                if log.caught_up:
                    return
        except SpooltoolError:
            self._log = None  # the log cannot be read any more: the files still tell

    # telling

    def _tell(self, message: _Message, word: str, host: str, text: str) -> None:
        now = time.time()
        if self._json:
            record = shown.record(now, message.id, message.file, word, host, text)
            self._say(text_line(record))
        else:
            line = shown.line(now, message.file, word, host, text, self._width())
            self._say(self._out.encode(line))

    def _width(self) -> int:
        return self._out.width if self._out.tty else 0

    def _say(self, line: bytes) -> None:
        try:
            self._out.write(line + b"\n")
            self._out.flush()
        except BrokenPipeError:
            self._out.drop()


def follow_from_here(invocation: Invocation, *, json: bool) -> Follow:
    """Begin to watch: from now on the log tells what happens."""
    path = log_of_dequeuer(invocation)
    try:
        log = LogFile(path, Start.END)
    except (SpooltoolError, OSError):
        log = None
    if log is not None and not os.path.isdir(os.path.dirname(path)):
        log = None
    return Follow(invocation, log, json=json)


def id_of(file: str) -> str:
    """The number in a file's path inside the spool."""
    return file.rpartition("/")[2][1:]
