"""STARTTLS and TLS from the start, over real sockets: what acts, what does not, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from relay.config import Config, load
from relay.intake.connection import Connection
from relay.intake.settings import settings_of
from relay.tls.certificate import CertificateFiles, server_context
from spooltool.spool.names import SENDER, SpoolName
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool
from tests.harness.certificates import Authority, Pair, TlsClient
from tests.relay.intake.house import House
from tests.relay.smtp.test_smtp_smuggling import ENDINGS, FORGED

ENVELOPE = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
CONTENT = b"Subject: x\r\n\r\nhello\r\n.\r\n"


class Door:
    """An intake behind a listening socket, in one loop with its clients."""

    def __init__(self, house: House, authority: Authority, tls_first: bool) -> None:
        self.house = house
        self.authority = authority
        self.connections: list[Connection] = []
        self._clients: list[TlsClient] = []
        self.port = 0
        self._tls_first = tls_first

    def _made(self) -> Connection:
        connection = Connection(self.house.intake, "127.0.0.1", 40000, tls_first=self._tls_first)
        self.house.intake.opened(connection)
        self.connections.append(connection)
        return connection

    async def open(self) -> asyncio.AbstractServer:
        loop = asyncio.get_running_loop()
        tls = self.house.intake.settings.tls if self._tls_first else None
        server = await loop.create_server(self._made, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def client(self) -> TlsClient:
        client = await TlsClient.connect(self.port, self.authority.context())
        self._clients.append(client)
        return client

    async def leave(self) -> None:
        """Let every client go, and wait until the house is empty."""
        for client in self._clients:
            client.close()
        await self.house.until(lambda: not self.house.intake.guests)

    async def greeted(self) -> TlsClient:
        """A client that was told to start TLS."""
        client = await self.client()
        assert await client.reply() == b"220 gate.example.com ESMTP\r\n"
        assert b"250-STARTTLS" in (await client.say(b"EHLO c")).replace(b"250 S", b"250-S")
        assert await client.say(b"STARTTLS") == b"220 2.0.0 ready to start TLS\r\n"
        return client

    async def secured(self) -> TlsClient:
        client = await self.greeted()
        await client.handshake()
        return client


Scene = Callable[[Door], Awaitable[None]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("gate.example.com")


@pytest.fixture(params=["uvloop", "asyncio"])
def play(
    request: pytest.FixtureRequest, spool: Spool, authority: Authority, pair: Pair
) -> Callable[..., None]:
    def run(scene: Scene, *, tls_first: bool = False, **parameters: object) -> None:
        loaded = load("", {"rundir": spool.path, "dst": "10.1.5.2", "hostname": "gate.example.com"})
        assert isinstance(loaded, Config)
        config = replace(loaded, **parameters)  # type: ignore[arg-type]
        pem = CertificateFiles().read(str(pair.certificate), str(pair.key))
        assert pem is not None

        async def whole() -> None:
            house = House(spool, config)
            house.intake.now = asyncio.get_running_loop().time
            house.intake.settings = settings_of(config, server_context(pem, "1.2"))
            door = Door(house, authority, tls_first)
            server = await door.open()
            try:
                async with asyncio.timeout(60):
                    await scene(door)
            finally:
                server.close()
                await door.leave()
                await house.committer.drain()
                house.close()

        (uvloop.run if request.param == "uvloop" else asyncio.run)(whole())

    return run


def test_what_comes_by_starttls_says_so(play: Callable[..., None]) -> None:
    async def scene(door: Door) -> None:
        client = await door.secured()
        assert await client.say(b"MAIL FROM:<a@example.com>") == b"503 5.5.1 EHLO or HELO first\r\n"
        assert b"STARTTLS" not in await client.say(b"EHLO client.example")
        await client.send(ENVELOPE + CONTENT)
        assert [(await client.reply())[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert await client.reply() == b"250 2.0.0 R00000001 stored\r\n"
        version, (name, _, bits) = client.tls.version(), client.tls.cipher() or ("", "", 0)
        message = MessageFile(door.house.spool, SpoolName(SENDER, "R", "00000001"))
        assert message.envelope.get("PROTO") == f"ESMTPS {version} {name}"
        head = message.read(message.parts.modified).decode()
        message.close()
        assert "with ESMTPS id 00000001" in head
        assert f"(using {version} with cipher {name} ({bits} bits))" in head.replace("\n\t", " ")
        assert f"proto=ESMTPS tls={version}:{name}" in door.house.elg()
        assert await client.say(b"QUIT") == b"221 2.0.0 bye\r\n"
        assert await client.ends()

    play(scene)


def test_tls_from_the_start(play: Callable[..., None]) -> None:
    async def scene(door: Door) -> None:
        client = await door.client()
        await client.handshake()
        assert await client.reply() == b"220 gate.example.com ESMTP\r\n"
        assert b"STARTTLS" not in await client.say(b"EHLO client.example")
        await client.send(ENVELOPE + CONTENT)
        assert [(await client.reply())[:3] for _ in range(4)] == [b"250", b"250", b"354", b"250"]

    play(scene, tls_first=True, tls_required=True)


@pytest.mark.parametrize("bytewise", [False, True])
def test_what_comes_with_the_last_word_of_the_handshake_counts(
    play: Callable[..., None], bytewise: bool
) -> None:
    async def scene(door: Door) -> None:
        client = await door.greeted()
        await client.handshake(b"EHLO client.example\r\n" + ENVELOPE, bytewise=bytewise)
        assert (await client.reply()).endswith(b"250 DSN\r\n")
        assert [(await client.reply())[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        await client.send(CONTENT, bytewise=bytewise)
        assert await client.reply() == b"250 2.0.0 R00000001 stored\r\n"

    play(scene)


INJECTED = [
    b"MAIL FROM:<forged@example.org>\r\n",
    b"EHLO x\r\n" + ENVELOPE + CONTENT,
    b"RSET\r\nQUIT\r\n",
    b"MAIL FR",
    b"\r\n",
    b"\x16\x03\x01",
]


@pytest.mark.parametrize("injected", INJECTED)
@pytest.mark.parametrize("together", [True, False])
def test_what_was_sent_in_clear_never_acts_under_tls(
    play: Callable[..., None], injected: bytes, together: bool
) -> None:
    async def scene(door: Door) -> None:
        client = await door.client()
        await client.reply()
        await client.say(b"EHLO c")
        if together:
            await client.send(b"STARTTLS\r\n" + injected)
            assert (await client.reply())[:3] == b"554"
        else:
            assert (await client.say(b"STARTTLS"))[:3] == b"220"
            await client.send(injected)
            with pytest.raises(OSError):
                await client.handshake(b"NOOP\r\n")
        assert await client.ends()
        assert door.house.everywhere == ([], [])
        await door.house.until(lambda: not door.house.intake.guests)
        assert ("tls-failed" in door.house.elg()) is not together

    # The beginning of a record makes the server wait for the rest of it.
    play(scene, client_idle=1 if injected.startswith(b"\x16") else 300)


def test_each_octet_of_a_command_after_220_spoils_the_handshake(play: Callable[..., None]) -> None:
    async def scene(door: Door) -> None:
        for count in (1, 2, 3, 4, 5, 6, 12):
            client = await door.greeted()
            with pytest.raises(OSError):
                await client.send(b"NOOP\r\nNOOP\r\n"[:count], bytewise=True)
                await client.handshake()
            client.close()

    play(scene)


def test_a_handshake_that_is_too_slow_ends_with_a_line_in_the_log(
    play: Callable[..., None],
) -> None:
    async def scene(door: Door) -> None:
        client = await door.greeted()
        await client.send(b"\x16\x03\x01\x02\x00")
        assert await client.ends()
        await door.house.until(lambda: not door.house.intake.guests)
        assert 'tls-failed src=127.0.0.1 text="no TLS handshake within 1 s"' in door.house.elg()

    play(scene, client_idle=1)


def test_a_client_that_leaves_in_the_handshake(play: Callable[..., None]) -> None:
    async def scene(door: Door) -> None:
        client = await door.greeted()
        client.close()
        await door.house.until(lambda: not door.house.intake.guests)
        assert "connection lost in the TLS handshake" in door.house.elg()

    play(scene)


def test_the_service_ends_in_the_middle_of_a_handshake(play: Callable[..., None]) -> None:
    async def scene(door: Door) -> None:
        client = await door.greeted()
        door.connections[0].drain()
        assert await client.ends()
        await door.house.until(lambda: not door.house.intake.guests)
        assert "tls-failed" not in door.house.elg()

    play(scene)


def test_tls_is_required(play: Callable[..., None]) -> None:
    async def scene(door: Door) -> None:
        client = await door.client()
        await client.reply()
        await client.say(b"EHLO c")
        refusal = b"530 5.7.0 must issue a STARTTLS command first\r\n"
        assert await client.say(b"MAIL FROM:<a@example.com>") == refusal
        await client.say(b"STARTTLS")
        await client.handshake()
        await client.say(b"EHLO c")
        assert (await client.say(b"MAIL FROM:<a@example.com>"))[:3] == b"250"

    play(scene, tls_required=True)


def test_the_end_of_tls_in_a_message_is_the_end_of_the_message(play: Callable[..., None]) -> None:
    async def scene(door: Door) -> None:
        for graceful in (True, False):
            client = await door.secured()
            await client.say(b"EHLO c")
            await client.send(ENVELOPE + CONTENT[:-3])
            await door.house.until(lambda: bool(door.house.everywhere[0]))
            if graceful:
                with pytest.raises(OSError):
                    client.tls.unwrap()
                client.writer.write(client.cipher(b""))
            client.close()
            await door.house.until(lambda: not door.house.intake.guests)
            assert door.house.everywhere == ([], [])

    play(scene)


def test_a_new_certificate_leaves_a_running_session_alone(
    play: Callable[..., None], authority: Authority, tmp_path: Path
) -> None:
    async def scene(door: Door) -> None:
        client = await door.secured()
        renewed = authority.issue("renewed.example.com")
        pem = CertificateFiles().read(str(renewed.certificate), str(renewed.key))
        assert pem is not None
        settings = door.house.intake.settings
        door.house.intake.settings = replace(settings, tls=server_context(pem, "1.2"))
        other = await door.secured()
        names = [one.tls.getpeercert()["subjectAltName"] for one in (client, other)]  # type: ignore[index]
        assert names == [(("DNS", "gate.example.com"),), (("DNS", "renewed.example.com"),)]
        for one in (client, other):
            assert (await one.say(b"EHLO c"))[:3] == b"250"

    play(scene)


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_odd_ends_of_data_under_tls(play: Callable[..., None], cut: int) -> None:
    """Whole, in two records split in the middle, and octet by octet: nothing is smuggled."""

    async def scene(door: Door) -> None:
        for ending in ENDINGS:
            client = await door.secured()
            await client.say(b"EHLO c")
            await client.send(ENVELOPE)
            for _ in range(3):
                await client.reply()
            half = len(ending) // 2
            parts = {
                0: [b"one" + ending + FORGED],
                1: [b"one" + ending[:half], ending[half:] + FORGED],
                2: [b"one", *(bytes([octet]) for octet in ending), FORGED],
            }[cut]
            before = len(door.house.files(SENDER))
            for part in parts:
                await client.send(part)
            await client.send(b"\r\n.\r\n")
            assert (await client.reply())[:3] in (b"250", b"550", b"554"), ending
            assert (await client.say(b"QUIT"))[:3] == b"221", ending
            assert len(door.house.files(SENDER)) - before <= 1
            client.close()

    play(scene)
