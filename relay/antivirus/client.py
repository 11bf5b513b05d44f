"""Scans of one scanner: how many at once, kept connections, what it said about itself.

A `ScannerClient` lives in one event loop.  A process that has none uses `scan_now`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar

from relay.antivirus.exchange import Chunks, Sink, TooLarge, converse
from relay.antivirus.link import Link, LinkLost, Silence, connect
from relay.antivirus.scanner import Protocol, Scanner, ScanTask
from relay.antivirus.slots import Slots
from relay.antivirus.wire.clamd import VERSION, AnswerReader, ClamdScan
from relay.antivirus.wire.icap_options import Options
from relay.antivirus.wire.icap_question import IcapQuestion
from relay.antivirus.wire.icap_request import options_request
from relay.antivirus.wire.icap_scan import IcapScan
from relay.antivirus.wire.names import name_of
from relay.policy.scan_outcome import Mode, NotScanned, Outcome, Silent, Unreachable, Unscanned

_T = TypeVar("_T")


class NoService(Exception):
    """The server answers, and has no service that could scan; the text tells a person."""


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a scanner answers, and what it says about itself or why it does not."""

    answers: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Spoken(Generic[_T]):
    """What came of an exchange; `untouched` means that not a byte was answered."""

    result: _T
    reusable: bool
    untouched: bool


class ScannerClient:
    """One scanner as one process uses it.  `timeout` are seconds of silence.

    To be closed, or used as an asynchronous context manager.
    """

    def __init__(self, scanner: Scanner, timeout: float) -> None:
        self.scanner = scanner
        self.timeout = timeout
        self._slots = Slots(scanner.connections)
        self._idle: list[Link] = []
        self._options: Options | None = None
        self._options_end = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept."""
        while self._idle:
            self._idle.pop().close()

    async def scan(self, task: ScanTask, chunks: Chunks, sink: Sink | None = None) -> Outcome:
        """Have content scanned.  Raises what `chunks` and `sink` raise, and nothing else.

        What comes back goes to `sink` and is worth something only if the outcome is `Cured`;
        without a sink nothing is cured.  `chunks` is called again where the length is to be
        found out, and where a kept connection was stale; nothing was written to the sink then.
        Waiting for a turn is not counted as silence.
        """
        if self.scanner.protocol is Protocol.ICAP and task.length is None:
            # A service with a limit of its own says so at the preview, if it knows the length,
            # and else passes what is beyond it as if it had looked.
            task = replace(task, length=self._measured(chunks))
        if task.length is not None and self.scanner.too_large(task.length):
            return self._too_large()
        async with self._slots:
            silence = Silence(self.timeout)
            try:
                async with silence:
                    if self.scanner.protocol is Protocol.CLAMD:
                        return await self._by_clamd(chunks, silence)
                    return await self._by_icap(task, chunks, sink, silence)
            except TooLarge:
                return self._too_large()
            except NoService as error:
                return NotScanned(Unscanned.ERROR, f"{self.scanner}: {error}")
            except LinkLost as lost:
                return Unreachable(f"{self.scanner}: {lost}")
            except TimeoutError:
                if not silence.ended:
                    raise
                return Silent(f"{self.scanner}: silent for {self.timeout:g} s")

    async def status(self) -> Status:
        """Ask the scanner about itself: VERSION of clamd, OPTIONS of an ICAP service."""
        silence = Silence(self.timeout)
        try:
            async with silence:
                if self.scanner.protocol is Protocol.CLAMD:
                    return await self._version(silence)
                self._options = None
                options = await self._known_options(silence)
                said = [options.service or "an ICAP service without a name", options.tag]
                said += ["/".join(options.methods)]
                return Status(True, ", ".join(word for word in said if word))
        except (LinkLost, NoService) as error:
            return Status(False, str(error))
        except TimeoutError:
            return Status(False, f"silent for {self.timeout:g} s")

    # clamd: a connection for each scan

    async def _by_clamd(self, chunks: Chunks, silence: Silence) -> Outcome:
        link = await connect(self.scanner, silence)
        try:
            too_large = self.scanner.too_large
            return self._told((await converse(link, ClamdScan(), chunks, None, too_large)).outcome)
        finally:
            link.close()

    async def _version(self, silence: Silence) -> Status:
        link = await connect(self.scanner, silence)
        reader = AnswerReader()
        try:
            await link.send(VERSION)
            while data := await link.receive():
                if (answer := reader.feed(data)) is not None:
                    return Status(answer.startswith(b"ClamAV"), name_of(answer))
            raise LinkLost("it closed the connection without an answer")
        finally:
            link.close()

    # ICAP: kept connections

    async def _by_icap(
        self, task: ScanTask, chunks: Chunks, sink: Sink | None, silence: Silence
    ) -> Outcome:
        options = await self._known_options(silence)
        mode = task.mode if sink is not None else Mode.CHECK

        async def talk(link: Link) -> _Spoken[Outcome]:
            assert options.method is not None  # such an answer is no service
            service = self.scanner.icap
            scan = IcapScan(service, options.method, task.piece, mode, options.preview)
            finished = await converse(link, scan, chunks, sink, self.scanner.too_large)
            if scan.tag and options.tag and scan.tag != options.tag:
                self._options = None
            return _Spoken(finished.outcome, finished.reusable, scan.untouched)

        return self._told(await self._speak(silence, talk))

    async def _known_options(self, silence: Silence) -> Options:
        now = asyncio.get_running_loop().time()
        if self._options is not None and now < self._options_end:
            return self._options

        async def talk(link: Link) -> _Spoken[IcapQuestion]:
            question = IcapQuestion()
            try:
                await link.send(options_request(self.scanner.icap))
                while data := await link.receive():
                    if question.receive(data):
                        return _Spoken(question, question.reusable, False)
            except LinkLost:
                pass
            return _Spoken(question, False, question.untouched)

        question = await self._speak(silence, talk)
        if question.options is None:
            if question.untouched:
                raise LinkLost("it closed the connection without an answer")
            raise NoService(question.problem or "its answer to OPTIONS broke off")
        self._options, self._options_end = question.options, now + question.options.ttl
        if question.options.connections:
            self._slots.limit = min(self.scanner.connections, question.options.connections)
        return question.options

    async def _speak(self, silence: Silence, talk: Callable[[Link], Awaitable[_Spoken[_T]]]) -> _T:
        """Over a kept connection; those that have gone stale are dropped, then a new one."""
        while self._idle:
            link = self._idle.pop()
            link.silence = silence
            spoken = await self._over(link, talk)
            if not spoken.untouched:
                return spoken.result
        return (await self._over(await connect(self.scanner, silence), talk)).result

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

    def _measured(self, chunks: Chunks) -> int:
        """Octets of content, or more than are to be sent."""
        octets = 0
        for chunk in chunks():
            octets += len(chunk)
            if self.scanner.too_large(octets):
                break
        return octets

    # words

    def _told(self, outcome: Outcome) -> Outcome:
        """The same, with the scanner's name where the text is for a person."""
        match outcome:
            case NotScanned(reason, text):
                return NotScanned(reason, f"{self.scanner}: {text}")
            case Unreachable(text):
                return Unreachable(f"{self.scanner}: {text}")
            case _:
                return outcome

    def _too_large(self) -> NotScanned:
        text = f"{self.scanner}: larger than max_size, {self.scanner.max_size} KB"
        return NotScanned(Unscanned.LIMIT, text)


async def scan(
    scanner: Scanner,
    task: ScanTask,
    chunks: Chunks,
    *,
    timeout: float,  # noqa: ASYNC109  # of silence, which no caller can measure
    sink: Sink | None = None,
) -> Outcome:
    """One scan over connections of its own; as `ScannerClient.scan`."""
    async with ScannerClient(scanner, timeout) as client:
        return await client.scan(task, chunks, sink)


def scan_now(
    scanner: Scanner, task: ScanTask, chunks: Chunks, *, timeout: float, sink: Sink | None = None
) -> Outcome:
    """The same for a process without an event loop: returns when it is done."""
    return asyncio.run(scan(scanner, task, chunks, timeout=timeout, sink=sink))
