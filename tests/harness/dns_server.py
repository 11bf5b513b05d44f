"""A name server of our own making, over UDP and TCP: sound, broken or slow, name by name.

It runs in a thread of its own beside the test and ends with it.  What a real server does is
tested against a real one; here stands what a sound one never does.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from enum import Enum
from types import TracebackType
from typing import Self, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from spooltool.spool.hosts import HostPort
from tests.harness.process import NotReady

TTL = 300


class Fault(Enum):
    """How a name is answered otherwise than by its records."""

    SERVFAIL = "servfail"
    REFUSED = "refused"
    SILENT = "silent"
    LAME = "lame"
    """A referral to others, without the answer."""
    GARBAGE = "garbage"
    """Octets that are no message."""
    FORGED = "forged"
    """Another id and another address first, then the true answer."""
    TRUNCATED = "truncated"
    """Cut over UDP, whole over TCP."""
    TRUNCATED_ALWAYS = "truncated-always"
    """Cut over UDP, and nobody at home over TCP."""
    NO_EDNS = "no-edns"
    """FORMERR to a question with EDNS."""
    NO_SOA = "no-soa"
    """Negative answers that nobody vouches for."""


Zone = Mapping[str, Mapping[str, list[str]]]
"""Name to type to record texts, answered in their order; a name that is not there does not
exist."""


class DnsServer:
    """Serves `zone`, with `faults` by name ("*": of all others); `asked` is every question."""

    def __init__(self, zone: Zone, faults: Mapping[str, Fault] | None = None) -> None:
        self.zone = {name: dict(records) for name, records in zone.items()}
        self.faults = dict(faults or {})
        self.asked: list[tuple[str, str, str]] = []
        self.ttl = TTL
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._bind()
        self.place = HostPort("127.0.0.1", self._udp.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._up = threading.Event()

    def questions(self, name: str) -> list[str]:
        """The types that were asked of a name, in order."""
        return [kind for _, asked, kind in self.asked if asked == name]

    def _bind(self) -> None:
        """One free port for both."""
        for _ in range(20):
            self._udp.bind(("127.0.0.1", 0))
            try:
                self._tcp.bind(self._udp.getsockname())
                self._tcp.listen()
                return
            except OSError:
                self._udp.close()
                self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        raise NotReady("no port that is free for UDP and TCP")

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._up.wait(30):
            raise NotReady("the name server's loop does not run")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()
        self._udp.close()
        self._tcp.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._up.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._server.close()
        self._transport.close()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self) -> None:
        server = self

        class Datagrams(asyncio.DatagramProtocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = cast(asyncio.DatagramTransport, transport)

            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                for answer in server.answers(data, over="udp"):
                    self.transport.sendto(answer, addr)

        self._transport, _ = await self._loop.create_datagram_endpoint(Datagrams, sock=self._udp)
        self._server = await asyncio.start_server(self._stream, sock=self._tcp)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            length = int.from_bytes(await reader.readexactly(2), "big")
            for answer in self.answers(await reader.readexactly(length), over="tcp"):
                writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answers(self, data: bytes, *, over: str) -> list[bytes]:
        """The datagrams that answer a question."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = str(question.name).rstrip(".").lower()
        self.asked.append((over, name, dns.rdatatype.to_text(question.rdtype)))
        fault = self.faults.get(name, self.faults.get("*"))
        if fault is Fault.SILENT or (fault is Fault.TRUNCATED_ALWAYS and over == "tcp"):
            return []
        if fault is Fault.GARBAGE:
            return [data[:2] + b"\xff\x00garbage", b"", b"\x00"]
        if fault is Fault.FORGED:
            forged = self._sound(query)
            forged.id = query.id ^ 1
            return [forged.to_wire(want_shuffle=False), self._sound(query).to_wire()]
        return [self._faulty(query, fault, over).to_wire(want_shuffle=False)]

    def _faulty(
        self, query: dns.message.Message, fault: Fault | None, over: str
    ) -> dns.message.Message:
        codes = {Fault.SERVFAIL: dns.rcode.SERVFAIL, Fault.REFUSED: dns.rcode.REFUSED}
        if query.edns >= 0:
            codes[Fault.NO_EDNS] = dns.rcode.FORMERR
        if fault in codes:
            response = dns.message.make_response(query)
            response.set_rcode(codes[fault])
            return response
        if fault is Fault.LAME:
            response = dns.message.make_response(query)
            response.authority.append(
                dns.rrset.from_text("example.org.", self.ttl, "IN", "NS", "ns.elsewhere.example.")
            )
            return response
        response = self._sound(query)
        if fault is Fault.NO_SOA:
            response.authority.clear()
        if fault in (Fault.TRUNCATED, Fault.TRUNCATED_ALWAYS) and over == "udp":
            response.answer.clear()
            response.flags |= dns.flags.TC
        return response

    def _sound(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        question = query.question[0]
        name, kind = question.name, dns.rdatatype.to_text(question.rdtype)
        for _ in range(20):
            records = self.zone.get(str(name).rstrip(".").lower())
            if records is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
                break
            if kind in records:
                response.answer.append(
                    dns.rrset.from_text(name, self.ttl, "IN", kind, *records[kind])
                )
                return response
            if "CNAME" not in records:
                break
            alias = dns.rrset.from_text(name, self.ttl, "IN", "CNAME", *records["CNAME"])
            response.answer.append(alias)
            name = dns.name.from_text(records["CNAME"][0])
        response.authority.append(
            dns.rrset.from_text(
                dns.name.root, self.ttl, "IN", "SOA", f"ns. admin. 1 60 60 600 {self.ttl}"
            )
        )
        return response
