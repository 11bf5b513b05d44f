"""A steady stream of mail: `python -m bench.pace PORT RATE SIZE`, until it is ended.

Not as fast as can be, as smtp-source sends, but so many a second: for what is measured
beside a relay at work.
"""

from __future__ import annotations

import asyncio
import sys

from tests.harness.sample import make_sample

SESSIONS = 10
TICK = 0.05
MAILS = 300
"""In one connection: the relay ends one after 1,000 commands."""


async def run(port: int, rate: float, size: int) -> None:
    """Send for ever."""
    due: asyncio.Queue[int] = asyncio.Queue()
    sessions = [asyncio.create_task(_session(port, due, size)) for _ in range(SESSIONS)]
    loop = asyncio.get_running_loop()
    began, sent = loop.time(), 0
    while True:
        await asyncio.sleep(TICK)
        wanted = int((loop.time() - began) * rate)
        for number in range(sent, wanted):
            due.put_nowait(number)
        sent = wanted
        for task in sessions:
            if task.done():
                task.result()


async def _session(port: int, due: asyncio.Queue[int], size: int) -> None:
    """One connection after the other, each with as many messages as a polite client sends."""
    content = make_sample("pace", size=size).content
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        await _say(reader, writer, b"EHLO bench.example\r\n")
        for _ in range(MAILS):
            number = await due.get()
            await _say(reader, writer, b"MAIL FROM:<bench@example.com>\r\n")
            await _say(reader, writer, b"RCPT TO:<user%d@example.org>\r\n" % (number % 1000))
            await _say(reader, writer, b"DATA\r\n")
            await _say(reader, writer, content + b"\r\n.\r\n")
        writer.close()


async def _say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    while True:
        line = await reader.readline()
        if line[:1] not in (b"2", b"3"):
            raise RuntimeError(f"answered {line!r}")
        if line[3:4] != b"-":
            return


if __name__ == "__main__":
    _, port, rate, size = sys.argv
    asyncio.run(run(int(port), float(rate), int(size)))
