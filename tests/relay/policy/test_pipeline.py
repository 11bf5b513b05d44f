"""Content through everything that a resource asks: what comes out, and what never does."""

from __future__ import annotations

import base64
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.resources import Resource
from relay.message.html import Weeding
from relay.message.line_view import BytesContent, WithLf
from relay.message.mime import tree_lines
from relay.policy.pipeline import (
    Orders,
    Plan,
    decode_orders,
    encode_orders,
    filtered,
    orders_of,
    plan,
    replacing,
    survey,
)
from relay.policy.verdict import Verdict
from spooltool.spool.checks import Check

SCRIPT = Weeding(strip_script_tags=True)
HTML = b"<html><body><p>hello</p><script>evil()</script></body></html>\n"


def mixed(*parts: bytes, head: bytes = b"") -> bytes:
    body = b"".join(b"--abc\n" + part + b"\n" for part in parts)
    kind = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=abc\n"
    return head + kind + b"\n" + body + b"--abc--\n"


def text(body: bytes, kind: bytes = b"text/plain", more: bytes = b"") -> bytes:
    return b"Content-Type: " + kind + b"\n" + more + b"\n" + body


def run(content: bytes, orders: Orders) -> tuple[Plan, bytes]:
    """The plan, and the filtered form, which reads as the plan promises."""
    source = BytesContent(content)
    made = plan(source, orders)
    out = b"".join(filtered(source, made.edits))
    if made.outcome.verdict is Verdict.CHANGED:
        again = survey(BytesContent(out), orders.limits)
        assert not again.ambiguous, list(tree_lines(again))
    return made, out


def test_content_that_nobody_objects_to_passes_as_it_is() -> None:
    content = mixed(text(b"hello"), text(HTML, b"text/html"))
    made, out = run(content, Orders(strip_file_by_name="*.exe", mail_capacity=100))
    assert (made.outcome.verdict, out) == (Verdict.PASS, content)


def test_a_part_is_stripped_and_html_weeded_in_one_go_and_the_rest_stays() -> None:
    content = mixed(
        text(b"hello"),
        text(HTML, b"text/html"),
        text(b"MZ", b"application/octet-stream; name=a.exe"),
        head=b"Subject: x\nDKIM-Signature: v=1\n",
    )
    orders = Orders("inbound", "3", strip_file_by_name="*.exe", weeding=SCRIPT)
    made, out = run(content, orders)
    assert made.outcome.removed == (
        'part 1.3 application/octet-stream "a.exe": strip_file_by_name (a.exe)',
        "part 1.2 text/html: 1 script",
    )
    assert made.outcome.notes == ("DKIM broken by the change",)
    assert b"evil" not in out and b"MZ" not in out and b"<p>hello</p>" in out
    assert b"Resource: inbound" in out
    before = content.index(b"--abc\nContent-Type: text/html")
    assert out[:before] == content[:before]


@pytest.mark.parametrize(
    ("orders", "check", "reason"),
    [
        (Orders("in", "3", mail_capacity=1), Check.CAPACITY, "larger than 1 KB"),
        (Orders("in", "3", seven_bit=True), Check.CHARACTERS, "8-bit characters, the first"),
        (Orders("in", "3", scanned=True), Check.STRUCTURE, "part 1 can be read in two ways"),
        (Orders("in", "3", weeding=SCRIPT), Check.STRUCTURE, "part 1 can be read in two ways"),
    ],
)
def test_what_blocks_names_rule_and_resource_and_its_check_can_be_waived(
    orders: Orders, check: Check, reason: str
) -> None:
    content = mixed(text(b"\xe4" * 2000)).removesuffix(b"--abc--\n")
    made, out = run(content, orders)
    assert (made.outcome.verdict, made.outcome.check) == (Verdict.BLOCKED, check)
    assert made.outcome.reason.startswith(f"resource in, rule 3: {reason}")
    waived, _ = run(content, dataclasses.replace(orders, passed=frozenset([check])))
    assert (waived.outcome.verdict, out) == (Verdict.PASS, content)


@pytest.mark.parametrize(
    "kind", ["text/html", "application/octet-stream; name=a.htm", "text/plain"]
)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "7bit"])
def test_html_is_html_by_type_by_name_and_by_its_first_bytes(kind: str, encoding: str) -> None:
    body = base64.encodebytes(HTML).rstrip() if encoding == "base64" else HTML.rstrip()
    if encoding == "quoted-printable":
        body = body.replace(b"=", b"=3D")
    named = f"Content-Transfer-Encoding: {encoding}\n".encode()
    content = mixed(text(b"hi"), text(body, kind.encode(), named))
    made, out = run(content, Orders(weeding=SCRIPT))
    assert made.outcome.verdict is Verdict.CHANGED
    assert named in out
    (part,) = [one for one in survey(BytesContent(out), Orders().limits).parts if one.path == "1.2"]
    body = out[part.body.start : part.body.end]
    plain = base64.b64decode(body) if encoding == "base64" else body
    assert b"hello" in plain and b"evil" not in plain


def test_a_name_that_is_no_html_is_not_weeded() -> None:
    content = mixed(text(b"note: <script>", b"text/plain"))
    assert run(content, Orders(weeding=SCRIPT))[0].outcome.verdict is Verdict.PASS


def test_ascii_text_stays_ascii() -> None:
    """A part that says 7bit, and no charset, may hold no other letters afterwards."""
    content = mixed(text(b"<p>caf&eacute; + 1</p><script>x</script>", b"text/html"))
    made, out = run(content, Orders(weeding=SCRIPT))
    assert made.outcome.verdict is Verdict.CHANGED
    assert out.isascii() and b"caf&#233; + 1" in out


def test_a_line_that_smtp_cannot_carry_is_encoded() -> None:
    tag = b"<p\n" + b"\n".join(b'data-a%d="%s"' % (n, b"x" * 20) for n in range(60)) + b">x</p>"
    content = mixed(text(tag + b"<script>x</script>", b"text/html"))
    _, out = run(content, Orders(weeding=SCRIPT))
    assert b"Content-Transfer-Encoding: quoted-printable\n" in out
    assert max(map(len, out.split(b"\n"))) < 999


def test_weeding_makes_no_delimiter() -> None:
    """Tags that go must not leave a line that divides parts."""
    body = b"<p>\n<script></script>--ab<script></script>c\n\nContent-Type: text/x-evil\n\nMZ</p>"
    content = mixed(text(body, b"text/html"))
    made, out = run(content, Orders(weeding=SCRIPT))
    tree = survey(BytesContent(out), Orders().limits)
    assert [part.type for part in tree.parts] == ["multipart/mixed", "text/html"]
    assert made.outcome.verdict is Verdict.CHANGED


def test_weeding_makes_no_file() -> None:
    body = b"<p>\nbe<script></script>gin 644 a.exe\n#0V%T\n`\nend\n</p>"
    made, _ = run(mixed(text(body, b"text/html")), Orders(weeding=SCRIPT))
    assert (made.outcome.verdict, made.outcome.check) == (Verdict.BLOCKED, Check.HTML)


def test_html_that_cannot_be_read_blocks_and_is_left_when_waived() -> None:
    content = mixed(text(HTML, b"text/html; charset=klingon"), text(HTML, b"text/html"))
    made, _ = run(content, Orders("in", weeding=SCRIPT))
    assert made.outcome.check is Check.HTML
    assert "charset 'klingon' is unknown" in made.outcome.reason
    waived, out = run(content, Orders("in", weeding=SCRIPT, passed=frozenset([Check.HTML])))
    assert waived.outcome.verdict is Verdict.CHANGED
    assert out.count(b"evil") == 1


@pytest.mark.parametrize("inner", [HTML, b"<p>harmless</p>"])
def test_an_encoded_message_with_script_inside_goes_as_a_whole(inner: bytes) -> None:
    message = b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + inner.replace(b"\n", b"\r\n")
    encoded = base64.encodebytes(message).rstrip()
    part = text(encoded, b"message/rfc822", b"Content-Transfer-Encoding: base64\n")
    made, out = run(mixed(text(b"hi"), part), Orders(weeding=SCRIPT))
    if inner == HTML:
        assert made.outcome.removed == (
            "part 1.2 message/rfc822: strip_script_tags (HTML in the message inside)",
        )
        assert encoded not in out
    else:
        assert made.outcome.verdict is Verdict.PASS


def test_a_forwarded_message_is_weeded_where_it_stands() -> None:
    inner = b"Subject: x\nContent-Type: text/html\n\n" + HTML.rstrip()
    content = mixed(text(inner, b"message/rfc822"))
    made, out = run(content, Orders(weeding=SCRIPT))
    assert made.outcome.removed == ("part 1.1.1 text/html: 1 script",)
    assert b"Subject: x" in out and b"evil" not in out


def test_an_infected_part_is_replaced_by_path() -> None:
    content = BytesContent(mixed(text(b"hello"), text(b"MZ evil", b"application/x-a; name=a.b")))
    made = replacing(content, {"1.2": "Eicar"}, Orders("in", "3"))
    out = b"".join(filtered(content, made.edits))
    assert b"evil" not in out and b"antivirus (Eicar)" in out and b"hello" in out
    with pytest.raises(ValueError, match="does not have"):
        replacing(content, {"1.9": "Eicar"}, Orders())


def test_orders_come_from_the_resource_as_it_is_now_and_go_through_json() -> None:
    resource = Resource("in", strip_file_by_name="*.exe", allowed_characters="7_bit")
    resource = dataclasses.replace(resource, strip_ftp_links=True, mail_capacity=5)
    orders = orders_of(resource, rule="7", scanned=True, passed=[Check.STRUCTURE])
    assert orders == Orders(
        "in",
        "7",
        strip_file_by_name="*.exe",
        mail_capacity=5,
        seven_bit=True,
        weeding=Weeding(strip_ftp_links=True),
        scanned=True,
        passed=frozenset([Check.STRUCTURE]),
    )
    assert decode_orders(encode_orders(orders)) == orders
    assert orders_of(None) == Orders()


@given(st.binary(max_size=400), st.integers(1, 7))
def test_crlf_reads_as_lf_by_any_range(octets: bytes, step: int) -> None:
    raw = octets.replace(b"\n", b"\r\n")

    class Cut(BytesContent):
        def chunks(self, start: int = 0, end: int | None = None):  # type: ignore[no-untyped-def]
            for at in range(start, len(raw) if end is None else end, step):
                yield raw[at : at + step]

    view = WithLf(Cut(raw))
    wanted = raw.replace(b"\r\n", b"\n")
    assert view.size == len(wanted)
    for start in range(0, len(wanted), 3):
        for end in (start, start + 5, None):
            assert b"".join(view.chunks(start, end)) == wanted[start:end]
