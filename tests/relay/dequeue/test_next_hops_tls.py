"""TLS towards next hops: every policy with every kind of host."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop

from relay.config import Config, load
from tests.harness.certificates import Authority
from tests.harness.tls_hop import Hop

World = Any


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def hosts(authority: Authority) -> dict[str, Callable[[], Hop]]:
    """A host of each kind."""
    good = authority.issue("127.0.0.1", "localhost", "mx.example.org")
    wrong = authority.issue("other.example.org")
    expired = authority.issue("127.0.0.1", days=-1)
    itself = authority.itself()
    stranger = Authority(authority.folder, "stranger").issue("127.0.0.1")
    return {
        "none": Hop,
        "good": lambda: Hop(good.context()),
        "wrong-name": lambda: Hop(wrong.context()),
        "expired": lambda: Hop(expired.context()),
        "self-signed": lambda: Hop(itself.context()),
        "unknown-ca": lambda: Hop(stranger.context()),
        **{
            trouble: lambda trouble=trouble: Hop(good.context(), trouble)  # type: ignore[misc]
            for trouble in ("break", "hang", "454", "garbage", "inject", "late")
        },
    }


def run(scene: Callable[[], Awaitable[None]]) -> None:
    """In the loop of the service, within a limit."""

    async def limited() -> None:
        async with asyncio.timeout(60):
            await scene()

    uvloop.run(limited())


def settings(text: str) -> dict[str, Any]:
    """Settings of the dequeuer as relay.toml gives them."""
    found = load(text)
    assert isinstance(found, Config), found
    names = ("tls", "tls_ca", "destinations", "soft_bounce")
    return {name: getattr(found, name) for name in names}


CLEAR, SECURE = "", "TLSv1.3"
OUTCOMES: dict[str, dict[str, str]] = {
    # host: what each policy ends in: a version of TLS, "" for clear, or the text in STATE
    "none": {
        "off": CLEAR,
        "may": CLEAR,
        "require": "the host does not offer STARTTLS",
        "verify": "the host does not offer STARTTLS",
    },
    "good": {"off": CLEAR, "may": SECURE, "require": SECURE, "verify": SECURE},
    "wrong-name": {
        "off": CLEAR,
        "may": SECURE,
        "require": SECURE,
        "verify": "certificate: IP address mismatch, certificate is not valid for '127.0.0.1'",
    },
    "expired": {
        "off": CLEAR,
        "may": SECURE,
        "require": SECURE,
        "verify": "certificate: certificate has expired",
    },
    "self-signed": {"off": CLEAR, "may": SECURE, "require": SECURE, "verify": "certificate: "},
    "unknown-ca": {
        "off": CLEAR,
        "may": SECURE,
        "require": SECURE,
        "verify": "certificate: unable to get local issuer certificate",
    },
    "break": dict.fromkeys(("require", "verify"), "connection lost in the TLS handshake"),
    "hang": dict.fromkeys(("require", "verify"), "no TLS handshake within 1 s"),
    "454": dict.fromkeys(("require", "verify"), "STARTTLS refused: TLS not available just now"),
    "garbage": dict.fromkeys(("require", "verify"), "TLS: wrong version number"),
    "inject": dict.fromkeys(("require", "verify"), "reply injected before TLS"),
    # It may come in one segment with the 220, or not: in clear it is, one way or the other.
    "late": dict.fromkeys(("require", "verify"), "TLS: wrong version number|reply injected"),
}


@pytest.mark.parametrize("policy", ["off", "may", "require", "verify"])
@pytest.mark.parametrize("kind", OUTCOMES)
def test_each_policy_with_each_kind_of_host(
    world: World,
    hosts: dict[str, Callable[[], Hop]],
    authority: Authority,
    kind: str,
    policy: str,
) -> None:
    wanted = OUTCOMES[kind].get(policy, CLEAR)
    ca = authority.ca if kind != "self-signed" else Authority(authority.folder, "none").ca

    async def scene() -> None:
        hop = hosts[kind]()
        await hop.start()
        number = world.put(hop.port)
        timeout = 1.0 if kind == "hang" else 20.0
        await world.dequeuer(
            **settings(f'tls = "{policy}"\ntls_ca = "{ca}"\n'), timeout=timeout
        ).run(once=True)
        await hop.stop()
        events = [event for event, _ in world.notes.fields]
        if wanted in (CLEAR, SECURE):
            assert world.files() == []
            assert [taken.tls for taken in hop.taken] == [wanted]
            told = next(f["tls"] for event, f in world.notes.fields if event == "delivered")
            assert str(told or "").partition(":")[0] == wanted
        else:
            assert hop.taken == []
            (state,) = [world.envelope(file).state for file in world.files()]
            assert (state.reason, state.attempts) == ("tls", 1)
            assert state.text.startswith(tuple(text[:80] for text in wanted.split("|")))
            assert world.files() == [f"D_resend/R{number}"]
        # A failed handshake under `may`: the same attempt, a connection more, told.
        fell_back = policy == "may" and hop.broken > 0
        assert hop.connections == 1 + fell_back
        assert ("tls-failed" in events) == fell_back
        assert hop.broken == (kind in ("break", "hang", "454", "garbage", "inject", "late")) * (
            policy != "off"
        )

    run(scene)


def test_what_was_announced_in_clear_does_not_count(
    world: World, hosts: dict[str, Callable[[], Hop]]
) -> None:
    async def scene() -> None:
        hop = hosts["good"]()
        await hop.start()
        # The host has DSN in clear only, SMTPUTF8 under TLS only.
        world.put(
            hop.port, "anna@example.org NOTIFY=FAILURE", "jürgen@example.org", params="RET=HDRS"
        )
        await world.dequeuer().run(once=True)
        await hop.stop()
        assert hop.ehlos == [(1, False), (1, True)]
        assert [taken.tls for taken in hop.taken] == ["TLSv1.3"]

    run(scene)


def test_the_next_host_is_tried_where_one_lacks_tls(
    world: World, hosts: dict[str, Callable[[], Hop]], authority: Authority
) -> None:
    async def scene() -> None:
        bare, refusing, good = hosts["none"](), hosts["454"](), hosts["good"]()
        for hop in (bare, refusing, good):
            await hop.start()
        dst = ",".join(f"127.0.0.1:{hop.port}" for hop in (bare, refusing, good))
        world.put(good.port, DST=f"{{{dst}}}")
        await world.dequeuer(tls="verify", tls_ca=str(authority.ca)).run(once=True)
        for hop in (bare, refusing, good):
            await hop.stop()
        assert [len(hop.taken) for hop in (bare, refusing, good)] == [0, 0, 1]
        assert [hop.connections for hop in (bare, refusing, good)] == [1, 1, 1]

    run(scene)


def test_tables_ask_of_each_host_what_is_theirs(
    world: World, hosts: dict[str, Callable[[], Hop]], authority: Authority
) -> None:
    async def scene() -> None:
        wrong, bare, good = hosts["wrong-name"](), hosts["none"](), hosts["good"]()
        for hop in (wrong, bare, good):
            await hop.start()
            world.put(hop.port)
        text = f"""
            tls = "off"
            tls_ca = "{authority.ca}"
            [destination."127.0.0.1:{wrong.port}"]
            tls = "verify"
            tls_name = "other.example.org"
            [destination."127.0.0.1:{bare.port}"]
            tls = "require"
        """
        await world.dequeuer(**settings(text)).run(once=True)
        for hop in (wrong, bare, good):
            await hop.stop()
        assert [[t.tls for t in hop.taken] for hop in (wrong, bare, good)] == [
            ["TLSv1.3"],
            [],
            [""],
        ]
        assert wrong.names == ["other.example.org"]

    run(scene)


def test_the_name_of_the_host_is_asked_for(
    world: World, hosts: dict[str, Callable[[], Hop]], authority: Authority
) -> None:
    async def scene() -> None:
        hop = hosts["good"]()
        await hop.start()
        world.put(hop.port, DST="localhost")
        world.put(hop.port, DST="127.0.0.1")
        await world.dequeuer(tls="verify", tls_ca=str(authority.ca)).run(once=True)
        await hop.stop()
        assert len(hop.taken) == 2
        assert set(hop.names) == {"localhost", None}, "no address in SNI: RFC 6066 3"

    run(scene)


def test_connections_are_shared_only_on_the_same_terms(
    world: World, hosts: dict[str, Callable[[], Hop]], authority: Authority
) -> None:
    """Two names of one address: alike without a name to verify, apart with one."""

    async def scene() -> None:
        for tls, connections in (("require", 1), ("verify", 2)):
            hop = hosts["good"]()
            await hop.start()
            mdq = world.dequeuer(tls=tls, tls_ca=str(authority.ca))
            running = asyncio.create_task(mdq.run())
            world.put(hop.port, DST="127.0.0.1")
            mdq.wake()
            await world.until(lambda hop=hop: len(hop.taken) == 1 and world.files() == [])
            world.put(hop.port, DST="localhost")
            mdq.wake()
            await world.until(lambda hop=hop: len(hop.taken) == 2 and world.files() == [])
            assert hop.connections == connections
            mdq.stop()
            await running
            await hop.stop()

    run(scene)


def test_a_reload_that_asks_for_more_ends_connections_that_have_less(
    world: World, hosts: dict[str, Callable[[], Hop]]
) -> None:
    async def scene() -> None:
        hop = hosts["good"]()
        await hop.start()
        now = {"tls": "off"}
        mdq = world.dequeuer(tls="off")
        mdq._reread = lambda: world.dequeuer(**now).settings
        running = asyncio.create_task(mdq.run())
        world.put(hop.port)
        mdq.wake()
        await world.until(lambda: len(hop.taken) == 1 and world.files() == [])
        now["tls"] = "require"
        mdq.reload()
        world.put(hop.port)
        mdq.wake()
        await world.until(lambda: len(hop.taken) == 2 and world.files() == [])
        assert [taken.tls for taken in hop.taken] == ["", "TLSv1.3"]
        mdq.stop()
        await running
        await hop.stop()

    run(scene)


def test_authorities_that_cannot_be_read(world: World, hosts: dict[str, Callable[[], Hop]]) -> None:
    async def scene() -> None:
        hop = hosts["good"]()
        await hop.start()
        world.put(hop.port)
        await world.dequeuer(tls="verify", tls_ca="/nowhere/ca.pem").run(once=True)
        await hop.stop()
        (state,) = [world.envelope(file).state for file in world.files()]
        assert (state.reason, state.text) == ("tls", "/nowhere/ca.pem: No such file or directory")
        assert hop.connections == 0

    run(scene)


def test_soft_bounce_by_destination(world: World) -> None:
    """5xx at one host is temporary by its table; at the other it is not."""
    text = '[destination."127.0.0.1:1"]\nsoft_bounce = true\n'
    hops = world.dequeuer(**settings(text)).settings.hops()
    assert [hops.of("127.0.0.1", port).soft_bounce for port in (1, 2)] == [True, False]


def test_an_attempt_is_taken_back_in_the_middle_of_a_handshake(
    world: World, hosts: dict[str, Callable[[], Hop]]
) -> None:
    async def scene() -> None:
        hop = hosts["hang"]()
        await hop.start()
        number = world.put(hop.port)
        mdq = world.dequeuer(tls="require")
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: hop.broken == 1)
        assert await mdq.yield_ids([number], 30.0) == ([number], [], [])
        mdq.stop()
        await running
        await hop.stop()
        assert world.files() == [f"D_sender/R{number}"]

    run(scene)


def test_a_large_message_keeps_memory_flat(
    world: World, hosts: dict[str, Callable[[], Hop]]
) -> None:
    def resident() -> int:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    async def scene() -> None:
        hop = hosts["good"]()
        hop.slow = 0.0002
        await hop.start()
        line = b"x" * 997 + b"\n"
        world.put(hop.port, body=line * 40_000)
        before, most = resident(), 0
        running = asyncio.create_task(world.dequeuer(tls="require").run(once=True))
        while not running.done():
            most = max(most, resident())
            await asyncio.sleep(0.005)
        await hop.stop()
        assert world.files() == []
        assert [taken.tls for taken in hop.taken] == ["TLSv1.3"]
        assert most - before < 20 << 20, f"{(most - before) >> 20} MB for a message of 40 MB"

    run(scene)
