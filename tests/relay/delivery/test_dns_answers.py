"""What name servers say, asked over real sockets, sound and broken ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from relay.delivery.dns.answers import LONGEST_NEGATIVE, Answer, Said
from relay.delivery.dns.lookup import Lookup
from relay.delivery.dns.servers import Servers
from relay.policy.mx import Exchange
from spooltool.spool.hosts import HostPort
from tests.harness.dns_server import TTL, DnsServer, Fault, Zone
from tests.harness.process import free_port

ZONE: Zone = {
    "example.org": {"MX": ["10 mx1.example.org.", "20 mx2.example.org."]},
    "mx1.example.org": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "alias.example.org": {"CNAME": ["mx1.example.org."]},
    "dangling.example.org": {"CNAME": ["nowhere.example.org."]},
    "ring.example.org": {"CNAME": ["ring.example.org."]},
    "empty.example.org": {},
}


def ask(
    name: str,
    kind: str = "MX",
    faults: Mapping[str, Fault] | None = None,
    timeout: float = 10.0,
    before: tuple[HostPort, ...] = (),
) -> tuple[Answer, DnsServer]:
    with DnsServer(ZONE, faults) as server:
        found = asyncio.run(Servers((*before, server.place), timeout).ask(name, kind))
    return found, server


def test_records_with_their_ttl() -> None:
    found, server = ask("Example.org")
    mx = (Exchange(10, "mx1.example.org"), Exchange(20, "mx2.example.org"))
    assert replace(found, records=()) == Answer(Said.RECORDS, ttl=TTL)
    assert set(found.records) == set(mx), "in any order: a response has none"
    assert [over for over, _, _ in server.asked] == ["udp"]
    assert ask("mx1.example.org", "AAAA")[0].records == ("2001:db8::1",)


def test_an_alias_in_the_answer_is_followed() -> None:
    assert ask("alias.example.org", "A")[0].records == ("192.0.2.1",)
    assert ask("dangling.example.org", "A")[0].said is Said.NO_NAME
    assert ask("ring.example.org", "A")[0].said is Said.TROUBLE


def test_no_such_name_and_no_such_records_are_two_things() -> None:
    assert ask("nobody.example.org")[0] == Answer(Said.NO_NAME, ttl=TTL)
    assert ask("empty.example.org")[0] == Answer(Said.NOTHING, ttl=TTL)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.SERVFAIL, "SERVFAIL"),
        (Fault.REFUSED, "REFUSED"),
        (Fault.LAME, "lame server"),
        (Fault.SILENT, "no answer from 127.0.0.1"),
        (Fault.GARBAGE, "no answer from 127.0.0.1"),
        (Fault.TRUNCATED_ALWAYS, ""),
    ],
)
@pytest.mark.parametrize("name", ["example.org", "nobody.example.org"])
def test_what_goes_wrong_is_trouble_and_no_statement_about_the_name(
    fault: Fault, text: str, name: str
) -> None:
    found, _ = ask(name, faults={name: fault}, timeout=0.2)
    assert found.said is Said.TROUBLE
    assert text in found.text


def test_a_truncated_answer_is_asked_for_again_over_tcp() -> None:
    found, server = ask("example.org", faults={"example.org": Fault.TRUNCATED})
    assert len(found.records) == 2
    assert [over for over, _, _ in server.asked] == ["udp", "tcp"]


def test_a_server_that_does_not_know_edns_is_asked_without_it() -> None:
    found, server = ask("example.org", faults={"example.org": Fault.NO_EDNS})
    assert len(found.records) == 2
    assert len(server.asked) == 2


def test_an_answer_to_another_question_is_not_listened_to() -> None:
    found, _ = ask("example.org", faults={"example.org": Fault.FORGED})
    assert len(found.records) == 2


def test_the_next_server_answers_for_one_that_is_silent_or_broken() -> None:
    assert len(ask("example.org", before=(HostPort("127.0.0.1", free_port()),))[0].records) == 2
    with DnsServer({}, {"example.org": Fault.SERVFAIL}) as broken:
        assert len(ask("example.org", before=(broken.place,))[0].records) == 2


def test_a_negative_answer_that_nobody_vouches_for_is_not_kept() -> None:
    found, _ = ask("nobody.example.org", faults={"nobody.example.org": Fault.NO_SOA})
    assert found == Answer(Said.NO_NAME, ttl=0.0)
    with DnsServer(ZONE) as server:
        server.ttl = 1_000_000
        found = asyncio.run(Servers((server.place,)).ask("nobody.example.org", "MX"))
        assert found.ttl == LONGEST_NEGATIVE


def test_what_is_no_name_does_not_exist() -> None:
    assert ask("x" * 64 + ".example.org")[0].said is Said.NO_NAME


def test_callers_of_one_question_share_its_answer_and_it_is_remembered() -> None:
    async def main() -> None:
        lookup = Lookup(Servers((server.place,)))
        found = await asyncio.gather(*(lookup.find("example.org", "MX") for _ in range(50)))
        assert {one.said for one in found} == {Said.RECORDS}
        await lookup.find("example.org", "MX")
        assert server.questions("example.org") == ["MX"]

    with DnsServer(ZONE) as server:
        asyncio.run(main())


def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    async def main() -> None:
        lookup = Lookup(Servers((server.place,)))
        first = asyncio.ensure_future(lookup.find("example.org", "MX"))
        other = asyncio.ensure_future(lookup.find("example.org", "MX"))
        await asyncio.sleep(0)
        first.cancel()
        assert (await other).said is Said.RECORDS

    with DnsServer(ZONE) as server:
        asyncio.run(main())


def test_an_alias_whose_end_the_server_does_not_know_is_asked_for_by_itself() -> None:
    class Halves:
        def __init__(self) -> None:
            self.asked: list[str] = []

        async def ask(self, name: str, kind: str) -> Answer:
            self.asked.append(name)
            if name == "a.example.org":
                return Answer(Said.NOTHING, ttl=60, alias="B.example.net.")
            if name == "ring.example.org":
                return Answer(Said.NOTHING, ttl=60, alias="ring.example.org.")
            return Answer(Said.RECORDS, ("192.0.2.1",), 60)

    async def main() -> None:
        halves = Halves()
        lookup = Lookup(halves)
        assert (await lookup.find("a.example.org", "A")).records == ("192.0.2.1",)
        assert halves.asked == ["a.example.org", "b.example.net"]
        assert (await lookup.find("ring.example.org", "A")).said is Said.TROUBLE

    asyncio.run(main())
