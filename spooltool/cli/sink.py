"""A next hop for the demo: takes mail and writes down what it got, or puts everything off.

    python -m spooltool.cli.sink accept --listen 127.0.0.2:0 --record FILE
    python -m spooltool.cli.sink defer --listen 127.0.0.4:2525

Small on purpose: just enough SMTP to receive, on a thread a connection.  The record of a
message is on the disk's way before its 250 goes out.  It ends when its standard input
does, so that nothing is left behind.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import socket
import sys
import threading
from dataclasses import dataclass
from typing import IO, TypedDict

DEFERRED = b"451 4.7.1 Too busy for you right now, come back later\r\n"
_EXTENSIONS = (b"PIPELINING", b"SIZE 52428800", b"8BITMIME", b"SMTPUTF8", b"ENHANCEDSTATUSCODES")
_MAX_LINE = 1 << 20
_MAX_CONTENT = 64 << 20


Stream = io.BufferedRWPair


class Received(TypedDict):
    """The record of one message: digests are SHA-256 in hex, over bytes as on the wire.

    `first` is the first header field with its line ends, `whole` the digest of the whole
    content, `body` that of what follows the first blank line.
    """

    id: str
    sender: str
    recipients: list[str]
    first: str
    whole: str
    body: str


def describe(sender: str, recipients: list[str], content: bytes) -> Received:
    """The record of a message; `content` has CRLF line ends and no dots stuffed."""
    headers, _, body = content.partition(b"\r\n\r\n")
    return {
        "id": _field(headers, b"x-demo-id"),
        "sender": sender,
        "recipients": recipients,
        "first": first_field(content).decode("latin-1"),
        "whole": hashlib.sha256(content).hexdigest(),
        "body": hashlib.sha256(body).hexdigest(),
    }


def first_field(content: bytes) -> bytes:
    """The first header field, its continuation lines and line ends included."""
    end = 0
    for line in content.splitlines(keepends=True):
        if end and line[:1] not in (b" ", b"\t"):
            break
        end += len(line)
    return content[:end]


def _field(headers: bytes, name: bytes) -> str:
    for line in headers.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip().decode("latin-1")
    return ""


@dataclass
class Sink:
    """What a sink does with mail: `record` None puts every recipient off."""

    record: IO[bytes] | None
    _lock: threading.Lock

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the process ends."""
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            try:
                self._session(stream)
            except (OSError, ValueError):
                return  # the client has gone, or speaks something else

    def _session(self, stream: Stream) -> None:
        sender = ""
        recipients: list[str] = []
        _say(stream, b"220 sink.example ESMTP\r\n")
        while line := stream.readline(_MAX_LINE):
            verb = line[:4].upper()
            if verb == b"EHLO":
                rows = (b"sink.example", *_EXTENSIONS)
                last = len(rows) - 1
                for at, row in enumerate(rows):
                    stream.write(b"250%b%b\r\n" % (b" " if at == last else b"-", row))
            elif verb == b"MAIL":
                sender, recipients = _path(line), []
                stream.write(b"250 2.1.0 sender ok\r\n")
            elif verb == b"RCPT":
                if self.record is not None:
                    recipients.append(_path(line))
                stream.write(b"250 2.1.5 ok\r\n" if self.record is not None else DEFERRED)
            elif verb == b"DATA" and not recipients:
                stream.write(b"503 5.5.1 no valid recipients\r\n")
            elif verb == b"DATA":
                _say(stream, b"354 go on\r\n")
                content = _content(stream)
                self._write(describe(sender, recipients, content))
                stream.write(b"250 2.0.0 taken\r\n")
                sender, recipients = "", []
            elif verb == b"QUIT":
                _say(stream, b"221 2.0.0 bye\r\n")
                return
            else:
                stream.write(b"250 2.0.0 ok\r\n")
            stream.flush()

    def _write(self, record: Received) -> None:
        if self.record is None:
            raise ValueError("this sink takes no mail")
        line = json.dumps(record).encode() + b"\n"
        with self._lock:
            self.record.write(line)
            self.record.flush()
            os.fsync(self.record.fileno())


def _say(stream: Stream, reply: bytes) -> None:
    stream.write(reply)
    stream.flush()


def _path(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode("utf-8", "surrogateescape")


def _content(stream: Stream) -> bytes:
    lines: list[bytes] = []
    size = 0
    while (line := stream.readline(_MAX_LINE)) != b".\r\n":
        size += len(line)
        if not line or size > _MAX_CONTENT:
            raise ValueError("the client left in the middle of a message")
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)


def main() -> None:
    """Listen, say where, and serve until the standard input ends."""
    parser = argparse.ArgumentParser(prog="sink")
    parser.add_argument("mode", choices=("accept", "defer"))
    parser.add_argument("--listen", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--record", metavar="FILE")
    given = parser.parse_args()
    if (given.mode == "accept") != (given.record is not None):
        parser.error("accept wants --record FILE, defer takes none")
    address, _, port = given.listen.rpartition(":")
    listener = socket.create_server((address, int(port)), backlog=128)
    record = open(given.record, "ab") if given.record else None  # noqa: SIM115
    sink = Sink(record, threading.Lock())
    threading.Thread(target=sink.serve, args=(listener,), daemon=True).start()
    print(f"sink: listening on {address}:{listener.getsockname()[1]}", flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
