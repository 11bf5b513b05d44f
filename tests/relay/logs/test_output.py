"""Entries on their way to a log server: sockets of all kinds, servers that are away or leave."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.logs.output import Output
from relay.logs.process_log import ProcessLog
from spooltool.logs.entry import Entry, Source
from spooltool.logs.log_target import LogTarget, parse_target
from tests.harness.process import wait_until


def _entry(number: int) -> Entry:
    return Entry(Source.TRACKER, 1795543999.0, "gw1", "mdq", 1, "delivered", f"{number:08d}")


def _target(text: str) -> LogTarget:
    target = parse_target(text)
    assert target is not None
    return target


def _ids(data: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb" delivered \[[^]]* id=\"(\d{8})\"", data)]


class Said:
    """What an output complains of."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A TCP server's listening socket."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(30)
        yield made


def _tcp(listener: socket.socket) -> LogTarget:
    return _target(f"tcp:127.0.0.1:{listener.getsockname()[1]}")


def _counted(connection: socket.socket, number: int) -> list[bytes]:
    """So many messages, each after its length (RFC 6587 3.4.1)."""
    connection.settimeout(30)
    found = []
    with connection.makefile("rb") as file:
        for _ in range(number):
            length = b""
            while (digit := file.read(1)) != b" ":
                assert digit.isdigit()
                length += digit
            found.append(file.read(int(length)))
    return found


@pytest.mark.parametrize("way", ["unix", "udp", "journald"])
def test_one_datagram_an_entry(tmp_path: Path, way: str, said: Said) -> None:
    if way == "udp":
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        target = _target(f"udp:127.0.0.1:{server.getsockname()[1]}")
    else:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(str(tmp_path / "log"))
        target = _target(f"{way}:{tmp_path}/log")
    with server:
        server.settimeout(30)
        output = Output(target, complain=said)
        for number in range(3):
            output.tell(_entry(number))
        got = [server.recv(65536) for _ in range(3)]
        output.close()
    if way == "journald":
        assert [b"\nRELAY_ID=%08d\n" % number in data for number, data in enumerate(got)] == [
            True
        ] * 3
    else:
        assert [_ids(data) for data in got] == [[0], [1], [2]]
    assert said.texts == []


def test_messages_over_tcp_are_counted(listener: socket.socket, said: Said) -> None:
    output = Output(_tcp(listener), complain=said)
    for number in range(100):
        output.tell(_entry(number))
    connection, _ = listener.accept()
    with connection:
        assert _ids(b"\n".join(_counted(connection, 100))) == list(range(100))
        output.close()
    assert said.texts == []


def test_a_connection_that_the_server_closed_is_opened_anew_at_once(
    listener: socket.socket, said: Said
) -> None:
    output = Output(_tcp(listener), complain=said)
    for number in range(3):
        output.tell(_entry(number))
        connection, _ = listener.accept()
        assert _ids(_counted(connection, 1)[0]) == [number]
        connection.close()
    output.close()
    assert said.texts == []


def test_a_server_that_is_away_costs_entries_and_nobody_waits(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "log"
    output = Output(_target(f"unix:{path}"), most=50, first_pause=0.01, complain=said)
    for number in range(80):
        output.tell(_entry(number))
    wait_until(lambda: bool(said.texts), what="the complaint")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(30)
        got = [number for _ in range(50) for number in _ids(server.recv(65536))]
        wait_until(lambda: len(said.texts) == 2, what="the end of the trouble")
        output.close()
    assert got == list(range(50))
    assert said.texts == [
        f"unix:{path}: No such file or directory; log entries wait for it",
        f"unix:{path}: takes log entries again, 30 were lost",
    ]


def test_a_server_that_takes_nothing_holds_nobody_up(listener: socket.socket, said: Said) -> None:
    """It accepts no connection and reads no byte: everybody goes on, whatever the number."""
    output = Output(_tcp(listener), most=100, complain=said)
    for number in range(50_000):
        output.tell(_entry(number))
    connection, _ = listener.accept()
    connection.close()
    output.close()


def test_the_end_does_not_wait_for_a_server_that_is_away(tmp_path: Path, said: Said) -> None:
    output = Output(_target(f"unix:{tmp_path}/log"), complain=said)
    for number in range(3):
        output.tell(_entry(number))
    wait_until(lambda: bool(said.texts), what="the complaint")
    output.close()
    assert said.texts[-1] == f"unix:{tmp_path}/log: 3 log entries were lost"


def test_what_waits_is_sent_before_the_end(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        output = Output(_target(f"unix:{tmp_path}/log"))
        output.tell(_entry(7))
        output.close()
        assert _ids(server.recv(65536, socket.MSG_DONTWAIT)) == [7]


def test_an_entry_that_is_too_large_is_left_out(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(_target(f"unix:{tmp_path}/log"), complain=said)
    send = output._transport.send

    def picky(entry: Entry) -> None:
        if entry.id == "00000001":
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        send(entry)

    monkeypatch.setattr(output._transport, "send", picky)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        server.settimeout(30)
        for number in range(3):
            output.tell(_entry(number))
        assert [_ids(server.recv(65536)) for _ in range(2)] == [[0], [2]]
        output.close()
    assert said.texts == [f"unix:{tmp_path}/log: takes log entries again, 1 were lost"]


@pytest.mark.parametrize("all_lines", [False, True])
def test_records_and_alerts_are_told_and_other_lines_if_asked(
    tmp_path: Path, all_lines: bool
) -> None:
    told: list[Entry] = []

    class Kept(Output):
        def tell(self, entry: Entry) -> None:
            told.append(entry)

    output = Kept(_target("journald"))
    log = ProcessLog(
        str(tmp_path), "mdq", outputs=[output], all_lines=all_lines, clock=lambda: 5.0
    )  # fmt: skip
    log.event("001njqb0", "put-off", host="10.0.0.1", tls=None)
    log.track("put-off", "001njqb0", sender="a@b", to="c@d", reason="451 later", proxy="")
    log.alert("look", "001njqb0", errno=5)
    log.limit()
    log.close()
    tracked = (("from", "a@b"), ("to", "c@d"), ("Reason", "451 later"))
    wanted = [
        (Source.EVENT, "put-off", "001njqb0", (("host", "10.0.0.1"),), ""),
        (Source.TRACKER, "put-off", "001njqb0", tracked, ""),
        (Source.ALERT, "alert", "001njqb0", (("errno", "5"),), "look"),
        (Source.EVENT, "scan-stop", "", (), told[-1].text),
    ]
    if not all_lines:
        wanted = wanted[1:3]
    assert [(one.source, one.word, one.id, one.fields, one.text) for one in told] == wanted
    assert {(one.process, one.time, one.pid) for one in told} == {("mdq", 5.0, os.getpid())}
