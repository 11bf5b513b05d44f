"""Scans of one scanner: how many at once, kept connections, what it said about itself.

A `ScannerClient` lives in one event loop.  A process that has none uses `scan_now`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Self

from relay.antivirus.exchange import Chunks, Sink, TooLarge, converse
from relay.antivirus.icap_service import EICAR, IcapService, NoService
from relay.antivirus.link import LinkLost, Silence, connect
from relay.antivirus.scanner import Protocol, Scanner, ScanTask
from relay.antivirus.slots import Slots
from relay.antivirus.wire.clamd import VERSION, AnswerReader, ClamdScan
from relay.antivirus.wire.names import name_of
from relay.policy.scan_outcome import NotScanned, Outcome, Silent, Unreachable, Unscanned


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a scanner answers, and what it says about itself or why it does not."""

    answers: bool
    text: str


class ScannerClient:
    """One scanner as one process uses it.  `timeout` are seconds of silence.

    `proof` is content that an ICAP service must find on each new connection before it is
    believed; b"" for none.  To be closed, or used as an asynchronous context manager.
    """

    def __init__(self, scanner: Scanner, timeout: float, *, proof: bytes = EICAR) -> None:
        self.scanner = scanner
        self.timeout = timeout
        self._slots = Slots(scanner.connections)
        self._icap = IcapService(scanner, proof)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept."""
        self._icap.close()

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
                return await self._icap_status(silence)
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

    # ICAP

    async def _by_icap(
        self, task: ScanTask, chunks: Chunks, sink: Sink | None, silence: Silence
    ) -> Outcome:
        options = await self._icap.options(silence)
        own = self.scanner.connections
        self._slots.limit = min(own, options.connections or own)
        return self._told(await self._icap.scan(options, task, chunks, sink, silence))

    async def _icap_status(self, silence: Silence) -> Status:
        self._icap.forget()
        options = await self._icap.options(silence)
        said = [options.service or "an ICAP service without a name", options.tag]
        text = ", ".join([*filter(None, said), "/".join(options.methods)])
        problem = await self._icap.prove(options, silence)
        match problem:
            case None:
                return Status(True, text)
            case NotScanned(_, why) | Unreachable(why):
                return Status(False, f"{text}: {why}")
            case _:
                return Status(False, text)

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
