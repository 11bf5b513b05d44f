"""The entrance: headers of proxies taken to the octet, and what is handed on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relay.intake import entrance as module
from relay.intake.connection import Connection
from relay.intake.entrance import Entrance, redirected_from
from relay.policy.origin import Origin
from relay.smtp.proxy_header import SIGNATURE
from spooltool.spool.hosts import HostPort
from spooltool.spool.names import SENDER
from tests.relay.intake.house import House, Play, Transport

PROXY = ("127.0.0.1", 50123)
ELSEWHERE = ("10.7.7.7", 50124)
HEADER = b"PROXY TCP4 10.1.0.7 203.0.113.25 40123 2525\r\n"
CLIENT_HELLO = bytes.fromhex("16030100a5010000a10303") + b"\r\nPROXY \0"
SPOKEN = ("10.1.0.7", 40123)
MEANT = HostPort("203.0.113.25", 2525)
BY_PROXY = {"proxy_from": ("127.0.0.0/8",), "dst": "", "original_destination": "proxy"}
BY_PROXY |= {"default_server": "10.1.5.9", "accept_from": ("10.1.0.0/16",)}


@dataclass(slots=True)
class Door:
    """An entrance whose connections are pairs of sockets, and what it handed on."""

    house: House
    deadline: float = 20.0
    admitted: list[tuple[socket.socket, tuple[str, int], Origin]] = field(default_factory=list)
    ends: list[socket.socket] = field(default_factory=list)
    entrance: Entrance = field(init=False)

    def __post_init__(self) -> None:
        self.entrance = Entrance(
            self.house.intake,
            (),
            lambda *one: self.admitted.append(one),
            header_deadline=self.deadline,
        )

    def arrive(self, peer: tuple[str, int] = PROXY) -> socket.socket:
        """A connection from there; its far end."""
        near, far = socket.socketpair()
        far.settimeout(20)
        self.ends.append(far)
        self.entrance.arrived(near, peer)
        return far

    def close(self) -> None:
        for sock in (*self.ends, *(one[0] for one in self.admitted)):
            sock.close()


async def heard(far: socket.socket) -> bytes:
    """What comes next; b"" when the connection is closed, with octets unread or without."""
    far.setblocking(False)
    try:
        return await asyncio.get_running_loop().sock_recv(far, 100)
    except ConnectionResetError:
        return b""


@pytest.fixture
def doors() -> Iterator[list[Door]]:
    made: list[Door] = []
    yield made
    for door in made:
        door.close()


@pytest.mark.parametrize("behind", [b"", b"EHLO client.example\r\n", CLIENT_HELLO])
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_not_one_octet_behind_the_header_is_taken(
    play: Play, doors: list[Door], behind: bytes, step: int
) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        far = door.arrive()
        whole = HEADER + behind
        for at in range(0, len(whole), step):
            far.send(whole[at : at + step])
            await asyncio.sleep(0)
        await house.until(lambda: bool(door.admitted))
        sock, client, origin = door.admitted[0]
        assert (client, origin) == (SPOKEN, Origin(MEANT, HostPort(*PROXY), at=MEANT.host))
        far.close()
        rest = b""
        while chunk := sock.recv(64):
            rest += chunk
        assert rest == behind
        assert house.intake.waiting == 0

    play(scene, **BY_PROXY)


def test_from_elsewhere_a_header_is_never_read(play: Play, doors: list[Door]) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        far = door.arrive(ELSEWHERE)
        assert [one[1:] for one in door.admitted] == [(ELSEWHERE, Origin())]
        far.send(HEADER)
        assert door.admitted[0][0].recv(4096) == HEADER

    play(scene, **BY_PROXY)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"EHLO client.example\r\n", "neither version 1 nor version 2"),
        (SIGNATURE + b"\x21\x11\xff\xff", "65535 octets announced, more than 2048"),
        (HEADER[:20], "closed within the PROXY header"),
    ],
)
def test_without_a_header_a_proxy_is_shut_out_in_silence(
    play: Play, doors: list[Door], sent: bytes, why: str
) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        far = door.arrive()
        far.send(sent)
        far.shutdown(socket.SHUT_WR)
        assert await heard(far) == b""
        assert door.admitted == []
        assert house.intake.waiting == 0
        assert f"refused src=127.0.0.1 verb=proxy reason={why!r}".replace("'", '"') in house.elg()

    play(scene, **BY_PROXY)


def test_a_connection_that_says_nothing_leaves_no_line(play: Play, doors: list[Door]) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        door.arrive().close()
        await house.until(lambda: house.intake.waiting == 0)
        assert "refused" not in house.elg()

    play(scene, **BY_PROXY)


def test_a_slow_header_meets_its_deadline(play: Play, doors: list[Door]) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house, deadline=0.02))
        far = door.arrive()
        far.send(HEADER[:-1])
        assert await heard(far) == b""
        assert door.admitted == []
        assert "no PROXY header within 0.02 s" in house.elg()

    play(scene, **BY_PROXY)


def test_what_waits_counts_and_is_dropped_at_the_end(play: Play, doors: list[Door]) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        first, second = door.arrive(), door.arrive()
        assert house.intake.waiting == 2
        assert not house.intake.room_for("10.1.0.7")
        third = door.arrive()
        assert third.recv(100).startswith(b"421 4.7.0 ")
        assert third.recv(100) == b""
        door.entrance.close()
        await house.until(lambda: house.intake.waiting == 0)
        assert (first.recv(100), second.recv(100)) == (b"", b"")
        assert door.admitted == []

    play(scene, **BY_PROXY, max_clients=2)


@pytest.mark.parametrize(
    "header",
    [b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\x00\0\0", SIGNATURE + b"\x21\x00\0\0"],
    ids=["unknown", "local", "unspecified"],
)
def test_a_proxy_may_speak_for_itself(play: Play, doors: list[Door], header: bytes) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        door.arrive().send(header)
        await house.until(lambda: bool(door.admitted))
        assert door.admitted[0][1:] == (PROXY, Origin(None, HostPort(*PROXY)))

    play(scene, **BY_PROXY)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.5"])
def test_a_destination_that_is_none_is_not_redirected(
    play: Play, doors: list[Door], address: str
) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        door.arrive().send(f"PROXY TCP4 10.1.0.7 {address} 40123 25\r\n".encode())
        await house.until(lambda: bool(door.admitted))
        assert door.admitted[0][2].destination is None

    play(scene, **BY_PROXY)


def test_with_off_the_header_gives_the_client_alone(play: Play, doors: list[Door]) -> None:
    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        door.arrive().send(HEADER)
        await house.until(lambda: bool(door.admitted))
        assert door.admitted[0][1:] == (SPOKEN, Origin(None, HostPort(*PROXY)))

    play(scene, proxy_from=("127.0.0.1",))


def test_what_cannot_be_told_is_put_off(
    play: Play, doors: list[Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(sock: socket.socket, ipv6: bool) -> None:
        raise OSError(105, "No buffer space available")

    monkeypatch.setattr(module, "redirected_from", fails)

    async def scene(house: House) -> None:
        doors.append(door := Door(house))
        far = door.arrive(ELSEWHERE)
        assert far.recv(200).startswith(b"421 4.3.0 ")
        assert door.admitted == []
        assert "no original destination: No buffer space available" in house.elg()

    play(scene, **{**BY_PROXY, "original_destination": "redirect"})


MAIL = (
    b"EHLO gate.example.com\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"
    b"DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n"
)


def converse(house: House, origin: Origin, said: bytes = MAIL) -> Transport:
    """One connection of the client for which a proxy spoke."""
    connection, transport = Connection(house.intake, *SPOKEN, origin), Transport()
    house.intake.opened(connection)
    connection.connection_made(transport)
    for line in said.splitlines(keepends=True):
        connection.data_received(line)
    return transport


def test_the_spool_file_names_the_client_and_where_it_was_going(play: Play) -> None:
    async def scene(house: House) -> None:
        transport = converse(house, Origin(MEANT, HostPort(*PROXY)))
        await house.until(lambda: b"250 2.0.0" in transport.sent)
        (name,) = house.files(SENDER)
        text = Path(house.spool.path, SENDER, name).read_text()
        for line in (
            "SRC:\t10.1.0.7\n",
            "SPORT:\t40123\n",
            "DST:\t203.0.113.25\n",
            "DPORT:\t2525\n",
            "ERR_SERVER:\t203.0.113.25:2525\n",
            "Received: from gate.example.com ([10.1.0.7])",
        ):
            assert line in text
        assert "127.0.0.1" not in text
        assert " proxy=127.0.0.1:50123" in house.elg()
        track = Path(house.spool.path, ".spooltool/log/tracker.log").read_text()
        for pair in ("src: 10.1.0.7;", "dst: 203.0.113.25;", "service: 2525;", "proxy: "):
            assert pair in track

    play(scene, **BY_PROXY)


def test_own_delivery_redirected_to_us_is_put_off(play: Play) -> None:
    async def scene(house: House) -> None:
        transport = converse(house, Origin(MEANT, from_here=True))
        assert transport.sent.splitlines()[-1].startswith(b"451 4.4.6 this is our own delivery")
        assert house.everywhere == ([], [])
        assert "verb=data code=451" in house.elg()
        stranger = converse(house, Origin(MEANT, from_here=True), MAIL.replace(b"gate", b"pc"))
        await house.until(lambda: b"250 2.0.0" in stranger.sent)

    play(scene, **BY_PROXY)


def test_a_refused_client_is_logged_with_its_proxy(play: Play) -> None:
    async def scene(house: House) -> None:
        transport = converse(house, Origin(MEANT, HostPort(*PROXY)), b"")
        assert transport.sent.startswith(b"554 5.7.1 no mail is accepted from 10.1.0.7")
        assert "proxy=127.0.0.1:50123" in house.elg()

    play(scene, **{**BY_PROXY, "accept_from": ("10.2.0.0/16",)})


@pytest.mark.parametrize(("dual", "hosts"), [(False, ["::"]), (True, ["::", "0.0.0.0"])])
def test_a_socket_of_systemd_may_take_both_kinds(dual: bool, hosts: list[str]) -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=dual) as one:
        assert [found.host for found in module._addresses_of(one)] == hosts


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_connection_that_nothing_redirected(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        address = listening.getsockname()[:2]
        with socket.create_connection(address), listening.accept()[0] as sock:
            # With connection tracking the kernel names the very address that was asked for.
            assert redirected_from(sock, ":" in host) in (None, HostPort(*address))
