"""Paths: a table of forms, and what no accepted mailbox can hold."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.smtp import Mailbox
from relay.smtp.mailbox import BadPath, a_label, parse_path, parse_postmaster
from spooltool.spool.mailbox import mail_domain

L64, D63 = "l" * 64, "d" * 63
LONG_DOMAIN = ".".join([D63] * 3 + ["d" * 57])

GOOD: list[tuple[str, Mailbox]] = [
    ("<a@b>", Mailbox("a@b", "a", "b", "b")),
    ("<Anna@Example.ORG>", Mailbox("Anna@Example.ORG", "Anna", "Example.ORG", "example.org")),
    (
        "<a.b+c=d/e@x-y.example>",
        Mailbox("a.b+c=d/e@x-y.example", "a.b+c=d/e", *["x-y.example"] * 2),
    ),
    (
        "<#$&'*-/=?^_`{|}~@x>",
        Mailbox("#$&'*-/=?^_`{|}~@x", "#$&'*-/=?^_`{|}~", "x", "x"),
    ),
    ('<"a b"@x>', Mailbox('"a b"@x', "a b", "x", "x")),
    ('<"<a>"@x>', Mailbox('"<a>"@x', "<a>", "x", "x")),
    (r'<"a\"\\b"@x>', Mailbox(r'"a\"\\b"@x', r'a"\b', "x", "x")),
    ('<""@x>', Mailbox('""@x', "", "x", "x")),
    ("<@r1.example:a@b>", Mailbox("a@b", "a", "b", "b")),
    ("<@r1.example,@r2:a@b>", Mailbox("a@b", "a", "b", "b")),
    ("<a@[192.0.2.1]>", Mailbox("a@[192.0.2.1]", "a", "[192.0.2.1]", "[192.0.2.1]")),
    (
        "<a@[IPv6:2001:DB8::1]>",
        Mailbox("a@[IPv6:2001:DB8::1]", "a", "[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"),
    ),
    ("<a@host_1.example>", Mailbox("a@host_1.example", "a", *["host_1.example"] * 2)),
    (f"<{L64}@x>", Mailbox(f"{L64}@x", L64, "x", "x")),
    (
        "<é@bücher.example>",
        Mailbox("é@bücher.example", "é", "bücher.example", "xn--bcher-kva.example"),
    ),
    ('<"é b"@x>', Mailbox('"é b"@x', "é b", "x", "x")),
    (
        "<a@ＥＸＡＭＰＬＥ.org>",
        Mailbox("a@ＥＸＡＭＰＬＥ.org", "a", "ＥＸＡＭＰＬＥ.org", "example.org"),
    ),
    ("<é@[192.0.2.1]>", Mailbox("é@[192.0.2.1]", "é", "[192.0.2.1]", "[192.0.2.1]")),
]

BAD: list[tuple[str, str]] = [
    *[
        (path, "malformed")
        for path in (
            "",
            "<",
            ">",
            "<>",
            "<a>",
            "a@b",
            "<a@b",
            "a@b>",
            "<a@>",
            "<@b>",
            "<@b:>",
            "<a b@c>",
            "<a@b c>",
            "< a@b>",
            "<a@b >",
            "<.a@b>",
            "<a.@b>",
            "<a..b@c>",
            "<a@.b>",
            "<a@b.>",
            "<a@b..c>",
            "<a@-b>",
            "<a@b->",
            "<a@b!c>",
            '<"a@b>',
            '<a"b"@c>',
            '<"a"b@c>',
            '<"a\\"@b>',
            "<a@b\n>",
            "<a\n@b>",
            '<"a\n"@b>',
            '<"a\\\n"@b>',
            "<a\0@b>",
            "<a<@b>",
            "<a>@b>",
            "<a@[192.0.2.1>",
            "<a@192.0.2.1]>",
            "<a@[]>",
            f"<a@{'d' * 64}>",
            "<@r a@b>",
            "<@r,a@b>",
            "<<a@b>>",
            "<(c)a@b>",
            "<postmaster>",
        )
    ],
    *[
        (path, "relayed")
        for path in (
            "<a%b@c>",
            "<a!b@c>",
            "<a@b@c>",
            '<"a@b"@c>',
            '<"a%b"@c>',
            '<"a!b"@c>',
            r'<"a\@b"@c>',
            "<@r:a%b@c>",
            "<@r:a@b@c>",
            "<a@b@>",
        )
    ],
    *[
        (path, "long")
        for path in (
            f"<{'l' * 65}@x>",
            f"<a@{LONG_DOMAIN}.xxxxxx>",
            f"<{L64}@{LONG_DOMAIN}>",
            f"<{'é' * 33}@x>",
            f"<@{LONG_DOMAIN}:a@bc>",
        )
    ],
    *[
        (path, "literal")
        for path in (
            "<a@[1.2.3]>",
            "<a@[1.2.3.256]>",
            "<a@[IPv6:1::2::3]>",
            "<a@[IPv6:fe80::1%eth0]>",
            "<a@[x:y]>",
            "<é@[1.2.3]>",
        )
    ],
    *[
        (path, "utf8")
        for path in (
            "<\udcc3@x>",
            "<a\u2028b@x>",
            "<a\x85b@x>",
            "<a\u00a0b@x>",
            "<a\u202eb@x>",
            "<a\u3000b@x>",
            "<a@x\u2028y>",
            '<"a\u2028"@x>',
            "<a\ufeff@x>",
            "<a\ud800@x>",
        )
    ],
    *[
        (path, "domain")
        for path in ("<a@x＠y>", "<a@xn--é>", "<a@é" + "b" * 60 + ">", "<a@x。。y>")
    ],
]


@pytest.mark.parametrize(("path", "mailbox"), GOOD)
def test_good(path: str, mailbox: Mailbox) -> None:
    assert parse_path(path, 0, utf8=True) == (mailbox, len(path))
    assert parse_path("TO:" + path + " X", 3, utf8=True) == (mailbox, len(path) + 3)
    if not path.isascii():
        assert parse_path(path, 0, utf8=False) == BadPath(
            "non-ASCII address without SMTPUTF8", utf8=True
        )


@pytest.mark.parametrize(("path", "why"), BAD)
def test_bad(path: str, why: str) -> None:
    found = parse_path(path, 0, utf8=True)
    assert isinstance(found, BadPath)
    words = {
        "malformed": "malformed address",
        "relayed": "no %, ! or @ in a local part",
        "long": "address too long",
        "literal": "malformed address literal",
        "utf8": "address is no readable UTF-8",
        "domain": "malformed internationalised domain",
    }
    assert found == BadPath(words[why], relayed=why == "relayed", utf8=why == "utf8")


def test_postmaster() -> None:
    found = parse_postmaster("TO:<PostMaster>", 3)
    assert found == (Mailbox("PostMaster", "PostMaster", "", ""), 15)
    assert parse_postmaster("<postmaster@x>", 0) is None


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("Example.ORG", "example.org"),
        ("xn--BCHER-kva.de", "xn--bcher-kva.de"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("é" * 70 + ".de", None),
        ("a／b.de", None),
    ],
)
def test_a_label(domain: str, label: str | None) -> None:
    assert a_label(domain) == label


NEAR = st.text(
    st.sampled_from(list('ab.@<>"\\ \r\n\0\t%!:,[]é\u2028\x85\u00a0\udcff\x7f\x1b')), max_size=20
)


@settings(deadline=None)
@given(NEAR | st.text(max_size=20), st.booleans())
@example("a\r\nRCPT: x@y", True)
@example('"a\\\n"@b', True)
def test_no_mailbox_forges_a_line(inner: str, utf8: bool) -> None:
    found = parse_path(f"<{inner}>", 0, utf8=utf8)
    if isinstance(found, BadPath):
        return
    mailbox, _ = found
    text = mailbox.text
    assert text.isascii() or utf8
    assert text.splitlines() == [text]
    assert not set(text) & set("\r\n\0\t\x7f\x1b")
    text.encode("utf-8")
    local = text[: -len(mailbox.domain) - 1]
    if not local.startswith('"'):
        assert not set(text) & set("<> \u00a0")
    assert not set(mailbox.domain) & set('<> "@\u00a0')
    assert not set(mailbox.local) & set("%!@")
    assert mailbox.ascii_domain.isascii()
    assert mailbox.ascii_domain == mailbox.ascii_domain.lower()
    assert parse_path(f"<{text}>", 0, utf8=utf8) == (mailbox, len(text) + 2)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("a@Example.ORG", "example.org"),
        ("a@example.org.", "example.org"),
        ('"a@b"@example.org', "example.org"),
        ("a@b\u00fccher.example", "xn--bcher-kva.example"),
        ("a@[192.0.2.1]", "192.0.2.1"),
        ("a@[IPv6:2001:DB8::1]", "2001:db8::1"),
        ("postmaster", ""),
        ("", ""),
        ("a@", ""),
        ("a@[192.0.2.1", ""),
        ("a@[rubbish]", ""),
        ("a@two..dots", ""),
        ("a@" + "x" * 64 + ".example", ""),
        ("a@sp ace.example", ""),
        ("a@\udcff.example", ""),
    ],
)
def test_the_domain_that_mail_is_looked_up_by(address: str, domain: str) -> None:
    assert mail_domain(address) == domain
