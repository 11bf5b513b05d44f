"""Certificates of a test, made anew each run, and a TLS client that can be held at any octet."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """PEM files: a chain with its key in another file."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """A server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


class Authority:
    """An authority of the test's own; `ca` is its certificate as a file in `folder`."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self.folder = folder
        self.ca = folder / f"{name}.pem"
        self._name = name
        self._made = 0
        self._authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self._authority.cert_pem.write_to_path(self.ca)

    def issue(self, *names: str, days: float = 30.0) -> Pair:
        """A certificate for these names or addresses, valid from a year ago for so many days."""
        until = datetime.datetime.now(datetime.UTC) + days * DAY
        leaf = self._authority.issue_cert(
            *names,
            not_before=datetime.datetime.now(datetime.UTC) - 365 * DAY,
            not_after=until,
            key_type=trustme.KeyType.ECDSA,
        )
        pair = self._pair()
        pair.key.touch(0o600)
        pair.key.write_bytes(leaf.private_key_pem.bytes())
        pair.certificate.write_bytes(b"".join(one.bytes() for one in leaf.cert_chain_pems))
        return pair

    def itself(self) -> Pair:
        """The authority's own certificate as a server's: signed by nobody else."""
        pair = self._pair()
        pair.key.write_bytes(self._authority.private_key_pem.bytes())
        pair.certificate.write_bytes(self._authority.cert_pem.bytes())
        return pair

    def context(self) -> ssl.SSLContext:
        """A client that trusts this authority alone."""
        return ssl.create_default_context(cafile=self.ca)

    def _pair(self) -> Pair:
        self._made += 1
        name = f"{self._name}-{self._made}"
        return Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")


class TlsClient:
    """A client over asyncio's streams whose TLS is done by hand, so that a test sees its octets."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
    ) -> None:
        self.reader, self.writer = reader, writer
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        context.check_hostname = False
        self.tls = context.wrap_bio(self._in, self._out)
        self._buffer = b""
        self.secure = False

    @classmethod
    async def connect(cls, port: int, context: ssl.SSLContext) -> TlsClient:
        """A connection to a loopback port, in clear."""
        return cls(*await asyncio.open_connection("127.0.0.1", port), context)

    def cipher(self, data: bytes) -> bytes:
        """What goes on the wire for this content, with whatever TLS has to say before."""
        if self.secure and data:
            self.tls.write(data)
        return self._out.read()

    async def send(self, data: bytes, *, bytewise: bool = False) -> None:
        """Send content, in clear before the handshake."""
        wire = self.cipher(data) if self.secure else data
        for part in (wire[n : n + 1] for n in range(len(wire))) if bytewise else (wire,):
            self.writer.write(part)
            await self.writer.drain()
            if bytewise:
                await asyncio.sleep(0)

    async def handshake(self, early: bytes = b"", *, bytewise: bool = False) -> None:
        """TLS; `early` follows our last word of it in the same write."""
        while not self.secure:
            try:
                self.tls.do_handshake()
                self.secure = True
            except ssl.SSLWantReadError:
                await self._flush(bytewise=bytewise)
                await self._fill()
        self.tls.write(early) if early else None
        await self._flush(bytewise=bytewise)

    async def line(self) -> bytes:
        """The next line; b"" when the server has ended the connection."""
        while b"\n" not in self._buffer:
            chunk = await self._read()
            if not chunk:
                return b""
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    async def reply(self) -> bytes:
        """The next reply, all its lines; b"" at the end of the connection."""
        lines = b""
        while (line := await self.line())[3:4] == b"-":
            lines += line
        return lines + line

    async def say(self, command: bytes) -> bytes:
        """One command and its reply."""
        await self.send(command + b"\r\n")
        return await self.reply()

    async def ends(self) -> bool:
        """Wait for the end of the connection; whether it came without another word."""
        return not self._buffer and not await self._read()

    def close(self) -> None:
        """Close the socket, without the end of TLS."""
        self.writer.close()

    async def _read(self) -> bytes:
        while True:
            if not self.secure:
                return await self._received()
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                if not await self._fill(check=False):
                    return b""
            except ssl.SSLError:
                return b""

    async def _received(self) -> bytes:
        try:
            return await self.reader.read(65536)
        except ConnectionError:
            return b""

    async def _fill(self, *, check: bool = True) -> bool:
        data = await self._received()
        if not data and check:
            raise ConnectionError("ended in the handshake")
        self._in.write(data)
        return bool(data)

    async def _flush(self, *, bytewise: bool = False) -> None:
        wire = self._out.read()
        for part in (wire[n : n + 1] for n in range(len(wire))) if bytewise else (wire,):
            self.writer.write(part)
            await self.writer.drain()
            if bytewise:
                await asyncio.sleep(0)
