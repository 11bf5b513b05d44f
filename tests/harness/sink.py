"""A next hop of our own, as a separate process: `python -m tests.harness.sink --log FILE`.

It prints `PORT n` once it is bound and logs each message that it takes as one JSON line,
written (and with --fsync made durable) before its 250 leaves.  Mode `refuse` binds a port
and never listens, so that a connection is refused and nobody else gets the port.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import uvloop

from tests.harness.process import PYTHON, Child
from tests.harness.sink_plan import MODES, SinkPlan, decode_plan, plan_of_mode

_HEADER = re.compile(
    rb"^(X-Id|X-Demo-Id|Message-ID):[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE
)
_X_ID = re.compile(rb"^X-(?:Demo-)?Id:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_FINAL = re.compile(rb"^Final-Recipient:[^;\r\n]*;[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(r"<([^>]*)>")
END = b"\r\n.\r\n"


class Log:
    """The sink's log: one JSON line a message, in one append."""

    def __init__(self, path: str | None, *, fsync: bool = False, keep: str | None = None) -> None:
        """`keep` is a folder for the contents, as 1.eml, 2.eml … in the order of the lines."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o644) if path else -1
        self._fsync = fsync
        self._keep = Path(keep) if keep else None
        self.count = 0

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def write(self, sender: str, recipients: Sequence[str], content: bytes, reply: str) -> None:
        """Records one message taken; on return the line is in the file."""
        self.count += 1
        if self._keep is not None:
            (self._keep / f"{self.count}.eml").write_bytes(content)
        if self._descriptor < 0:
            return
        os.write(self._descriptor, describe(sender, recipients, content, reply))
        if self._fsync:
            os.fsync(self._descriptor)


def describe(sender: str, recipients: Sequence[str], content: bytes, reply: str) -> bytes:
    """The log line of one message.  `carried` names X-Ids inside the body (a notice's)."""
    head, _, body = content.partition(b"\r\n\r\n")
    named = {k.lower(): v for k, v in _HEADER.findall(head)}
    x_id = named.get(b"x-id", named.get(b"x-demo-id", b""))
    entry = {
        "at": time.time(),
        "sender": sender,
        "recipients": list(recipients),
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "message_id": _text(named.get(b"message-id", b"")),
        "x_id": _text(x_id),
        "reply": reply,
    }
    if sender == "":
        entry["carried"] = [_text(x) for x in _X_ID.findall(body)]
        entry["final_recipients"] = [_text(x) for x in _FINAL.findall(body)]
    return json.dumps(entry).encode() + b"\n"


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace").strip()


class Sink(asyncio.Protocol):
    """One connection of a sink: lenient about its peer, exact about its plan."""

    def __init__(self, plan: SinkPlan, log: Log) -> None:
        self.plan = plan
        self.log = log
        self.buffer = bytearray()
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.in_data = False
        self.searched = 0
        self.started = 0
        self.silent = False
        self.ended = False
        self.busy: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets, when the plan says so."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        if self.plan.silent_at == "greeting":
            self.silent = True
        elif self.plan.greet_after == 0:
            self._greet()
        elif self.plan.greet_after > 0:
            asyncio.get_running_loop().call_later(self.plan.greet_after, self._greet)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer has gone, or was dropped."""
        self.ended = True

    def data_received(self, data: bytes) -> None:
        """Answers what is complete; with a delay, one answer at a time."""
        self.buffer += data
        if self.plan.delay == 0:
            while (reply := self._step()) is not None:
                self._send(reply)
        elif self.busy is None:
            self.busy = asyncio.get_running_loop().create_task(self._slowly())

    def _greet(self) -> None:
        reply = self.plan.take("greeting", "220 sink.example ESMTP")
        self._send(reply)
        if reply[0] in "45":
            self.transport.close()

    async def _slowly(self) -> None:
        while (reply := self._step()) is not None:
            await asyncio.sleep(self.plan.delay)
            self._send(reply)
        self.busy = None

    def _send(self, reply: str) -> None:
        if reply and not self.transport.is_closing():
            self.transport.write(reply.encode() + b"\r\n")

    def _step(self) -> str | None:
        """The reply to the next complete command or message; None: more input is needed."""
        if self.transport.is_closing():
            return None
        if self.in_data:
            return self._content()
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return None
        self.buffer = rest
        verb = line[:4].decode("latin-1").lower()
        self.silent = self.silent or verb == self.plan.silent_at
        return "" if self.silent else self._command(line.decode("utf-8", "surrogateescape"))

    def _command(self, line: str) -> str:
        verb = line[:4].upper()
        if verb == "EHLO" and self.plan.extensions:
            lines = ["sink.example", *self.plan.extensions]
            return "\r\n".join(
                f"250{'-' if n < len(lines) - 1 else ' '}{text}" for n, text in enumerate(lines)
            )
        if verb == "HELO":
            return "250 sink.example"
        if verb == "MAIL":
            return self._mail(line)
        if verb == "RCPT":
            reply = self.plan.take_recipient(_address(line))
            if reply[0] == "2":
                self.recipients.append(_address(line))
            return reply
        if verb == "DATA":
            reply = self.plan.take(
                "data", "354 go" if self.recipients else "554 5.5.1 no recipient"
            )
            self.in_data = reply[0] == "3"
            return reply
        if verb == "RSET":
            self._reset()
            return "250 2.0.0 ok"
        if verb == "NOOP":
            return "250 2.0.0 ok"
        if verb == "QUIT":
            self._send("221 2.0.0 bye")
            self.transport.close()
            return ""
        return "502 5.5.1 not here"

    def _mail(self, line: str) -> str:
        self._reset()
        limit = self.plan.messages_per_connection
        self.started += 1
        if limit and self.started > limit:
            self._send("421 4.7.0 enough for one connection")
            self.transport.close()
            return ""
        reply = self.plan.take("mail", "250 2.1.0 ok")
        if reply[0] == "2":
            self.sender = _address(line)
        return reply

    def _content(self) -> str | None:
        if self.buffer.startswith(b".\r\n"):
            content, rest = b"", self.buffer[3:]
        else:
            end = self.buffer.find(END, self.searched)
            if end < 0:
                self.searched = max(0, len(self.buffer) - len(END) + 1)
                return None
            content, rest = bytes(self.buffer[: end + 2]), self.buffer[end + len(END) :]
        self.buffer, self.in_data, self.searched = rest, False, 0
        content = content.replace(b"\r\n.", b"\r\n").removeprefix(b".")
        return self._dot(content)

    def _dot(self, content: bytes) -> str:
        sender, recipients = self.sender or "", self.recipients
        self._reset()
        if self.plan.take_drop():
            if self.plan.drop_logs:
                self.log.write(sender, recipients, content, "dropped")
            self.transport.abort()
            return ""
        reply = self.plan.take("dot", "250 2.0.0 taken")
        if reply[0] == "2":
            self.log.write(sender, recipients, content, reply)
        return reply

    def _reset(self) -> None:
        self.sender, self.recipients, self.in_data, self.searched = None, [], False, 0


def _address(line: str) -> str:
    found = _PATH.search(line)
    return found[1] if found else line.partition(":")[2].strip()


async def _serve(listener: socket.socket, plan: SinkPlan, log: Log) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(lambda: Sink(plan, log), sock=listener, backlog=512)
    print(f"PORT {listener.getsockname()[1]}", flush=True)
    async with server:
        await ended.wait()


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one sink until SIGTERM."""
    parser = argparse.ArgumentParser(prog="tests.harness.sink", description="a next hop for tests")
    parser.add_argument("--mode", choices=MODES, default="accept")
    parser.add_argument("--seconds", type=float, default=-1.0, help="of a tarpit or a slow sink")
    parser.add_argument("--plan", help="JSON of a plan, or @FILE, in place of a mode")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", help="one JSON line a message")
    parser.add_argument("--keep", metavar="DIR", help="a folder for the contents taken")
    parser.add_argument("--fsync", action="store_true", help="each line durable before its 250")
    options = parser.parse_args(argv)

    listener = socket.socket(socket.AF_INET6 if ":" in options.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((options.host, options.port))
    if options.mode == "refuse":
        print(f"PORT {listener.getsockname()[1]}", flush=True)
        signal.pause()  # SIGTERM ends it
        return
    if options.plan:
        text = options.plan
        plan = decode_plan(Path(text[1:]).read_text() if text.startswith("@") else text)
    else:
        plan = plan_of_mode(options.mode, options.seconds)
    uvloop.run(_serve(listener, plan, Log(options.log, fsync=options.fsync, keep=options.keep)))


class SinkProcess(Child):
    """A sink as a child of this process; `port` is where it is, `entries()` what it took."""

    def __init__(
        self,
        *,
        mode: str = "accept",
        plan: SinkPlan | None = None,
        log: Path | str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        seconds: float = -1.0,
        fsync: bool = False,
        keep: Path | None = None,
    ) -> None:
        argv = [PYTHON, "-m", "tests.harness.sink", "--mode", mode, "--port", str(port)]
        argv += ["--seconds", str(seconds), "--host", host]
        if plan is not None:
            argv += ["--plan", plan.encode()]
        if log is not None:
            argv += ["--log", str(log)]
        if fsync:
            argv.append("--fsync")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            argv += ["--keep", str(keep)]
        super().__init__(argv)
        self.log = Path(log) if log is not None else None
        self.keep = keep
        self.port = int(self.line().removeprefix("PORT "))

    def entries(self) -> list[dict[str, Any]]:
        """What it has logged so far, whole lines only."""
        if self.log is None or not self.log.exists():
            return []
        whole = self.log.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def contents(self) -> list[bytes]:
        """The messages it has logged so far, in that order; needs `keep`."""
        assert self.keep is not None
        count = len(self.entries())
        return [(self.keep / f"{number + 1}.eml").read_bytes() for number in range(count)]


if __name__ == "__main__":
    main()
