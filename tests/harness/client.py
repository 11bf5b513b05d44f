"""A load client: `python -m tests.harness.client --port P --messages N --sessions M --ack FILE`.

Each 250 to a final dot is recorded the moment it has been read: one JSON line, one
O_APPEND write, so that the record survives whatever is killed next.  With --for it keeps
sending over lost connections until the time is over, and never sends one X-Id twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from tests.harness.process import PYTHON, Child
from tests.harness.sample import Sample, make_sample

NUMBER = re.compile(r"\b[TRE]([0-9a-z]{8})\b")
PAUSE = 0.05


class Unanswered(Exception):
    """The connection was lost, or refused, before the reply that was waited for."""


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    acked: int = 0
    refused: int = 0
    lost_connections: int = 0
    seconds: float = 0.0


class AckLog:
    """The list of 250s that a client has read."""

    def __init__(self, path: Path | str | None) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o644) if path else -1

    def write(self, sample: Sample, recipients: Sequence[str], reply: str) -> None:
        """Records one message whose 250 has been read."""
        if self._descriptor < 0:
            return
        number = NUMBER.search(reply)
        entry = {
            "at": time.time(),
            "id": number[1] if number else "",
            "x_id": sample.x_id,
            "sender": sample.sender,
            "recipients": list(recipients),
            "body_sha256": sample.body_sha256,
            "reply": reply,
        }
        os.write(self._descriptor, json.dumps(entry).encode() + b"\n")


class Connection:
    """One SMTP connection of the client; every reply is awaited, none is assumed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int, *, helo: str = "client.example") -> Connection:
        """Connects and says EHLO; Unanswered when the server is not there or not willing."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
        except OSError as refused:
            raise Unanswered(str(refused)) from refused
        connection = cls(reader, writer)
        greeting = await connection.reply()
        hello = await connection.ask(f"EHLO {helo}")
        if greeting[0] != "2" or hello[0] != "2":
            connection.close()
            raise Unanswered(greeting + " / " + hello)
        return connection

    async def reply(self) -> str:
        """The next reply, its lines joined by newlines."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            try:
                line = await self._reader.readuntil(b"\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as lost:
                raise Unanswered("connection lost") from lost
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
        return "\n".join(lines)

    async def ask(self, command: str) -> str:
        """Sends one command and returns its reply."""
        self._writer.write(command.encode() + b"\r\n")
        return await self.reply()

    async def send(self, sample: Sample) -> tuple[str, list[str]]:
        """One transaction, MAIL and RCPT pipelined: (last reply, recipients accepted)."""
        commands = [f"MAIL FROM:<{sample.sender}> BODY=8BITMIME"]
        commands += [f"RCPT TO:<{address}>" for address in sample.recipients]
        commands.append("DATA")
        self._writer.write("".join(c + "\r\n" for c in commands).encode())
        replies = [await self.reply() for _ in commands]
        took = [a for a, r in zip(sample.recipients, replies[1:-1], strict=True) if r[0] == "2"]
        if replies[-1][0] != "3":
            await self.ask("RSET")
            return next((r for r in replies if r[0] in "45"), replies[-1]), []
        stuffed = sample.content.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        self._writer.write(stuffed + b".\r\n")
        return await self.reply(), took

    def close(self) -> None:
        """Drops the connection."""
        self._writer.transport.abort()


async def run_load(
    port: int,
    samples: Iterator[Sample],
    ack: AckLog,
    *,
    sessions: int = 10,
    until: float | None = None,
    per_connection: int = 0,
) -> Tally:
    """Sends all samples over `sessions` connections.

    Without `until` a lost connection ends its session; with it (a `time.monotonic` time)
    the session connects again, until then.  A message whose reply never came is not sent
    again: whether it was taken is unknown, and the next message has another X-Id.
    """
    tally = Tally()
    began = time.monotonic()
    tasks = [_session(port, samples, ack, tally, until, per_connection) for _ in range(sessions)]
    await asyncio.gather(*tasks)
    tally.seconds = time.monotonic() - began
    return tally


async def _session(
    port: int,
    samples: Iterator[Sample],
    ack: AckLog,
    tally: Tally,
    until: float | None,
    per_connection: int,
) -> None:
    while until is None or time.monotonic() < until:
        connection = None
        try:
            connection = await Connection.open(port)
            if not await _send_all(connection, samples, ack, tally, until, per_connection):
                return
        except Unanswered:
            tally.lost_connections += 1
            if until is None:
                return
            await asyncio.sleep(PAUSE)
        finally:
            if connection is not None:
                connection.close()


async def _send_all(
    connection: Connection,
    samples: Iterator[Sample],
    ack: AckLog,
    tally: Tally,
    until: float | None,
    per_connection: int,
) -> bool:
    """Sends over one connection; False when there is nothing left to send."""
    sent = 0
    while until is None or time.monotonic() < until:
        if per_connection and sent >= per_connection:
            await connection.ask("QUIT")
            return True
        sample = next(samples, None)
        if sample is None:
            await connection.ask("QUIT")
            return False
        reply, recipients = await connection.send(sample)
        sent += 1
        if reply[0] == "2":
            ack.write(sample, recipients, reply)
            tally.acked += 1
        else:
            tally.refused += 1
            if reply[:3] == "421":
                raise Unanswered(reply)
    return False


def samples_of(options: argparse.Namespace) -> Iterator[Sample]:
    """The messages that the command line asks for."""
    recipients = tuple(options.to.split(","))
    numbers = range(options.messages) if options.messages else iter(int, 1)
    for count, _ in enumerate(numbers):
        yield make_sample(
            f"{options.prefix}-{count}",
            size=options.size,
            sender=options.sender,
            recipients=recipients,
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Sends the load and prints its tally as one JSON line."""
    parser = argparse.ArgumentParser(prog="tests.harness.client", description="a load client")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--messages", type=int, default=0, help="how many; 0: until --for is over")
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--size", type=int, default=4096, help="bytes a message")
    parser.add_argument("--from", dest="sender", default="billing@example.com")
    parser.add_argument("--to", default="anna@example.org", help="addresses, by commas")
    parser.add_argument("--prefix", default=f"m{os.getpid()}", help="of each X-Id")
    parser.add_argument("--per-connection", type=int, default=0)
    parser.add_argument("--ack", help="the list of 250s that were read")
    parser.add_argument("--for", dest="seconds", type=float, help="go on over lost connections")
    options = parser.parse_args(argv)
    if not options.messages and options.seconds is None:
        parser.error("--messages or --for is needed")
    until = None if options.seconds is None else time.monotonic() + options.seconds
    tally = uvloop.run(
        run_load(
            options.port,
            samples_of(options),
            AckLog(options.ack),
            sessions=options.sessions,
            until=until,
            per_connection=options.per_connection,
        )
    )
    print(json.dumps(asdict(tally)))
    sys.exit(0 if tally.acked == options.messages or not options.messages else 1)


class ClientProcess(Child):
    """The load client as a child; `tally` waits for its end."""

    def __init__(self, *arguments: str) -> None:
        super().__init__([PYTHON, "-m", "tests.harness.client", *arguments])

    def tally(self, *, seconds: float = 120.0) -> Tally:
        """What it came to, once it has ended."""
        return Tally(**json.loads(self.line(seconds=seconds)))


if __name__ == "__main__":
    main()
