"""Tables about single destinations, and the parameters of TLS."""

from __future__ import annotations

import pytest

from relay.config import Config, Problems, load, show
from relay.config.destinations import DestinationTable, HostPattern, parse_pattern

TABLES = """\
tls = "require"
tls_ca = "/etc/relay/ca.pem"

[destination."10.1.5.2:25"]
tls = "verify"
tls_name = "mx1.example.org"
soft_bounce = 1

[destination."*.Example.NET"]   # all below
tls = "off"
tls_ca = ""
[destination.localhost]
"""


def problems(text: str) -> list[tuple[int, str, str]]:
    found = load(text)
    assert isinstance(found, Problems), found
    return [(p.line, p.name, p.text) for p in found.all]


def test_tables_are_read_and_shown() -> None:
    got = load(TABLES)
    assert isinstance(got, Config)
    assert got.tls == "require"
    assert got.destinations == (
        DestinationTable(
            HostPattern("10.1.5.2", 25), tls="verify", tls_name="mx1.example.org", soft_bounce=True
        ),
        DestinationTable(HostPattern("example.net", below=True), tls="off", tls_ca=""),
        DestinationTable(HostPattern("localhost")),
    )
    assert load(show(got)) == got
    assert show(got, non_default=True) == (
        'tls = "require"\ntls_ca = "/etc/relay/ca.pem"\n\n'
        '[destination."10.1.5.2:25"]\n'
        'tls = "verify"\ntls_name = "mx1.example.org"\nsoft_bounce = true\n\n'
        '[destination."*.example.net"]\ntls = "off"\ntls_ca = ""\n\n'
        '[destination."localhost"]\n'
    )
    assert "#   tls_name: name that the certificate must bear; without it" in show(got)
    assert "## Destinations" in show(got)


def test_every_mistake_in_tables_at_once_with_its_line() -> None:
    text = """\
tls = "always"
[destination]
[destination.mx.example.org]
tls = "of"
[destination."a b"]
[destination."mx.example.org:25"]
tls = "maybe"
tls_nam = "x"
tls_name = "-x"
tls = "off"
timeout = 5
colour = "red"
tls_ca = "ca.pem"
soft_bounce = "no"
[destination."MX.example.org.:25"]
[[destination."x"]]
[destinations."x"]
tls = "off"
"""
    assert problems(text) == [
        (1, "tls", "wants 'off' or 'may' or 'require' or 'verify', not 'always'"),
        (2, "", '[destination] wants a host: [destination."HOST:PORT"]'),
        (3, "", 'quotes belong around the host: [destination."…"]'),
        (5, "", "'a b' is not HOST, HOST:PORT or *.DOMAIN"),
        (7, "tls", "wants 'off' or 'may' or 'require' or 'verify', not 'maybe'"),
        (8, "", "no parameter of a destination is called 'tls_nam'; tls_name?"),
        (9, "tls_name", "wants a host name, not '-x'"),
        (10, "tls", "stands in line 7 already"),
        (11, "", "timeout is no parameter of a destination: it stands above the first [table]"),
        (
            12,
            "",
            "no parameter of a destination is called 'colour'; "
            "there are tls, tls_name, tls_ca, soft_bounce",
        ),
        (13, "tls_ca", "wants the absolute path of a file, not 'ca.pem'"),
        (14, "soft_bounce", "wants true or false, not 'no'"),
        (15, "", '[destination."mx.example.org:25"] stands in line 6 already'),
        (16, "", 'one pair of brackets: [destination."x"]'),
        (17, "", '[destinations]: no table is called so; [destination."HOST:PORT"]?'),
    ]


def test_an_unclosed_bracket_does_not_hide_a_table() -> None:
    found = problems('listen = [\n[destination."x"]\ntls = "x"\n')
    assert [line for line, _, _ in found] == [1, 3]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mx.example.org", "mx.example.org"),
        ("MX.example.org.:26", "mx.example.org:26"),
        ("*.Example.org", "*.example.org"),
        ("*.example.org:26", "*.example.org:26"),
        ("[2001:DB8::1]:25", "[2001:db8::1]:25"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("*", None),
        ("*.", None),
        ("*.*.org", None),
        ("*.[::1]", None),
        ("a.*", None),
        ("host:0", None),
        ("", None),
    ],
)
def test_names_of_tables(text: str, shown: str | None) -> None:
    found = parse_pattern(text)
    assert (str(found) if found else None) == shown


@pytest.mark.parametrize(
    ("pattern", "host", "port", "wanted"),
    [
        ("mx.example.org", "mx.example.org", 2525, True),
        ("mx.example.org:25", "mx.example.org", 2525, False),
        ("*.example.org", "mx.example.org", 25, True),
        ("*.example.org", "a.mx.example.org", 25, True),
        ("*.example.org", "example.org", 25, False),
        ("*.example.org", "badexample.org", 25, False),
        ("*.example.org:26", "mx.example.org", 25, False),
    ],
)
def test_whom_a_name_means(pattern: str, host: str, port: int, wanted: bool) -> None:
    found = parse_pattern(pattern)
    assert found is not None
    assert found.matches(host, port) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tls_certificate = '/c.pem'\nlisten_tls = ['127.0.0.1:465']\ntls_required = true", []),
        ("tls_key = '/k.pem'", [(1, "tls_key")]),
        (
            "listen_tls = ['127.0.0.1:465']\ntls_required = true",
            [(1, "listen_tls"), (2, "tls_required")],
        ),
        (
            "tls_certificate = '/c.pem'\nlisten = ['[::1]:465']\nlisten_tls = ['[::1]:465']",
            [(3, "listen_tls")],
        ),
        (
            "tls_certificate = '/c.pem'\nlisten_tls = ['0.0.0.0:465']",
            [(2, "listen_tls"), (2, "listen_tls")],
        ),
        (
            "tls_certificate = '/c.pem'\nlisten_tls = ['127.0.0.1:465']\ndst = '127.0.0.1:465'",
            [(3, "dst")],
        ),
        (
            "tls_certificate = 'c.pem'\ntls_minimum = '1.1'",
            [(1, "tls_certificate"), (2, "tls_minimum")],
        ),
    ],
)
def test_contradictions_of_tls(text: str, wanted: list[tuple[int, str]]) -> None:
    found = load(text)
    got = [(p.line, p.name) for p in found.all] if isinstance(found, Problems) else []
    assert got == wanted
