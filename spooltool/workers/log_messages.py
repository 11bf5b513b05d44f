"""What the screen asks the process that follows the logs, and what it is told.

Lines come in batches of bounded size, at most ten a second.  Each answers the `Show` of
its `serial`; what was found of the past is `older` than all that came before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from spooltool.diagnose.logkind import Kind
from spooltool.spool.hosts import HostPort
from spooltool.workers.queue import Misread

MOST = 2000
"""Lines that are looked for, and that a pane keeps."""

BATCH = 500
"""Lines of one batch."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Every line."""


@dataclass(frozen=True, slots=True)
class OneMessage:
    """Lines about the message of this number, gone or not."""

    number: str


@dataclass(frozen=True, slots=True)
class Toward:
    """Lines that name one of these hosts, or a recipient in one of these domains.

    A host without a port means each of its ports; domains are those of mail by MX.
    """

    hosts: tuple[HostPort, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """Lines that `spooltool log QUERY` prints."""

    text: str


About: TypeAlias = Everything | OneMessage | Toward | Matching


@dataclass(frozen=True, slots=True)
class Show:
    """Tell the last lines about something, and with `follow` those that come."""

    serial: int
    about: About = Everything()
    follow: bool = True


class Line(NamedTuple):
    """One line, to be shown.

    `time` is unix seconds, 0 where it is unknown.  `name` is letter and number of the
    message, `number` the number alone; both "" for a line about none.  `host` is as the
    log has it, for a choice of it; `words` is visible text, all but the time.
    """

    time: float
    kind: Kind
    name: str
    number: str
    host: str
    words: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines, oldest first; `skipped` more were there before them and are not told."""

    serial: int
    lines: tuple[Line, ...]
    older: bool = False
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """How far the search in the past is: bytes read of all; `asking` while the queue is asked.

    `reached` is the time that it has come to (0: unknown).  `done` ends it; there is `more`
    where the number of lines has ended it.
    """

    serial: int
    looked: int
    of: int
    reached: float = 0.0
    asking: bool = False
    done: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """The logs that are followed, by their names, and what is amiss, visible."""

    logs: tuple[str, ...]
    directory: str
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a second over the last ten, and messages by ten seconds, sixty, oldest first."""

    second: float = 0.0
    history: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rates:
    """How much mail goes by, at a time.  `failed` are bounced, or given up without a notice."""

    at: float
    stored: Rate = Rate()
    delivered: Rate = Rate()
    put_off: Rate = Rate()
    failed: Rate = Rate()


Told: TypeAlias = Lines | Looked | Followed | Rates | Misread
