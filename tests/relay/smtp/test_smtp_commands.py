"""MAIL, RCPT and HELO arguments: tables, and what no accepted one can hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.smtp import Mailbox, Recipient, Reply, Transaction
from relay.smtp import parameters as params
from relay.smtp.commands import parse_helo, parse_mail, parse_rcpt

A = Mailbox("a@b", "a", "b", "b")
NULL = Mailbox("", "", "", "")
E = Mailbox("é@b", "é", "b", "b")


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("FROM:<>", Transaction(NULL)),
        ("from:<a@b>", Transaction(A)),
        ("FROM:  <a@b>  ", Transaction(A)),
        ("FROM:<a@b> SIZE=12", Transaction(A, size=12)),
        ("FROM:<a@b> AUTH=<>", Transaction(A)),
        ("FROM:<a@b> AUTH=e+3Dmc2@example.com", Transaction(A)),
        ("FROM:<a@b> body=8bitmime", Transaction(A, "body=8bitmime", eightbit=True)),
        ("FROM:<a@b> BODY=7BIT", Transaction(A, "BODY=7BIT")),
        (
            "FROM:<> RET=hdrs ENVID=q>1",
            Transaction(NULL, "RET=hdrs ENVID=q>1", ret="HDRS", envid="q>1"),
        ),
        ("FROM:<é@b> SMTPUTF8", Transaction(E, "SMTPUTF8", utf8=True)),
        (
            "FROM:<a@b>  SIZE=1   BODY=7BIT SMTPUTF8",
            Transaction(A, "BODY=7BIT SMTPUTF8", size=1, utf8=True),
        ),
    ],
)
def test_mail(rest: str, expected: Transaction) -> None:
    assert parse_mail(rest) == expected


@pytest.mark.parametrize(
    ("rest", "code", "enhanced"),
    [
        ("", 501, "5.5.4"),
        ("TO:<a@b>", 501, "5.5.4"),
        ("FROM <a@b>", 501, "5.5.4"),
        ("FROM :<a@b>", 501, "5.5.4"),
        ("FROM:", 501, "5.1.7"),
        ("FROM:a@b", 501, "5.1.7"),
        ("FROM:<postmaster>", 501, "5.1.7"),
        ("FROM:<a%x@b>", 553, "5.1.7"),
        ("FROM:<é@b>", 553, "5.6.7"),
        ("FROM:<é@b> BODY=8BITMIME", 553, "5.6.7"),
        ("FROM:<\udcff@b> SMTPUTF8", 553, "5.6.7"),
        ("FROM:<a@b>SIZE=1", 501, "5.5.4"),
        ("FROM:<a@b> SIZE", 501, "5.5.4"),
        ("FROM:<a@b> SIZE=", 501, "5.5.4"),
        ("FROM:<a@b> SIZE=-1", 501, "5.5.4"),
        ("FROM:<a@b> SIZE=\u0661", 501, "5.5.4"),
        ("FROM:<a@b> SIZE=" + "1" * 21, 501, "5.5.4"),
        ("FROM:<a@b> SIZE=1 size=2", 501, "5.5.4"),
        ("FROM:<a@b> BODY=BINARYMIME", 501, "5.5.4"),
        ("FROM:<a@b> SMTPUTF8=1", 501, "5.5.4"),
        ("FROM:<a@b> \u017fMTPUTF8", 501, "5.5.4"),
        ("FROM:<a@b> RET=ALL", 501, "5.5.4"),
        ("FROM:<a@b> ENVID=", 501, "5.5.4"),
        ("FROM:<a@b> ENVID=a+", 501, "5.5.4"),
        ("FROM:<a@b> ENVID=a=b", 501, "5.5.4"),
        ("FROM:<a@b> ENVID=a+0D+0Ab", 501, "5.5.4"),
        ("FROM:<a@b> ENVID=" + "x" * 101, 501, "5.5.4"),
        ("FROM:<a@b> AUTH=", 501, "5.5.4"),
        ("FROM:<a@b> NOTIFY=NEVER", 555, "5.5.4"),
        ("FROM:<a@b> XFORWARD=1", 555, "5.5.4"),
        ("FROM:<a@b> =", 555, "5.5.4"),
    ],
)
def test_mail_refused(rest: str, code: int, enhanced: str) -> None:
    found = parse_mail(rest)
    assert isinstance(found, Reply)
    assert (found.code, found.enhanced) == (code, enhanced)


@pytest.mark.parametrize(
    ("rest", "utf8", "expected"),
    [
        ("TO:<a@b>", False, Recipient(A)),
        ("to: <a@b>", False, Recipient(A)),
        ("TO:<Postmaster>", False, Recipient(Mailbox("Postmaster", "Postmaster", "", ""))),
        ("TO:<é@b>", True, Recipient(E)),
        ("TO:<a@b> NOTIFY=never", False, Recipient(A, "NOTIFY=never", notify="NEVER")),
        (
            "TO:<a@b>  NOTIFY=SUCCESS,DELAY  ORCPT=rfc822;x+2By@z ",
            False,
            Recipient(
                A, "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@z", "SUCCESS,DELAY", "rfc822;x+2By@z"
            ),
        ),
        ("TO:<a@b> ORCPT=utf-8;é@b", True, Recipient(A, "ORCPT=utf-8;é@b", orcpt="utf-8;é@b")),
        (
            "TO:<a@b> ORCPT=utf-8;\\x{E9}@b",
            False,
            Recipient(A, "ORCPT=utf-8;\\x{E9}@b", orcpt="utf-8;\\x{E9}@b"),
        ),
    ],
)
def test_rcpt(rest: str, utf8: bool, expected: Recipient) -> None:
    assert parse_rcpt(rest, utf8=utf8) == expected


@pytest.mark.parametrize(
    ("rest", "utf8", "code", "enhanced"),
    [
        ("", False, 501, "5.5.4"),
        ("FROM:<a@b>", False, 501, "5.5.4"),
        ("TO:<>", False, 501, "5.1.3"),
        ("TO:a@b", False, 501, "5.1.3"),
        ("TO:<a!x@b>", False, 553, "5.1.3"),
        ("TO:<a@x@b>", False, 553, "5.1.3"),
        ("TO:<é@b>", False, 553, "5.6.7"),
        ("TO:<a@b>NOTIFY=NEVER", False, 501, "5.5.4"),
        ("TO:<a@b>>", False, 501, "5.5.4"),
        ("TO:<a@b> NOTIFY=", False, 501, "5.5.4"),
        ("TO:<a@b> NOTIFY=NEVER,SUCCESS", False, 501, "5.5.4"),
        ("TO:<a@b> NOTIFY=DELAY,DELAY", False, 501, "5.5.4"),
        ("TO:<a@b> NOTIFY=ALWAYS", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=rfc822", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=rfc822;", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=rfc822;a+zz", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=rfc822;a+0Ab", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=rfc822;a+FFb", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=rfc822;" + "x" * 494, False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=utf-8;é", False, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=rfc822;é", True, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=utf-8;a\u2028b", True, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=utf-8;a\udcff", True, 501, "5.5.4"),
        ("TO:<a@b> ORCPT=utf-8;a\x85b", True, 501, "5.5.4"),
        ("TO:<a@b> SIZE=1", False, 555, "5.5.4"),
        ("TO:<a@b> x", False, 555, "5.5.4"),
    ],
)
def test_rcpt_refused(rest: str, utf8: bool, code: int, enhanced: str) -> None:
    found = parse_rcpt(rest, utf8=utf8)
    assert isinstance(found, Reply)
    assert (found.code, found.enhanced) == (code, enhanced)


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        ("a", "a"),
        (" a.example ", "a.example"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("my_pc", "my_pc"),
        ("[IPv6:::1]", "[IPv6:::1]"),
        ("x" * 255, "x" * 255),
        ("x" * 256, None),
        ("", None),
        ("a b", None),
        ("a(b", None),
        ("a\n", None),
        ("é", None),
        ("<a>", None),
        ('"a"', None),
        ("a;b", None),
    ],
)
def test_helo(rest: str, name: str | None) -> None:
    assert parse_helo(rest) == name


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("abc", "abc"),
        ("a+20b", "a b"),
        ("+2B+3D", "+="),
        ("+2b", None),
        ("a b", None),
        ("+", None),
        ("+0A", None),
        ("+7F", None),
        ("+C3+A9", None),
        ("", None),
        ("a\n", None),
    ],
)
def test_xtext(value: str, plain: str | None) -> None:
    assert params.xtext(value) == plain


PIECES = [
    *'ab@.<>"\\ \r\n\0\t+=;,é\u2028\x85\udcff\x7f',
    "SMTPUTF8",
    " ENVID=",
    " ORCPT=utf-8;",
    "+0A",
]
NEAR = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)
ADDRESSES = NEAR | st.sampled_from(["a@b", '"a b"@c', "é@b"])
PARAMS = NEAR | st.tuples(
    st.sampled_from([" SMTPUTF8 ENVID=", " ENVID=", " ORCPT=utf-8;", " NOTIFY=", " AUTH="]), NEAR
).map("".join)


@settings(deadline=None)
@given(ADDRESSES, PARAMS, st.booleans())
def test_nothing_accepted_forges_a_line(one: str, other: str, utf8: bool) -> None:
    kept: list[str] = [parse_helo(one + other) or ""]
    mail = parse_mail(f"FROM:<{one}>{other}")
    if isinstance(mail, Transaction):
        kept += [mail.sender.text, mail.mail_params, mail.envid, mail.ret]
    rcpt = parse_rcpt(f"TO:<{one}>{other}", utf8=utf8)
    if isinstance(rcpt, Recipient):
        kept += [rcpt.mailbox.text, rcpt.params, rcpt.notify, rcpt.orcpt]
        assert not set(rcpt.notify + rcpt.orcpt) & {" "}
    for text in kept:
        assert len(text.splitlines()) <= 1
        assert not set(text) & set("\r\n\0\t\x7f")
        text.encode("utf-8")
