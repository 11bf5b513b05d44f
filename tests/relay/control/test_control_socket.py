"""The control socket: who may speak, what is answered, and who is dropped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest

from relay.control import serve
from relay.control.server import MAX_CLIENTS, peer_uid
from spooltool.control import ClockTaken, Kicked, Order, Resumed, Suspend, Suspended
from spooltool.errors import Refused
from spooltool.store.root import Spool


class Dequeuer:
    """Notes what it is asked, and answers as planned."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.wrong = ""
        self.go = asyncio.Event()
        self.go.set()

    def kick_all(self, rate: float | None = None) -> Kicked:
        self.asked.append("all" if rate is None else ("all", rate))
        return Kicked(7)

    def kick_ids(self, ids: Iterable[str], rate: float | None = None) -> Kicked:
        self.asked.append(tuple(ids))
        return Kicked(1, 2, 0.5)

    def kick_host(self, text: str, rate: float | None = None) -> Kicked:
        self.asked.append(text)
        return Kicked(2)

    async def suspend(self, wish: Suspend) -> Suspended:
        self.asked.append(wish)
        return Suspended(Order(wish.host, 1795543999.5, None, wish.who, wish.why, 12), 1, 2)

    async def resume(self, hosts: Iterable[str] | None) -> Resumed:
        self.asked.append(("resume", hosts))
        return Resumed(("a.example",), ("b.example",), 12, 3)

    def clock_ok(self, *, force: bool) -> ClockTaken:
        self.asked.append(("clock-ok", force))
        if self.wrong:
            raise Refused(self.wrong)
        return ClockTaken(1795543999.5, True, -3600.0, 1795543000.0, 4)

    async def yield_ids(
        self, ids: Iterable[str], seconds: float
    ) -> tuple[list[str], list[str], list[str]]:
        self.asked.append(("yield", tuple(ids), seconds))
        await self.go.wait()
        return ["00000001"], ["00000002"], []

    def done(self, ids: Iterable[str]) -> None:
        self.asked.append(("done", tuple(ids)))

    def status(self) -> dict[str, object]:
        return {
            "pid": os.getpid(),
            "started": 1795543999.5,
            "delivering": [["00000001", "a.example", 1795543999.5]],
            "destinations": [],
            "conns": 3,
            "messages": 12,
        }

    def reload(self) -> None:
        self.asked.append("reload")
        if self.wrong:
            raise Refused(self.wrong)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool.create(str(tmp_path / ("long" * 25) / "spool")) as made:
        yield made


class Client:
    """One connection to the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, **request: object) -> dict[str, object]:
        self.writer.write(json.dumps({"v": 1, **request}).encode() + b"\n")
        return await self.reply()

    async def reply(self) -> dict[str, object]:
        async with asyncio.timeout(20):
            found: dict[str, object] = json.loads(await self.reader.readline())
            return found

    async def ended(self) -> bool:
        async with asyncio.timeout(20):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@contextlib.asynccontextmanager
async def connected(spool: Spool) -> AsyncIterator[Client]:
    # The path is longer than a socket's may be: through a descriptor, as the server does.
    path = f"/proc/self/fd/{spool.own_dir()}/control"
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def mode(spool: Spool) -> int:
    facts = os.stat("control", dir_fd=spool.own_dir(), follow_symlinks=False)
    assert stat.S_ISSOCK(facts.st_mode)
    return stat.S_IMODE(facts.st_mode)


def test_orders_rates_and_the_clock(spool: Spool) -> None:
    async def scene() -> None:
        mdq = Dequeuer()
        close = await serve(spool, mdq)
        async with connected(spool) as client:
            await client.ask(do="kick", all=True, rate=0.5)
            reply = await client.ask(do="suspend", host=".Example.DE", who="jo", why="migration")
            assert (reply["released"], reply["busy"]) == (1, 2)
            order = {"host": "*.example.de", "since": 1795543999.5, "until": None}
            assert reply["order"] == {**order, "who": "jo", "why": "migration", "waiting": 12}
            reply = await client.ask(do="resume", hosts=["a.example", "b.example"])
            assert (reply["hosts"], reply["absent"]) == (["a.example"], ["b.example"])
            assert (reply["waiting"], reply["past_term"]) == (12, 3)
            await client.ask(do="resume", all=True)
            reply = await client.ask(do="clock-ok")
            assert (reply["doubted"], reply["departed"], reply["past_term"]) == (True, -3600.0, 4)
            mdq.wrong = "mail arrived later than now"
            reply = await client.ask(do="clock-ok", force=True)
            assert reply == {"v": 1, "ok": False, "error": "mail arrived later than now"}
        assert mdq.asked == [
            ("all", 0.5),
            Suspend("*.example.de", None, "jo", "migration"),
            ("resume", ("a.example", "b.example")),
            ("resume", None),
            ("clock-ok", False),
            ("clock-ok", True),
        ]
        close()

    asyncio.run(scene())


def test_each_request_is_carried_out_and_answered(spool: Spool) -> None:
    async def scene() -> None:
        mdq = Dequeuer()
        close = await serve(spool, mdq)
        assert mode(spool) == 0o600
        async with connected(spool) as client:
            kicked = await client.ask(do="kick", all=True)
            assert kicked == {"v": 1, "ok": True, "kicked": 7, "suspended": 0, "seconds": 0.0}
            kicked = await client.ask(do="kick", ids=["00000001"])
            assert (kicked["kicked"], kicked["suspended"], kicked["seconds"]) == (1, 2, 0.5)
            assert (await client.ask(do="kick", host="a.example:25"))["kicked"] == 2
            answer = await client.ask(do="yield", ids=["00000001", "00000002"], **{"for": 30})
            assert answer == {
                "v": 1,
                "ok": True,
                "released": ["00000001"],
                "busy": ["00000002"],
                "absent": [],
            }
            assert await client.ask(do="done", ids=["00000001"]) == {"v": 1, "ok": True}
            status = await client.ask(do="status")
            assert (status["pid"], status["conns"], status["messages"]) == (os.getpid(), 3, 12)
            assert await client.ask(do="reload") == {"v": 1, "ok": True}
        assert mdq.asked == [
            *("all", ("00000001",), "a.example:25"),
            ("yield", ("00000001", "00000002"), 30.0),
            ("done", ("00000001",)),
            "reload",
        ]
        close()
        with pytest.raises(FileNotFoundError):
            mode(spool)

    asyncio.run(scene())


def test_what_the_dequeuer_refuses_is_told(spool: Spool) -> None:
    async def scene() -> None:
        mdq = Dequeuer()
        mdq.wrong = "relay.toml:9: timeout: wants a whole number"
        close = await serve(spool, mdq)
        async with connected(spool) as client:
            assert await client.ask(do="reload") == {"v": 1, "ok": False, "error": mdq.wrong}
            assert (await client.ask(do="status"))["ok"] is True
        close()

    asyncio.run(scene())


def test_bad_lines_are_answered_and_the_next_is_read(spool: Spool) -> None:
    async def scene() -> None:
        mdq = Dequeuer()
        close = await serve(spool, mdq)
        async with connected(spool) as client:
            for bad in (b"", b"{", b"[]", b'{"v":1}', b'{"v":2,"do":"status"}', b"\xff" * 100):
                client.writer.write(bad + b"\n")
                assert (await client.reply())["ok"] is False
            # Several in one piece, one in several pieces.
            client.writer.write(b'{"v":1,"do":"kick","all":true}\n' * 3 + b'{"v":1,"do"')
            assert [(await client.reply())["kicked"] for _ in range(3)] == [7, 7, 7]
            client.writer.write(b':"kick","all":true}\n')
            assert (await client.reply())["kicked"] == 7
        assert mdq.asked == ["all"] * 4
        close()

    asyncio.run(scene())


def test_replies_come_in_the_order_of_the_requests(spool: Spool) -> None:
    async def scene() -> None:
        mdq = Dequeuer()
        mdq.go.clear()
        close = await serve(spool, mdq)
        async with connected(spool) as slow, connected(spool) as other:
            slow.writer.write(b'{"do":"yield","ids":["00000001"]}\n{"do":"kick","all":true}\n')
            assert (await other.ask(do="status"))["ok"] is True, "one waits, the other does not"
            assert mdq.asked == [("yield", ("00000001",), 60.0)]
            mdq.go.set()
            assert "released" in await slow.reply()
            assert "kicked" in await slow.reply()
        close()

    asyncio.run(scene())


def test_a_line_without_end_is_refused_and_dropped(spool: Spool) -> None:
    async def scene() -> None:
        close = await serve(spool, Dequeuer())
        async with connected(spool) as client:
            client.writer.write(b"x" * (10 << 20))
            assert (await client.reply())["ok"] is False
            assert await client.ended()
        async with connected(spool) as client:
            assert (await client.ask(do="status"))["ok"] is True
        close()

    asyncio.run(scene())


def test_slow_clients_are_dropped(spool: Spool) -> None:
    async def scene() -> None:
        close = await serve(spool, Dequeuer(), patience=0.05)
        async with connected(spool) as idle, connected(spool) as asks_slowly:
            asks_slowly.writer.write(b'{"do":')
            assert await asks_slowly.ended()
            assert (await idle.ask(do="status"))["ok"] is True, "who has not begun may wait"
        async with connected(spool) as reads_nothing:
            reads_nothing.writer.transport.pause_reading()  # type: ignore[attr-defined]
            try:
                async with asyncio.timeout(20):
                    while True:
                        reads_nothing.writer.write(b'{"do":"status"}\n' * 1000)
                        await reads_nothing.writer.drain()
            except ConnectionError:
                pass
        close()

    asyncio.run(scene())


def test_one_client_too_many_is_told_so(spool: Spool) -> None:
    async def scene() -> None:
        close = await serve(spool, Dequeuer())
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(MAX_CLIENTS):
                client = await stack.enter_async_context(connected(spool))
                assert (await client.ask(do="status"))["ok"] is True
            one_more = await stack.enter_async_context(connected(spool))
            assert await one_more.reply() == {"v": 1, "ok": False, "error": "too many clients"}
            assert await one_more.ended()
        close()

    asyncio.run(scene())


@pytest.mark.parametrize("stale", ["socket", "file", "link"])
def test_what_a_dead_dequeuer_left_is_replaced(spool: Spool, stale: str, tmp_path: Path) -> None:
    own = spool.own_dir()
    precious = tmp_path / "precious"
    precious.write_text("keep")
    if stale == "socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(f"/proc/self/fd/{own}/control")
    elif stale == "file":
        os.close(os.open("control", os.O_CREAT | os.O_WRONLY, dir_fd=own))
    else:
        os.symlink(str(precious), "control", dir_fd=own)

    async def scene() -> None:
        close = await serve(spool, Dequeuer())
        async with connected(spool) as client:
            assert (await client.ask(do="status"))["ok"] is True
        close()

    asyncio.run(scene())
    assert precious.read_text() == "keep"


def test_closing_leaves_a_later_socket_alone(spool: Spool) -> None:
    async def scene() -> None:
        close_old = await serve(spool, Dequeuer())
        close_new = await serve(spool, Dequeuer())
        close_old()
        async with connected(spool) as client:
            assert (await client.ask(do="status"))["ok"] is True
        close_new()

    asyncio.run(scene())


_STRANGER = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
except OSError as error:
    print(error.strerror); sys.exit()
try:
    s.sendall(b'{"v":1,"do":"kick","all":true}\\n')
except BrokenPipeError:
    pass
print(s.recv(4096).decode().strip())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user wants root")
def test_another_user_is_kept_out_by_mode_and_by_uid() -> None:
    async def scene(path: str) -> list[str]:
        with Spool.create(path) as spool:
            mdq = Dequeuer()
            close = await serve(spool, mdq)
            said = [await stranger(path)]
            # Where somebody has opened the modes, the uid still decides.
            os.chmod(path, 0o755)
            os.chmod(f"{path}/.spooltool", 0o755)
            os.chmod(f"{path}/.spooltool/control", 0o666)
            said.append(await stranger(path))
            assert mdq.asked == []
            close()
            return said

    # A path that another user can walk to, unlike pytest's own.
    with tempfile.TemporaryDirectory(prefix="control-") as folder:
        os.chmod(folder, 0o755)
        first, second = asyncio.run(scene(f"{folder}/s"))
    assert first == "Permission denied"
    assert json.loads(second)["ok"] is False
    assert "not permitted" in json.loads(second)["error"]


async def stranger(path: str) -> str:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _STRANGER, f"{path}/.spooltool/control"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await child.communicate()
    return out.decode().strip()


def test_the_peer_is_known_by_its_uid() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert peer_uid(one) == os.geteuid()
