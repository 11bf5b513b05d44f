"""Scans over real sockets, with a scanner that misbehaves as told."""

from __future__ import annotations

import asyncio
import io
import socket
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from relay.antivirus import Protocol, Scanner, ScannerClient, ScanTask, scan_now
from relay.antivirus.icap_service import EICAR
from relay.policy.scan_outcome import (
    Clean,
    Cured,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Silent,
    Unreachable,
    Unscanned,
)
from spooltool.spool.hosts import HostPort
from tests.harness.process import free_port
from tests.relay.antivirus.fake_scanner import OPTIONS, FakeScanner, Play, Visit
from tests.relay.antivirus.wire.icap_sample import CONTINUE, FOUND, UNMODIFIED, returned

TASK = ScanTask()
LAST = b"\r\n0\r\n\r\n"


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await scene()

    asyncio.run(main())


def content(*pieces: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(pieces)


SOME = content(b"content")


def trusting(scanner: Scanner) -> ScannerClient:
    """A client that asks for no proof."""
    return ScannerClient(scanner, 30, proof=b"")


async def scanned(
    actor: Play,
    protocol: Protocol,
    pieces: Callable[[], Iterator[bytes]] = SOME,
    *,
    timeout: float = 30.0,
    task: ScanTask = TASK,
    sink: io.BytesIO | None = None,
    **more: Any,
) -> Outcome:
    """One scan with a scanner that acts like this."""
    async with (
        FakeScanner(actor) as fake,
        ScannerClient(fake.scanner(protocol, **more), timeout, proof=b"") as client,
    ):
        return await client.scan(task, pieces, sink)


def icap(*answers: bytes, options: bytes = OPTIONS % b"") -> Play:
    """An ICAP service: OPTIONS, then one answer for each scan of a connection."""

    async def actor(visit: Visit) -> None:
        left = list(answers)
        while left:
            if (await visit.until(b"\r\n\r\n")).startswith(b"OPTIONS"):
                visit.say(options)
                continue
            await visit.until(LAST)
            visit.say(left.pop(0))
        await visit.gone()

    return actor


# clamd


def test_clamd_that_closes_while_we_send_is_heard_all_the_same() -> None:
    async def actor(visit: Visit) -> None:
        await visit.until(b"zINSTREAM\0")
        visit.say(b"INSTREAM size limit exceeded. ERROR\0")
        await visit.writer.drain()  # and closes, with content unread: a reset

    async def scene() -> None:
        outcome = await scanned(actor, Protocol.CLAMD, content(*[bytes(100_000)] * 200))
        assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.LIMIT

    play(scene)


def test_clamd_that_goes_away_is_unreachable_or_partial() -> None:
    async def nothing(visit: Visit) -> None:
        await visit.until(b"\0\0\0\0")

    async def half(visit: Visit) -> None:
        await visit.until(b"\0\0\0\0")
        visit.say(b"stream: OK")

    async def scene() -> None:
        assert isinstance(await scanned(nothing, Protocol.CLAMD), Unreachable)
        outcome = await scanned(half, Protocol.CLAMD)
        assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.PARTIAL

    play(scene)


def test_content_that_cannot_be_read_is_no_outcome() -> None:
    def broken() -> Iterator[bytes]:
        yield b"some"
        raise OSError("the disk")

    async def actor(visit: Visit) -> None:
        await visit.gone()

    async def scene() -> None:
        with pytest.raises(OSError, match="the disk"):
            await scanned(actor, Protocol.CLAMD, broken)

    play(scene)


def test_larger_than_max_size_is_not_sent_to_its_end() -> None:
    async def actor(visit: Visit) -> None:
        await visit.gone()

    async def scene() -> None:
        endless = content(*[bytes(1024)] * 10)
        for protocol in Protocol:
            outcome = await scanned(actor, protocol, endless, max_size=4)
            assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.LIMIT
            assert "max_size, 4 KB" in outcome.text

    play(scene)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_nobody_there(protocol: Protocol, tmp_path: Path) -> None:
    here = HostPort("127.0.0.1", free_port())
    outcome = scan_now(Scanner("av", protocol, here), TASK, content(b"x"), timeout=5)
    assert outcome == Unreachable(f"av ({protocol} at {here}): Connection refused")
    gone = Scanner("av", Protocol.CLAMD, here, socket=str(tmp_path / "none"))
    assert isinstance(scan_now(gone, TASK, content(b"x"), timeout=5), Unreachable)


# silence


@pytest.mark.parametrize("protocol", list(Protocol))
def test_one_that_says_nothing_is_silent(protocol: Protocol) -> None:
    async def actor(visit: Visit) -> None:
        await visit.gone()

    async def scene() -> None:
        outcome = await scanned(actor, protocol, timeout=0.2)
        assert isinstance(outcome, Silent) and "silent for 0.2 s" in outcome.text

    play(scene)


def test_one_that_takes_nothing_is_silent() -> None:
    async def actor(visit: Visit) -> None:
        await asyncio.Event().wait()

    async def scene() -> None:
        huge = content(*[bytes(1 << 20)] * 64)
        outcome = await scanned(actor, Protocol.CLAMD, huge, timeout=0.3)
        assert isinstance(outcome, Silent)

    play(scene)


def test_slow_but_moving_is_not_silent() -> None:
    """The whole takes several times `timeout`; no pause in it does."""

    async def actor(visit: Visit) -> None:
        await visit.until(b"\0\0\0\0")
        for byte in b"stream: OK\0":
            visit.say(bytes([byte]))
            await asyncio.sleep(0.25)

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await scanned(actor, Protocol.CLAMD, timeout=2.0) == Clean()
        assert loop.time() - began > 2.0

    play(scene)


# ICAP


def test_a_preview_goes_on_after_100() -> None:
    async def actor(visit: Visit) -> None:
        await visit.until(b"\r\n\r\n")
        visit.say(OPTIONS % b"Preview: 4\r\n")
        await visit.until(LAST)
        visit.say(CONTINUE)
        await visit.until(LAST)
        visit.say(UNMODIFIED)
        await visit.gone()

    async def scene() -> None:
        async with (
            FakeScanner(actor) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            assert await client.scan(TASK, content(b"con", b"tent", b" and more")) == Clean()
            sent = fake.visits[0].seen
            assert b"\r\nPreview: 4\r\n" in sent and b"\r\nContent-Length: 16\r\n" in sent
            assert sent.endswith(b"4\r\ncont\r\n0\r\n\r\n3\r\nent\r\n9\r\n and more\r\n0\r\n\r\n")

    play(scene)


def test_the_length_is_found_out_so_that_a_service_may_refuse_at_the_preview() -> None:
    """c-icap passes what is larger than its limit, and says so only where it knows the length."""
    counted: list[int] = []

    def pieces() -> Iterator[bytes]:
        counted.append(1)
        yield from (b"a" * 600, b"b" * 424)

    async def scene() -> None:
        assert await scanned(icap(UNMODIFIED), Protocol.ICAP, pieces) == Clean()
        assert len(counted) == 2

    play(scene)


def test_connections_are_kept_and_options_asked_once() -> None:
    async def scene() -> None:
        async with (
            FakeScanner(icap(*[UNMODIFIED] * 3)) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            for _ in range(3):
                assert await client.scan(TASK, content(b"content")) == Clean()
            assert len(fake.visits) == 1 and fake.visits[0].seen.count(b"OPTIONS ") == 1

    play(scene)


def test_new_signatures_have_options_asked_anew() -> None:
    other = UNMODIFIED.replace(b'"a1"', b'"a2"')

    async def scene() -> None:
        options = OPTIONS % b'ISTag: "a1"\r\n'
        async with (
            FakeScanner(icap(UNMODIFIED, other, UNMODIFIED, options=options)) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            for asked in (1, 1, 2):
                assert await client.scan(TASK, content(b"content")) == Clean()
                assert fake.visits[0].seen.count(b"OPTIONS ") == asked

    play(scene)


def test_options_with_a_ttl_of_nothing_are_asked_each_time() -> None:
    async def scene() -> None:
        options = OPTIONS % b"Options-TTL: 0\r\n"
        async with (
            FakeScanner(icap(UNMODIFIED, UNMODIFIED, options=options)) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            for _ in range(2):
                assert await client.scan(TASK, content(b"content")) == Clean()
            assert fake.visits[0].seen.count(b"OPTIONS ") == 2

    play(scene)


def test_a_kept_connection_that_has_gone_stale_is_replaced() -> None:
    """The scanner closes the first connection as soon as the second scan begins on it."""

    async def actor(visit: Visit) -> None:
        if visit.number == 0:
            await visit.until(b"\r\n\r\n")
            visit.say(OPTIONS % b"")
        await visit.until(LAST)
        visit.say(UNMODIFIED)
        if visit.number == 0:
            await visit.until(LAST)
        else:
            await visit.gone()

    async def scene() -> None:
        async with (
            FakeScanner(actor) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            for _ in range(2):
                assert await client.scan(TASK, content(b"content")) == Clean()
            assert len(fake.visits) == 2

    play(scene)


def test_one_that_answers_nothing_on_a_new_connection_is_asked_no_second_time() -> None:
    async def actor(visit: Visit) -> None:
        if (await visit.until(b"\r\n\r\n")).startswith(b"OPTIONS"):
            visit.say((OPTIONS % b"").replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
            return
        await visit.until(LAST)

    async def scene() -> None:
        async with (
            FakeScanner(actor) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            assert isinstance(await client.scan(TASK, content(b"content")), Unreachable)
            assert len(fake.visits) == 2

    play(scene)


def test_what_is_cured_goes_to_the_sink() -> None:
    mended = returned(b"mended", FOUND.format(1))

    async def scene() -> None:
        sink = io.BytesIO()
        cure = ScanTask(Mode.CURE)
        outcome = await scanned(icap(mended), Protocol.ICAP, task=cure, sink=sink)
        assert (outcome, sink.getvalue()) == (Cured(("Eicar",), 6), b"mended")
        assert await scanned(icap(mended), Protocol.ICAP, task=cure) == Infected(("Eicar",))

    play(scene)


def test_a_service_that_is_none() -> None:
    refusal = b"ICAP/1.0 404 Service not found\r\n\r\n"

    async def scene() -> None:
        outcome = await scanned(icap(b"", options=refusal), Protocol.ICAP)
        assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.ERROR
        assert "404 Service not found" in outcome.text

    play(scene)


@pytest.mark.parametrize(("connections", "said", "most"), [(2, 0, 2), (8, 3, 3)])
def test_no_more_scans_at_once_than_allowed(connections: int, said: int, most: int) -> None:
    """The rest waits for its turn, however long that takes."""
    together = asyncio.Event()

    async def scene() -> None:
        options = OPTIONS % (b"Max-Connections: %d\r\n" % said if said else b"")

        async def actor(visit: Visit) -> None:
            while True:
                if (await visit.until(b"\r\n\r\n")).startswith(b"OPTIONS"):
                    visit.say(options)
                    continue
                await visit.until(LAST)
                if fake.open >= most:
                    together.set()
                await together.wait()
                visit.say(UNMODIFIED)

        async with (
            FakeScanner(actor) as fake,
            trusting(fake.scanner(Protocol.ICAP, connections=connections)) as client,
        ):
            # What the service takes at once is known once it has been asked.
            together.set()
            assert await client.scan(TASK, content(b"x")) == Clean()
            together.clear()
            async with asyncio.TaskGroup() as group:
                scans = [group.create_task(client.scan(TASK, content(b"x"))) for _ in range(12)]
            assert [one.result() for one in scans] == [Clean()] * 12
            assert fake.most == most

    play(scene)


# the proof

FINDS = returned(b"page", FOUND.format(2), status="403 Forbidden", kind="text/html")


def test_a_service_that_finds_nothing_is_not_believed_and_sent_nothing() -> None:
    """c-icap started while clamd was down: 204 to everything, EICAR included."""

    async def scene() -> None:
        async with (
            FakeScanner(icap(UNMODIFIED, UNMODIFIED)) as fake,
            ScannerClient(fake.scanner(Protocol.ICAP), 30) as client,
        ):
            outcome = await client.scan(TASK, content(b"the content"))
            assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.ERROR
            assert "does not find the test virus EICAR" in outcome.text
            assert not any(b"the content" in visit.seen for visit in fake.visits)
            status = await client.status()
            assert not status.answers and "EICAR" in status.text

    play(scene)


@pytest.mark.parametrize("answer", [b"ICAP/1.0 500 Oops\r\n\r\n", CONTINUE, returned(EICAR)])
def test_no_other_answer_is_a_proof(answer: bytes) -> None:
    async def scene() -> None:
        async with (
            FakeScanner(icap(answer, UNMODIFIED)) as fake,
            ScannerClient(fake.scanner(Protocol.ICAP), 30) as client,
        ):
            outcome = await client.scan(TASK, content(b"the content"))
            assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.ERROR

    play(scene)


def test_each_connection_is_proved_once() -> None:
    async def scene() -> None:
        async with (
            FakeScanner(icap(FINDS, UNMODIFIED, UNMODIFIED, UNMODIFIED)) as fake,
            ScannerClient(fake.scanner(Protocol.ICAP), 30) as client,
        ):
            for _ in range(3):
                assert await client.scan(TASK, content(b"content")) == Clean()
            assert [visit.seen.count(EICAR) for visit in fake.visits] == [1]

    play(scene)


def test_a_service_that_closes_after_each_answer_is_proved_before_each_scan() -> None:
    async def actor(visit: Visit) -> None:
        if (await visit.until(b"\r\n\r\n")).startswith(b"OPTIONS"):
            visit.say((OPTIONS % b"").replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
            return
        found = EICAR in await visit.until(LAST)
        closes = b"\r\nConnection: close\r\n"
        visit.say((FINDS if found else UNMODIFIED).replace(b"\r\n", closes, 1))

    async def scene() -> None:
        async with (
            FakeScanner(actor) as fake,
            ScannerClient(fake.scanner(Protocol.ICAP), 30) as client,
        ):
            for scans in (1, 2):
                assert await client.scan(TASK, content(b"content")) == Clean()
                assert sum(EICAR in visit.seen for visit in fake.visits) == scans

    play(scene)


# memory


class Nowhere:
    """A sink that counts."""

    size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)


def test_nothing_is_held_whole() -> None:
    """64 MB go to an ICAP service and come back, within a few."""
    piece = bytes(1 << 16)
    count = 1024
    head = returned(b"", FOUND.format(1), last=b"")

    async def mending(visit: Visit) -> None:
        await visit.until(b"\r\n\r\n")
        visit.say(OPTIONS % b"")
        await visit.until(b"\r\n\r\nHTTP")
        visit.say(head)
        left = count * len(piece)
        while left > 0:
            data = await visit.reader.read(1 << 16)
            left -= len(data)
            visit.say(b"%x\r\n%b\r\n" % (len(data), data))
            await visit.writer.drain()
        visit.say(b"0\r\n\r\n")
        await visit.gone()

    async def scene() -> None:
        sink = Nowhere()
        async with (
            FakeScanner(mending) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            task = ScanTask(Mode.CURE, length=count * len(piece))
            tracemalloc.start()
            try:
                outcome = await client.scan(task, lambda: repeat(piece, count), sink)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert isinstance(outcome, Cured | Infected) and sink.size > 60 << 20
        assert peak < 8 << 20

    play(scene)


# status


def test_status() -> None:
    async def clamd(visit: Visit) -> None:
        await visit.until(b"zVERSION\0")
        visit.say(b"ClamAV 1.4.6/27000\0")

    async def scene() -> None:
        async with (
            FakeScanner(clamd) as fake,
            ScannerClient(fake.scanner(Protocol.CLAMD), 30) as client,
        ):
            status = await client.status()
            assert status.answers and status.text == "ClamAV 1.4.6/27000"
        options = OPTIONS % b'Service: AV 1.0\r\nISTag: "s7"\r\n'
        async with (
            FakeScanner(icap(b"", options=options)) as fake,
            trusting(fake.scanner(Protocol.ICAP)) as client,
        ):
            status = await client.status()
            assert status.answers and status.text == "AV 1.0, s7, RESPMOD"
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            place = HostPort("127.0.0.1", closed.getsockname()[1])
            status = await ScannerClient(Scanner("x", Protocol.CLAMD, place), 5).status()
            assert not status.answers and status.text == "Connection refused"

    play(scene)
