"""One ICAP service: kept connections, what it said about itself, and whether it finds anything.

An ICAP server without a scanner behind it has no way to say so: c-icap that was started while
clamd was down answers every request with 204, which means "nothing to change".  So the
first content on each connection is a file that every scanner knows, and a service that does
not find it is not believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from relay.antivirus.exchange import Chunks, Sink, converse
from relay.antivirus.link import Link, LinkLost, Silence, connect
from relay.antivirus.scanner import Scanner, ScanTask
from relay.antivirus.wire.icap_options import Options
from relay.antivirus.wire.icap_question import IcapQuestion
from relay.antivirus.wire.icap_request import options_request
from relay.antivirus.wire.icap_scan import IcapScan
from relay.policy.scan_outcome import Infected, Mode, NotScanned, Outcome, Unreachable, Unscanned

# In two pieces, so that no scanner takes this module for what it names.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file of the European Institute for Computer Antivirus Research: harmless."""

_T = TypeVar("_T")


class NoService(Exception):
    """The server answers, and has no service that could scan; the text tells a person."""


@dataclass(frozen=True, slots=True)
class _Spoken(Generic[_T]):
    """What came of an exchange; `untouched` means that not a byte was answered."""

    result: _T
    reusable: bool
    untouched: bool


class IcapService:
    """The service of one scanner.  `proof` is what it must find on each new connection.

    Its methods raise LinkLost, NoService, and what `chunks` and `sink` raise.
    """

    def __init__(self, scanner: Scanner, proof: bytes) -> None:
        self._scanner = scanner
        self._proof = proof
        self._idle: list[Link] = []
        self._options: Options | None = None
        self._options_end = 0.0

    def close(self) -> None:
        """Close the connections that were kept."""
        while self._idle:
            self._idle.pop().close()

    def forget(self) -> None:
        """Have it asked anew about itself."""
        self._options = None

    async def options(self, silence: Silence) -> Options:
        """What it says about itself; asked again when its time is over."""
        now = asyncio.get_running_loop().time()
        if self._options is not None and now < self._options_end:
            return self._options
        question = await self._speak(silence, self._ask)
        if question.options is None:
            if question.untouched:
                raise LinkLost("it closed the connection without an answer")
            raise NoService(question.problem or "its answer to OPTIONS broke off")
        self._options, self._options_end = question.options, now + question.options.ttl
        return question.options

    async def scan(
        self,
        options: Options,
        task: ScanTask,
        chunks: Chunks,
        sink: Sink | None,
        silence: Silence,
    ) -> Outcome:
        """Scan content; without a sink nothing is cured."""
        content = partial(self._content, options, task, chunks, sink)
        outcome = await self._speak(silence, partial(self._proved, options, content))
        if outcome is None:
            # It closes after each answer, and has just shown on the last one what it finds.
            outcome = await self._speak(silence, content)
        return outcome

    async def prove(self, options: Options, silence: Silence) -> Outcome | None:
        """None where it finds what it must, else why there can be no verdict."""
        return await self._speak(silence, partial(self._tried, options))

    # over one connection

    async def _ask(self, link: Link) -> _Spoken[IcapQuestion]:
        question = IcapQuestion()
        try:
            await link.send(options_request(self._scanner.icap))
            while data := await link.receive():
                if question.receive(data):
                    return _Spoken(question, question.reusable, False)
        except LinkLost:
            pass  # `untouched` tells
        return _Spoken(question, False, question.untouched)

    async def _proved(
        self,
        options: Options,
        content: Callable[[Link], Awaitable[_Spoken[Outcome]]],
        link: Link,
    ) -> _Spoken[Outcome | None]:
        """The content, once the connection is proved; None when it ended with the proof."""
        if not link.proved:
            tried = await self._tried(options, link)
            if tried.result is not None or not tried.reusable:
                return tried
            link.proved = True
        spoken = await content(link)
        return _Spoken(spoken.result, spoken.reusable, spoken.untouched)

    async def _tried(self, options: Options, link: Link) -> _Spoken[Outcome | None]:
        """What must be found; None when it was."""
        if not self._proof:
            return _Spoken(None, True, False)
        task = ScanTask(length=len(self._proof))
        spoken = await self._content(options, task, lambda: iter([self._proof]), None, link)
        match spoken.result:
            case Infected():
                return _Spoken(None, spoken.reusable, spoken.untouched)
            case Unreachable():
                return _Spoken(spoken.result, False, spoken.untouched)
            case NotScanned(_, why):
                return _Spoken(_unbelieved(why), False, spoken.untouched)
            case _:
                why = "has it an engine, and signatures?"
                return _Spoken(_unbelieved(why), False, spoken.untouched)

    async def _content(
        self, options: Options, task: ScanTask, chunks: Chunks, sink: Sink | None, link: Link
    ) -> _Spoken[Outcome]:
        assert options.method is not None  # such an answer is no service
        mode = task.mode if sink is not None else Mode.CHECK
        service = self._scanner.icap
        scan = IcapScan(service, options.method, task.piece, mode, options.preview)
        finished = await converse(link, scan, chunks, sink, self._scanner.too_large)
        if scan.tag and options.tag and scan.tag != options.tag:
            self.forget()
        return _Spoken(finished.outcome, finished.reusable, scan.untouched)

    # connections

    async def _speak(self, silence: Silence, talk: Callable[[Link], Awaitable[_Spoken[_T]]]) -> _T:
        """Over a kept connection; those that have gone stale are dropped, then a new one."""
        while self._idle:
            link = self._idle.pop()
            link.silence = silence
            spoken = await self._over(link, talk)
            if not spoken.untouched:
                return spoken.result
        return (await self._over(await connect(self._scanner, silence), talk)).result

    async def _over(
        self, link: Link, talk: Callable[[Link], Awaitable[_Spoken[_T]]]
    ) -> _Spoken[_T]:
        kept = False
        try:
            spoken = await talk(link)
            kept = spoken.reusable
            return spoken
        finally:
            if kept:
                self._idle.append(link)
            else:
                link.close()


def _unbelieved(why: str) -> NotScanned:
    return NotScanned(Unscanned.ERROR, f"it does not find the test virus EICAR: {why}")
