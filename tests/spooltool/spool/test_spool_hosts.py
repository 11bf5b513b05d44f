"""Hosts as DST and ERR_SERVER hold them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.spool.hosts import HostPort, format_hosts, parse_hosts


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("10.1.5.2", [("10.1.5.2", None)]),
        ("mx1.example.net", [("mx1.example.net", None)]),
        ("MX1.Example.NET:2525", [("mx1.example.net", 2525)]),
        ("mx1.example.net.", [("mx1.example.net.", None)]),
        ("_smtp.example", [("_smtp.example", None)]),
        ("[2001:DB8::7]", [("2001:db8::7", None)]),
        ("[2001:db8::7]:26", [("2001:db8::7", 26)]),
        ("2001:db8::7", [("2001:db8::7", None)]),
        ("fe80::1%eth0", [("fe80::1%eth0", None)]),
        ("{ a, b:2525 }", [("a", None), ("b", 2525)]),
        ("{a,[::1]:25,10.0.0.1}", [("a", None), ("::1", 25), ("10.0.0.1", None)]),
        (" a ", [("a", None)]),
        ("a:65535", [("a", 65535)]),
        *((bad, []) for bad in (
            "", " ", "{}", "{a", "a,b", "{a,,b}", "{a,}", "a b", "a:", "a:0", "a:65536", "a:x",
            "a:" + "9" * 5000, "a:٣", "-a", "a-", "a..b", ".a", "[::1", "[::1]x", "[::1]:0",
            "[10.1.5.2]", ":::", "[fe80::1%\x1b[2J]", "a\nb", "a\0", "é.example", "x" * 300,
            "[@click=app.quit]x[/]", "{{a}}",
        )),
    ],
)  # fmt: skip
def test_table(text: str, hosts: list[tuple[str, int | None]]) -> None:
    assert [(host.host, host.port) for host in parse_hosts(text)] == hosts


@given(st.text(max_size=40))
def test_any_text_reads_as_hosts_or_as_none_and_formats_back(text: str) -> None:
    hosts = parse_hosts(text)
    if hosts:
        assert parse_hosts(format_hosts(hosts)) == hosts
        assert all(ch.isprintable() and ch != " " for host in hosts for ch in host.host)


def test_one_host_is_written_plainly_and_several_in_braces() -> None:
    assert format_hosts((HostPort("::1", 25),)) == "[::1]:25"
    assert format_hosts((HostPort("a"), HostPort("::1"), HostPort("b", 26))) == "{a,[::1],b:26}"
