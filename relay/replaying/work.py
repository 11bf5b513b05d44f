"""Every message through one configuration or two, and what comes of it told."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from relay.config import Config
from relay.options import NAME
from relay.replay.case import Case
from relay.replay.comparison import differences
from relay.replay.forecast import End, Forecast, forecast
from relay.replay.house import House
from relay.replay.record import compared, encode, record
from relay.replay.text import LEAST_WIDTH, lines, side_by_side, tally
from relay.replaying.houses import house_of
from relay.replaying.inputs import Given, Input, Unusable, files, spooled
from relay.replaying.scanner import Scanners
from relay.source import DEFAULT_CONFIG, Source
from spooltool.errors import ExitCode, SpooltoolError, UsageError
from spooltool.logs.quoting import raw
from spooltool.store.root import Spool

_STEP = 0.2
"""Seconds between two signs of progress."""

_WIDTH = 100
"""Columns where there is no terminal that has any."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A configuration, ready to be asked."""

    house: House
    scanners: Scanners

    def __call__(self, case: Case) -> Forecast:
        """What becomes of the message.  Raises OSError."""
        return self.scanners.judged(forecast(self.house, case))


@dataclass(slots=True)
class Result:
    """What came of all: how many ended how, how many differ, how many could not be read."""

    ends: Counter[End] = field(default_factory=Counter)
    seen: int = 0
    differing: int = 0
    unread: int = 0

    def exit_code(self) -> ExitCode:
        """4 where a message could not be looked at; 1 where one is not sent, or differs."""
        if self.unread:
            return ExitCode.INCOMPLETE
        kept = any(not end.delivered for end in self.ends)
        return ExitCode.SOME if kept or self.differing else ExitCode.OK


def work(messages: Iterable[Input], new: Judge, old: Judge | None, *, as_json: bool) -> ExitCode:
    """Say what becomes of each message; with `old` of those alone that end otherwise by it."""
    result = Result()
    for line in _told(_progress(messages), new, old, result, as_json=as_json):
        print(line)
    if not as_json:
        print(_last(result, compared=old is not None))
    return result.exit_code()


def messages(words: list[str], spool: str | None, given: Given) -> Iterator[Input]:
    """The messages that words name: files, or ids of a spool.  Raises UsageError, NoSpool."""
    if spool is not None:
        return spooled(Spool.open(spool), words, given)
    if not words:
        raise UsageError("which mail?", hint=f"{NAME} replay FILE.eml, or --spool DIR")
    return files(words, given)


def judge_of(file: str | None, *, scan: bool) -> Judge:
    """A configuration, ready to be asked.  Raises ConfigError with every mistake."""
    found: Config = Source(config=file).named()
    return Judge(house_of(file or DEFAULT_CONFIG, found), Scanners(found, asked=scan))


def _told(
    inputs: Iterable[Input], new: Judge, old: Judge | None, result: Result, *, as_json: bool
) -> Iterator[str]:
    width = max(shutil.get_terminal_size((_WIDTH, 24)).columns, LEAST_WIDTH)
    for one in inputs:
        result.seen += 1
        try:
            with one.open() as case:
                yield from _of(case, new, old, result, width, as_json=as_json)
        except (Unusable, OSError, SpooltoolError) as error:
            result.unread += 1
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            _complain(f"{NAME}: {raw(one.name)}: {raw(why)}")


def _of(
    case: Case, new: Judge, old: Judge | None, result: Result, width: int, *, as_json: bool
) -> Iterator[str]:
    after = new(case)
    if old is None:
        result.ends[after.end] += 1
        if as_json:
            yield encode(record(case, after))
        else:
            yield from lines(case, after, width)
        return
    before = old(case)
    differing = differences(before, after)
    if not differing:
        return
    result.differing += 1
    if as_json:
        yield encode(compared(case, before, after, differing))
    else:
        yield from side_by_side(case, before, after, differing, width)
        yield ""


def _last(result: Result, *, compared: bool) -> str:
    if not compared:
        return tally(result.ends)
    seen = result.seen - result.unread
    return f"{result.differing:,} of {seen:,} message{'s' * (seen != 1)} differ" + (
        "s" if result.differing == 1 else ""
    )


def _progress(inputs: Iterable[Input]) -> Iterator[Input]:
    """The same, with their number on a terminal that does not show the results themselves."""
    shown = sys.stderr.isatty() and not sys.stdout.isatty()
    last = 0.0
    for number, one in enumerate(inputs):
        if shown and (now := time.monotonic()) - last >= _STEP:
            last = now
            sys.stderr.write(f"\r{number:,} messages")
            sys.stderr.flush()
        yield one
    if shown and last:
        sys.stderr.write("\r\x1b[K")


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
