"""FAQ 9.23: four rules around a smart host; a proxy tells where each client was going."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.documents import toml_block
from tests.harness.namespaces import Namespace, join, need_namespaces
from tests.harness.process import wait_until
from tests.harness.sink import SinkProcess
from tests.interop.test_interop_redirect import Relay

DMZ, INSIDE, INTERNET = "192.0.2.25", "10.1.5.2", "203.0.113.25"
CLIENT = "198.51.100.7"


@dataclass
class Lab:
    """A gate with the relay, and behind one wire a server at each of three addresses."""

    gate: Namespace
    relay: Relay
    sinks: dict[str, SinkProcess]

    def send(self, source: str, destination: str, sender: str, recipient: str) -> str:
        """One message through the proxy; the reply that refused it, or the last one."""
        with self.gate.entered():
            proxy = socket.create_connection(("127.0.0.1", 25), 30)
        with proxy, proxy.makefile("rb") as said:
            proxy.sendall(f"PROXY TCP4 {source} {destination} 40000 25\r\n".encode())
            for line in (
                None,
                "HELO client.example",
                f"MAIL FROM:<{sender}>",
                f"RCPT TO:<{recipient}>",
                "DATA",
                f"Subject: x\r\nX-Id: {source}-{destination}\r\n\r\nhi\r\n.",
            ):
                if line is not None:
                    proxy.sendall(line.encode() + b"\r\n")
                reply = said.readline().decode().rstrip()
                if reply[:1] not in "23":
                    return reply
        return reply

    def taken(self) -> dict[str, int]:
        return {address: len(sink.entries()) for address, sink in self.sinks.items()}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    need_namespaces()
    with ExitStack() as stack:
        gate, world = (stack.enter_context(Namespace()) for _ in range(2))
        join(
            gate, ["192.0.2.1/24", "10.1.0.1/16", "203.0.113.1/24"],
            world, [f"{DMZ}/24", f"{INSIDE}/16", f"{INTERNET}/24"],
            "wire",
        )  # fmt: skip
        sinks = {}
        for address in (DMZ, INSIDE, INTERNET):
            with world.entered():
                sinks[address] = stack.enter_context(
                    SinkProcess(host=address, port=25, log=tmp_path / f"{address}.log")
                )
        text = toml_block("rules.md", "faq-9.23")
        head, _, tables = text.partition("\n[")
        folder = tmp_path / "relay"
        folder.mkdir()
        relay = stack.enter_context(Relay(gate, folder, head + "\n", tables="\n[" + tables))
        yield Lab(gate, relay, sinks)


@pytest.mark.parametrize(
    ("source", "destination", "sender", "recipient", "rule", "at"),
    [
        (CLIENT, DMZ, "bob@elsewhere.example", "eva@example.com", 1, DMZ),
        (DMZ, "10.1.9.9", "bob@elsewhere.example", "eva@example.com", 2, INSIDE),
        (DMZ, INTERNET, "eva@example.com", "bob@elsewhere.example", 3, INTERNET),
        (INSIDE, INTERNET, "eva@example.com", "bob@elsewhere.example", 4, DMZ),
    ],
)
def test_each_rule_leads_to_its_server(
    lab: Lab, source: str, destination: str, sender: str, recipient: str, rule: int, at: str
) -> None:
    assert lab.send(source, destination, sender, recipient)[:3] == "250"
    wait_until(lambda: sum(lab.taken().values()) == 1, what="the mail at a server")
    assert lab.taken() == {address: int(address == at) for address in lab.sinks}
    (entry,) = lab.sinks[at].entries()
    assert (entry["sender"], entry["recipients"]) == (sender, [recipient])
    assert f" rule: {rule};" in lab.relay.log("tracker.log")


@pytest.mark.parametrize(
    ("source", "destination", "sender", "reply"),
    [
        (CLIENT, INTERNET, "bob@elsewhere.example", f"554 5.7.1 no mail is accepted from {CLIENT}"),
        (CLIENT, INSIDE, "bob@elsewhere.example", f"554 5.7.1 no mail is accepted from {CLIENT}"),
        (
            "10.1.7.7",
            INTERNET,
            "eva@example.com",
            "554 5.7.1 no mail is accepted from 10.1.7.7",
        ),
        (
            INSIDE,
            INTERNET,
            "mallory@elsewhere.example",
            "550 5.7.1 no mail is accepted for this recipient",
        ),
        (
            DMZ,
            INSIDE,
            "bob@elsewhere.example",
            "550 5.7.1 no mail is accepted for this recipient",
        ),
    ],
)
def test_what_no_rule_lets_through(
    lab: Lab, source: str, destination: str, sender: str, reply: str
) -> None:
    assert lab.send(source, destination, sender, "x@elsewhere.example") == reply
    assert lab.taken() == dict.fromkeys(lab.sinks, 0)
