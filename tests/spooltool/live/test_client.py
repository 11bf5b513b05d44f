"""The control client, beside a real Unix socket."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from spooltool.control import (
    Accepted,
    Done,
    Kick,
    Kicked,
    Order,
    Refused,
    Reload,
    Resume,
    Resumed,
    Status,
    StatusWanted,
    Suspend,
    Suspended,
    Yield,
    Yielded,
    decode_request,
    encode_reply,
)
from spooltool.errors import ExitCode, NotPermitted, RelayUnreachable, SpooltoolError
from spooltool.live import client as control
from spooltool.live.client import ControlClient

ORDER = Order("*.example.de", 1795543999.5, 1795550000.0, "jo", "migration", 119)


class FakeRelay:
    """Answers each request by `answer`, in a thread; remembers the requests."""

    def __init__(self, spool, answer):
        self.requests = []
        self._answer = answer
        own = spool / ".spooltool"
        own.mkdir(parents=True)
        self._directory = os.open(own, os.O_PATH | os.O_DIRECTORY)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"/proc/self/fd/{self._directory}/control")
        self._listener.listen(8)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                self._talk(connection, lines)

    def _talk(self, connection, lines):
        try:
            for line in lines:
                self.requests.append(decode_request(line))
                answer = self._answer(self.requests[-1])
                if answer is None:
                    return
                connection.sendall(answer)
        except ConnectionError:
            return  # the client had enough

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        os.close(self._directory)


@pytest.fixture
def relay(tmp_path):
    started = []

    def start(answer, spool=None):
        spool = spool or tmp_path / "spool"
        started.append(FakeRelay(spool, answer))
        return started[-1], spool

    yield start
    for one in started:
        one.close()


def _good(request):
    match request:
        case Kick():
            number = len(request.ids or ())
            slow = number > 100
            return encode_reply(Kicked(number, number if slow else 0, 12.0 if slow else 0.0))
        case StatusWanted():
            return encode_reply(Status(pid=7, host="gw1"))
        case Yield():
            return encode_reply(Yielded(request.ids[1:], request.ids[:1], ()))
        case Suspend():
            return encode_reply(Suspended(ORDER))
        case Resume():
            return encode_reply(Resumed(("a",), ("b",), 3, 1))
        case _:
            return encode_reply(Accepted())


def test_every_question_over_one_connection(relay):
    server, spool = relay(_good)
    with ControlClient(spool) as client:
        assert client.status() == Status(pid=7, host="gw1")
        assert client.kick(ids=["1", "2"]) == Kicked(2)
        assert client.yield_(["1", "2"], 5) == Yielded(("2",), ("1",), ())
        client.done(["1"])
        client.reload()
        assert client.suspend("*.example.de", 60.0, who="jo" * 99, why="x").order == ORDER
        assert client.resume(["a", "b"]) == Resumed(("a",), ("b",), 3, 1)
        client.resume(None)
    assert server.requests == [
        StatusWanted(),
        Kick(ids=("1", "2")),
        Yield(("1", "2"), 5.0),
        Done(("1",)),
        Reload(),
        Suspend("*.example.de", 60.0, ("jo" * 99)[:64], "x"),
        Resume(("a", "b")),
        Resume(everything=True),
    ]


def test_each_function_over_a_connection_of_its_own(relay):
    server, spool = relay(_good)
    assert control.status(spool).pid == 7
    assert control.kick(spool, everything=True) == Kicked(0)
    assert control.kick(spool, host="a:25", rate=2.0) == Kicked(0)
    assert control.yield_(spool, ["1"]) == Yielded((), ("1",), ())
    control.done(spool, ["1"])
    assert server.requests == [
        StatusWanted(),
        Kick(everything=True),
        Kick(host="a:25", rate=2.0),
        Yield(("1",), 60.0),
        Done(("1",)),
    ]


def test_a_long_list_is_asked_in_parts_and_answered_as_one(relay):
    server, spool = relay(_good)
    ids = [f"{number:08d}" for number in range(20000)]
    with ControlClient(spool) as client:
        assert client.kick(ids=ids, rate=0.5) == Kicked(20000, 20000, 12.0)
        answer = client.yield_(ids)
    assert sorted(answer.released + answer.busy) == ids
    assert len(answer.busy) == len(server.requests) // 2 == 4


def test_a_spool_whose_path_is_longer_than_a_socket_may_have(relay, tmp_path):
    _, spool = relay(_good, tmp_path / ("d" * 150) / "spool")
    assert control.status(spool).pid == 7


def test_a_reply_in_pieces_and_two_in_one(relay):
    line = encode_reply(Status(pid=7))
    held = [line[:5], line[5:] + line[:9], line[9:]]
    _, spool = relay(lambda request: held.pop(0) + (held.pop(0) if len(held) == 2 else b""))
    with ControlClient(spool) as client:
        assert client.status() == client.status() == Status(pid=7)


def test_no_spool_and_no_relay(tmp_path):
    for make in (lambda: None, (tmp_path / ".spooltool").mkdir):
        make()
        with pytest.raises(RelayUnreachable, match="not running") as caught:
            control.status(tmp_path)
        assert caught.value.exit_code == ExitCode.NO_RELAY


def test_a_socket_that_nobody_listens_on(tmp_path, monkeypatch):
    (tmp_path / ".spooltool").mkdir()
    monkeypatch.chdir(tmp_path / ".spooltool")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind("control")
    with pytest.raises(RelayUnreachable, match="not running"):
        control.status(tmp_path)


@pytest.mark.parametrize("what", ["file", "link", "directory link"])
def test_what_is_no_socket_is_not_talked_to(tmp_path, what):
    own = tmp_path / ".spooltool"
    if what == "directory link":
        (tmp_path / "elsewhere").mkdir()
        own.symlink_to(tmp_path / "elsewhere")
    else:
        own.mkdir()
        if what == "file":
            (own / "control").touch()
        else:
            (own / "control").symlink_to("/dev/null")
    with pytest.raises(RelayUnreachable):
        control.status(tmp_path)


def test_a_socket_of_another_person(tmp_path, monkeypatch):
    (tmp_path / ".spooltool").mkdir()

    def forbid(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbid)
    with pytest.raises(NotPermitted) as caught:
        control.status(tmp_path)
    assert caught.value.exit_code == ExitCode.NOT_PERMITTED


def test_a_relay_that_says_nothing(relay):
    _, spool = relay(lambda request: b"")
    with pytest.raises(RelayUnreachable, match="does not answer"):
        control.status(spool, timeout=0.05)


def test_a_relay_that_hangs_up(relay):
    _, spool = relay(lambda request: None)
    with pytest.raises(RelayUnreachable, match="closed"):
        control.status(spool)


def test_a_relay_that_refuses_says_why(relay):
    _, spool = relay(lambda request: encode_reply(Refused("not today")))
    with pytest.raises(SpooltoolError, match="the relay refuses: not today") as caught:
        control.status(spool)
    assert not isinstance(caught.value, RelayUnreachable)


@pytest.mark.parametrize("answer", [b"garbage\n", b"\xff\n", b'{"ok":true}\n', b"[]\n"])
def test_an_answer_that_cannot_be_read(relay, answer):
    _, spool = relay(lambda request: answer)
    with pytest.raises(RelayUnreachable, match="cannot be read"):
        control.status(spool)


def test_an_answer_without_an_end(relay):
    _, spool = relay(lambda request: b"x" * 200000)
    with pytest.raises(RelayUnreachable, match="longer than"):
        control.status(spool)


def test_nothing_heavy_is_imported(tmp_path):
    import subprocess
    import sys

    script = (
        "import sys, spooltool.live.client, spooltool.live.merge, spooltool.query\n"
        "heavy = {'asyncio', 'rich', 'watchdog', 'pydantic', 'textual', 'dns', 'gzip', 'difflib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
