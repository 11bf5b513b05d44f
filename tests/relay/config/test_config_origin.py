"""Proxies and original destinations in relay.toml: what is refused, above all open relays."""

from __future__ import annotations

import pytest

from relay.config import Config, Problems, load

OUTSIDE = "listen = ['0.0.0.0:25']\n"
REDIRECT = OUTSIDE + "original_destination = 'redirect'\n"


def wrong(text: str) -> list[tuple[int, str]]:
    """Line and parameter of each mistake."""
    found = load(text)
    return [(p.line, p.name) for p in found.all] if isinstance(found, Problems) else []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (REDIRECT + "accept_from = ['10.0.0.0/8']", []),
        (REDIRECT + "accept_from = ['10.0.0.0/8']\ndefault_server = '10.0.0.9'", []),
        (REDIRECT, [(1, "listen")]),
        (
            REDIRECT + "accept_from = ['10.0.0.0/8']\ndst = '10.0.0.9'",
            [(2, "original_destination")],
        ),
        ("original_destination = 'nat'", [(1, "original_destination")]),
        ("original_destination = 'proxy'", [(1, "original_destination")]),
        ("original_destination = 'proxy'\nproxy_from = ['10.0.0.5']", []),
        ("proxy_from = ['10.0.0.5', 'x']", [(1, "proxy_from")]),
        ("proxy_from = ['0.0.0.0/0']", [(1, "proxy_from")]),
        ("proxy_from = ['::/0']\ndst = '10.0.0.9'", [(1, "proxy_from")]),
        ("original_networks = ['10.0.0.0/8']", [(1, "original_networks")]),
        ("mark = 4294967295", []),
        ("mark = 4294967296", [(1, "mark")]),
        ("mark = -1", [(1, "mark")]),
    ],
)
def test_contradictions(text: str, wanted: list[tuple[int, str]]) -> None:
    assert wrong(text) == wanted


ANYBODY = [
    "'0.0.0.0/0'",
    "'::/0'",
    "'10.0.0.0/8', '::/0'",
    "'0.0.0.0/1', '128.0.0.0/1'",
    "'0.0.0.0/2'",
    "'192.0.0.0/7'",
    "'2000::/3'",
    "'2000::/15'",
    "'::ffff:0:0/96'",
    "'::ffff:0:0/97', '::ffff:128.0.0.0/97'",
]
SOMEBODY = ["'10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'", "'fc00::/7'", "'2001:db8::/32'"]


@pytest.mark.parametrize("networks", ANYBODY)
@pytest.mark.parametrize("way", ["redirect", "tproxy", "proxy"])
def test_anybody_to_anywhere_is_an_open_relay(networks: str, way: str) -> None:
    text = (
        f"listen = ['0.0.0.0:25', '[::]:25']\noriginal_destination = '{way}'\n"
        f"proxy_from = ['10.0.0.5']\naccept_from = [{networks}]\n"
    )
    assert wrong(text) == [(4, "accept_from")]
    assert wrong(text + f"original_networks = [{networks}]") == [(4, "accept_from")]
    assert wrong(text + "original_networks = ['10.1.5.0/24']") == []


@pytest.mark.parametrize("networks", ANYBODY)
def test_every_neighbour_counts(networks: str) -> None:
    assert wrong(f"proxy_from = [{networks}]") == [(1, "proxy_from")]


@pytest.mark.parametrize("networks", SOMEBODY)
def test_networks_of_ones_own_are_no_open_relay(networks: str) -> None:
    assert wrong(REDIRECT + f"accept_from = [{networks}]\nproxy_from = [{networks}]") == []


def test_the_text_tells_what_to_do() -> None:
    found = load(REDIRECT + "accept_from = ['0.0.0.0/0']")
    assert isinstance(found, Problems)
    assert found.lines("relay.toml") == (
        "relay.toml:3: accept_from: 0.0.0.0/0 with original_destination = redirect relays for "
        "anybody to anywhere: narrow it, or name your servers' networks in original_networks",
    )


def test_the_defaults_change_nothing() -> None:
    config = load("")
    assert isinstance(config, Config)
    assert (config.original_destination, config.proxy_from, config.mark) == ("off", (), 0)
