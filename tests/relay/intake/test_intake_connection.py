"""One connection over a transport and a clock of the test, into a real spool."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from relay.intake.connection import LEAST_RATE, Connection
from spooltool.spool.names import SENDER, STATE_DIR, SpoolName
from spooltool.store.message import MessageFile
from tests.relay.intake.house import House, Play, Transport

HELLO = b"EHLO client.example\r\n"
ENVELOPE = (
    b"MAIL FROM:<billing@example.com> BODY=8BITMIME RET=HDRS ENVID=q1\r\n"
    b"RCPT TO:<anna@example.org> NOTIFY=FAILURE\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"
)
HEADER = b"Subject: invoice\r\nFrom: <billing@example.com>\r\n"
MESSAGE = HEADER + b"\r\n..dot\r\n\xe9\xff\r\n.\r\n"


def talk(connection: Connection, transport: Transport, *data: bytes) -> bytes:
    before = len(transport.sent)
    for one in data:
        connection.data_received(one)
    return transport.sent[before:]


def test_a_message_is_spooled_and_acknowledged_by_number(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect("192.0.2.5")
        assert transport.sent == b"554 5.7.1 no mail is accepted from 192.0.2.5\r\n"
        connection, transport = house.connect()
        assert transport.sent == b"220 gate.example.com ESMTP\r\n"
        talk(connection, transport, HELLO)
        assert talk(connection, transport, ENVELOPE).endswith(b".<CRLF>\r\n")
        assert house.files(STATE_DIR) == ["T00000001"], "D_state shows who is sending"
        assert talk(connection, transport, MESSAGE) == b""
        await house.until(lambda: not house.committer.busy)
        await house.until(lambda: b"R00000001" in transport.sent)
        assert transport.sent.endswith(b"250 2.0.0 R00000001 stored\r\n")
        assert house.everywhere == ([], ["R00000001"])
        assert house.wakes == 1
        look_at(house)

    play(scene)


def look_at(house: House) -> None:
    message = MessageFile(house.spool, SpoolName(SENDER, "R", "00000001"))
    envelope = message.envelope
    assert message.digest_ok() is True
    assert envelope.defects == ()
    assert envelope.sender is not None
    assert (envelope.sender.address, envelope.sender.params) == (
        "billing@example.com",
        "BODY=8BITMIME RET=HDRS ENVID=q1",
    )
    assert [(r.address, r.path.params) for r in envelope.recipients] == [
        ("anna@example.org", "NOTIFY=FAILURE"),
        ("bob@example.org", ""),
    ]
    keys = ("SRC", "SPORT", "DST", "DPORT", "ERR_SERVER", "HELO", "PROTO", "RULE")
    assert [envelope.get(key) for key in keys] == [
        *("127.0.0.1", "40000", "10.1.5.2", "25", "10.1.5.2"),
        *("client.example", "ESMTP", "0"),
    ]
    original = message.read(message.parts.original)
    modified = message.read(message.parts.modified)
    assert original == HEADER.replace(b"\r\n", b"\n")
    assert modified.startswith(
        b"Received: from client.example ([127.0.0.1])\n\tby gate.example.com with ESMTP id 00000001"
    )
    assert modified.endswith(b"\n" + original)
    assert message.read(message.parts.body) == b".dot\n\xe9\xff\n"
    message.close()


@pytest.mark.parametrize(
    ("content", "modified_tail", "body"),
    [
        (b"\r\nbody only\r\n", b"", b"body only\n"),
        (b"no header at all\r\n", b"", b"no header at all\n"),
        (b"Subject: only\r\n", b"Subject: only\n", b""),
        (b"", b"", b""),
    ],
)
def test_odd_shapes_of_messages(
    play: Play, content: bytes, modified_tail: bytes, body: bytes
) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, *[bytes([b]) for b in content + b".\r\n"])
        await house.until(lambda: b" stored\r\n" in transport.sent)
        message = MessageFile(house.spool, SpoolName(SENDER, "R", "00000001"))
        assert message.digest_ok() is True
        assert message.part_defects == ()
        received, _, rest = message.read(message.parts.modified).partition(b" +0000\n")
        assert received.startswith(b"Received: ")
        assert rest == modified_tail
        assert message.read(message.parts.body) == body
        message.close()

    play(scene)


def test_a_sync_that_fails_is_451_and_is_not_repeated(play: Play) -> None:
    async def scene(house: House) -> None:
        house.syncer.error = OSError(errno.EIO, "Input/output error")
        both = [house.connect() for _ in range(2)]
        for connection, transport in both:
            talk(connection, transport, HELLO, ENVELOPE, MESSAGE)
        await house.until(lambda: all(b"451" in transport.sent for _, transport in both))
        assert [transport.sent.count(b"250 2.0.0") for _, transport in both] == [0, 0]
        assert house.everywhere == ([], [])
        assert house.syncer.calls == 1, "one batch, synced once"
        assert house.wakes == 0
        connection, transport = both[0]
        talk(connection, transport, ENVELOPE, MESSAGE)
        await house.until(lambda: b" stored\r\n" in transport.sent)
        assert house.everywhere == ([], ["R00000003"])
        assert "not stored: [Errno 5]" in house.elg()

    play(scene)


def test_a_disk_that_is_full_at_the_sync_is_452(play: Play) -> None:
    async def scene(house: House) -> None:
        house.syncer.error = OSError(errno.ENOSPC, "No space left on device")
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, MESSAGE)
        await house.until(lambda: b"452 4.3.1" in transport.sent)
        assert house.everywhere == ([], [])

    play(scene)


def test_messages_that_end_during_a_sync_share_the_next_one(play: Play) -> None:
    async def scene(house: House) -> None:
        guests = [house.connect() for _ in range(20)]
        for connection, transport in guests:
            talk(connection, transport, HELLO, ENVELOPE, MESSAGE)
        await house.until(lambda: all(b" stored\r\n" in transport.sent for _, transport in guests))
        assert house.syncer.calls == 1
        assert len(house.files(SENDER)) == 20
        assert house.wakes == 1

    play(scene)


@pytest.mark.parametrize(
    ("content", "reply"),
    [
        (b"Received: by x\r\n" * 51 + b"\r\nloop\r\n", b"554 5.4.6 too many hops"),
        (
            b"Received: from a by gate.example.com with ESMTP id 1; now\r\n" * 3 + b"\r\n",
            b"554 5.4.6 mail loop",
        ),
        (b"X: y\r\n" * 1001 + b"\r\n", b"554 5.6.0 more than 1000"),
        (b"X: " + b"y" * 900 + b"\r\n" + (b" " + b"z" * 900 + b"\r\n") * 300, b"552 5.3.4"),
        (b"Subject: x\r\n\r\nbare\nline\r\n", b"550 5.6.11"),
        (b"Subject: x\r\n\r\n" + b"y" * 2000 + b"\r\n", b"554 5.6.0"),
    ],
)
def test_content_that_is_refused_leaves_no_file(play: Play, content: bytes, reply: bytes) -> None:
    async def scene(house: House) -> None:
        for cut in (len(content), 777, 4096):
            connection, transport = house.connect()
            talk(connection, transport, HELLO, ENVELOPE)
            pieces = [content[at : at + cut] for at in range(0, len(content), cut)]
            said = talk(connection, transport, *pieces, b".\r\n")
            assert said.startswith(reply)
            assert said.count(b"\r\n") == 1
            assert talk(connection, transport, b"NOOP\r\n") == b"250 2.0.0 ok\r\n"
        assert house.everywhere == ([], [])
        lines = [line for line in house.elg().splitlines() if " refused " in line]
        assert len(lines) == 3
        assert all(f"code={reply[:3].decode()}" in line for line in lines)

    play(scene)


def test_a_connection_lost_in_content_leaves_no_file(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, HEADER, b"\r\nhalf")
        assert house.files(STATE_DIR) == ["T00000001"]
        connection.connection_lost(None)
        assert house.everywhere == ([], [])
        assert "aborted src=127.0.0.1" in house.elg()
        assert not house.intake.guests

    play(scene)


def test_a_client_that_leaves_while_its_message_is_stored_has_sent_it(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, MESSAGE)
        assert connection.eof_received() is True, "the reply still goes out"
        connection.connection_lost(None)
        await house.until(lambda: house.files(SENDER) == ["R00000001"])
        await house.committer.drain()
        await house.until(lambda: " stored " in house.elg())

    play(scene)


def test_a_file_that_cannot_be_made_is_refused_at_the_dot(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO)
        real = os.open

        def no_descriptor(path: str, flags: int, *rest: int, **named: int) -> int:
            if path.startswith("T"):
                raise OSError(errno.EMFILE, "Too many open files")
            return real(path, flags, *rest, **named)

        monkeypatch.setattr(os, "open", no_descriptor)
        talk(connection, transport, ENVELOPE)
        assert talk(connection, transport, MESSAGE).startswith(b"451 4.3.0")
        monkeypatch.undo()
        talk(connection, transport, ENVELOPE, MESSAGE)
        await house.until(lambda: b" stored\r\n" in transport.sent)

    play(scene)


def test_silence_ends_a_connection_and_progress_does_not(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        house.now += 299
        talk(connection, transport, HELLO)
        house.now += 299
        house.intake.tick()
        assert not transport.closing
        house.now += 2
        house.intake.tick()
        assert transport.closing
        assert transport.sent.endswith(b"421 4.4.2 idle for too long\r\n")

    play(scene)


def test_a_trickle_is_no_progress(play: Play) -> None:
    async def scene(house: House) -> None:
        slow = [house.connect() for _ in range(2)]
        talk(*slow[1], HELLO, ENVELOPE)
        honest, transport = house.connect()
        talk(honest, transport, HELLO, ENVELOPE)
        for _ in range(80):
            house.now += 5
            talk(*slow[0], b"N")
            talk(*slow[1], b"x")
            talk(honest, transport, b"y" * int(5 * LEAST_RATE))
            house.intake.tick()
        assert [t.closing for _, t in slow] == [True, True]
        assert not transport.closing
        assert len(house.files(STATE_DIR)) == 1, "the slow one's file is gone"
        honest.connection_lost(None)

    play(scene, max_line=0)


def test_no_deadline_while_a_message_is_stored(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, MESSAGE)
        house.now += 10_000
        house.intake.tick()
        await house.until(lambda: b" stored\r\n" in transport.sent)
        assert not transport.closing
        house.now += 301
        house.intake.tick()
        assert transport.closing

    play(scene)


def test_input_that_runs_ahead_stops_the_reading(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, MESSAGE)
        assert transport.reading
        talk(connection, transport, ENVELOPE)
        assert not transport.reading
        await house.until(lambda: transport.reading)
        talk(connection, transport, MESSAGE)
        await house.until(lambda: transport.sent.count(b" stored\r\n") == 2)

    play(scene)


def test_a_client_that_reads_no_replies_is_not_read(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, MESSAGE)
        connection.pause_writing()
        assert not transport.reading
        await house.until(lambda: b" stored\r\n" in transport.sent)
        assert not transport.reading, "the commit does not make it read"
        connection.resume_writing()
        assert transport.reading

    play(scene)


def test_drain_finishes_the_message_in_hand(play: Play) -> None:
    async def scene(house: House) -> None:
        idle = house.connect()
        busy = house.connect()
        talk(*busy, HELLO, ENVELOPE, HEADER)
        for connection, _ in (idle, busy):
            connection.drain()
        assert idle[1].sent.endswith(b"421 4.3.2 shutting down\r\n")
        assert not busy[1].closing
        talk(*busy, b"\r\nrest\r\n.\r\n")
        await house.until(lambda: busy[1].closing)
        assert busy[1].sent.endswith(b"250 2.0.0 R00000001 stored\r\n421 4.3.2 shutting down\r\n")

    play(scene)


def test_shut_ends_a_message_that_is_not_complete(play: Play) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE, HEADER)
        connection.drain()
        connection.shut()
        assert transport.sent.endswith(b"421 4.3.2 shutting down\r\n")
        assert house.everywhere == ([], [])
        await asyncio.sleep(0)

    play(scene)


def test_clients_are_counted_in_all_and_by_address(play: Play) -> None:
    async def scene(house: House) -> None:
        first, _ = house.connect()
        assert house.intake.room_for("127.0.0.1")
        house.connect()
        assert not house.intake.room_for("127.0.0.1")
        assert house.intake.room_for("127.0.0.2")
        house.connect("127.0.0.2")
        assert not house.intake.room_for("127.0.0.3")
        first.connection_lost(None)
        assert house.intake.room_for("127.0.0.1")

    play(scene, max_clients=3, max_clients_per_address=2)


@pytest.mark.parametrize(
    ("parameters", "content", "reply"),
    [
        ({"max_header_fields": 10}, b"X: y\r\n" * 11 + b"\r\n", b"554 5.6.0 more than 10"),
        ({"max_header_size": 1024}, b"X: y\r\n" * 300 + b"\r\n", b"552 5.3.4"),
        ({"max_line": 2000}, b"\r\n" + b"y" * 2001 + b"\r\n", b"554 5.6.0"),
        ({"max_hops": 3}, b"Received: by x\r\n" * 4 + b"\r\n", b"554 5.4.6 too many hops"),
        ({"max_line": 2000}, b"\r\n" + b"y" * 2000 + b"\r\n", b""),
        ({"max_hops": 3}, b"Received: by x\r\n" * 3 + b"\r\n", b""),
    ],
)
def test_limits_of_content_are_those_of_the_configuration(
    play: Play, parameters: dict[str, int], content: bytes, reply: bytes
) -> None:
    async def scene(house: House) -> None:
        connection, transport = house.connect()
        talk(connection, transport, HELLO, ENVELOPE)
        said = talk(connection, transport, content, b".\r\n")
        if reply:
            assert said.startswith(reply)
        else:
            await house.until(lambda: transport.sent.endswith(b" stored\r\n"))

    play(scene, **parameters)
