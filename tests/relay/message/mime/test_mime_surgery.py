"""Surgery: the part that goes becomes text in place, and every other byte stays."""

from __future__ import annotations

import email
import email.policy

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from relay.message.mime import Edit, Removal, Splicer, removal_edits
from relay.message.mime.surgery import notice, safe
from relay.policy.content import Clean, Stripped, judge
from tests.relay.message.mime.scanned import rules, scan, stripped

_HEAD = b"From: a@example.com\nSubject: x\n"


def strip(content: bytes, names: str = "*.exe", types: str = "") -> bytes:
    verdict = judge(scan(content), rules(types, names))
    assert isinstance(verdict, Stripped)
    left = stripped(content, verdict)
    assert stripped(content, verdict, 3) == left
    assert judge(scan(left), rules(types, names)) == Clean()
    return left


def test_a_part_is_replaced_in_place() -> None:
    before = _HEAD + (
        b"Mime-Version:  1.0\nContent-Type: multipart/mixed;\n   boundary=abc\n\npreamble\n"
        b"--abc\nContent-Type: text/plain\n\nhello \n\n--abc  \n"
    )
    part = (
        b"X-First: 1\nContent-Type: application/octet-stream;\n name=a.exe\n"
        b"X-Second:\n 2\nContent-ID: <x>\nContent-Transfer-Encoding: base64\n\nQUJD\n"
    )
    after = b"--abc--\nepilogue"
    assert (
        strip(before + part + after)
        == before
        + (
            b"X-First: 1\nContent-Type: text/plain; charset=us-ascii\n"
            b"Content-Transfer-Encoding: 7bit\nContent-Disposition: inline\nX-Second:\n 2\n\n"
            b"A part of this message was removed on its way.\n\n"
            b"  Type:     application/octet-stream\n"
            b"  Name:     a.exe\n"
            b"  Size:     3 bytes\n"
            b"  Rule:     strip_file_by_name (a.exe)\n"
            b"  Resource: res\n"
        )
        + after
    )


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: a/b; name=a.exe\n\n",
        b"Content-Type: a/b; name=a.exe\n\n\n",
        b"Content-Type: a/b; name=a.exe\n\nx\n",
        b"\nbegin 644 a.exe\n#86)C\n`\nend\n",
        b"X-A: b\n\nbegin 644 a.exe\n#86)C\n`\nend\n",
    ],
)
def test_parts_of_every_shape(part: bytes) -> None:
    head = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=abc\n\n--abc\n"
    left = strip(head + part + b"--abc\n\nlast\n--abc--\n")
    assert left.startswith(head) and left.endswith(b"\n--abc\n\nlast\n--abc--\n")
    message = email.message_from_bytes(left, policy=email.policy.default)
    first, last = message.iter_parts()
    assert first.get_content_type() == "text/plain"
    assert first.get_content().startswith("A part of this message was removed")
    assert last.get_content() == "last"
    assert not message.defects and not first.defects


@pytest.mark.parametrize("version", [b"", b"MIME-Version: 1.0\n"])
@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Type: application/x-msdownload;\n name=a.exe\n"
        b"Content-Transfer-Encoding: base64\nContent-Disposition: attachment\n",
        b"",
    ],
)
def test_a_message_that_is_nothing_but_the_attachment_says_what_it_holds_now(
    fields: bytes, version: bytes
) -> None:
    body = b"QUJD\n" if fields else b"begin 644 a.exe\n#86)C\n`\nend\n"
    left = strip(_HEAD + version + fields + b"X-Last: 1\n\n" + body)
    message = email.message_from_bytes(left, policy=email.policy.default)
    assert (message.get_content_type(), message["content-transfer-encoding"]) == (
        "text/plain",
        "7bit",
    )
    assert message["mime-version"] == "1.0" and left.count(b"1.0") == 1
    assert message.get_content_disposition() == "inline" and message.get_filename() is None
    assert message["x-last"] == "1" and "a.exe" in message.get_content()
    assert left.startswith(_HEAD) and left.endswith(b"\n")


def test_what_lies_inside_goes_with_it() -> None:
    leaf = b"Content-Type: a/b; name=a.exe\n\nx\n"
    inner = b"Content-Type: multipart/mixed; boundary=q\n\n--q\n" + leaf + b"--q--\n"
    content = b"Content-Type: message/rfc822; name=b.exe\n\n" + inner
    tree = scan(content)
    edits = removal_edits(tree, [Removal(part, "rule", "x") for part in tree.parts])
    assert [edit.end for edit in edits] == [tree.parts[0].header.end, tree.size]


def test_the_encoded_message_goes_whole() -> None:
    head = b"MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
    # Content-Type: a/b; name=a.exe
    left = strip(head + b"Q29udGVudC1UeXBlOiBhL2I7IG5hbWU9YS5leGUKCngK\n")
    assert b"strip_file_by_name (a.exe)" in left and b"Q29u" not in left


def test_a_part_of_another_message_is_refused() -> None:
    one, other = scan(b"A: b\n\nx\n"), scan(b"A: bc\n\nx\n")
    with pytest.raises(ValueError, match="another tree"):
        removal_edits(one, [Removal(other.parts[0], "rule", "x")])


def test_the_notice_is_seven_bit_and_forges_nothing() -> None:
    name = "--abc--\nbegin 644 x\r\n\x1b[31m=?utf-8?q?x?=\u202e--" + "y" * 500
    content = b"Content-Type: a/b\n\nx\n"
    part = scan(content).parts[0]
    text = notice(Removal(part, name, name), name)
    assert text.isascii() and b"--" not in text and b"\r" not in text and b"\x1b" not in text
    assert max(map(len, text.split(b"\n"))) <= 76
    assert all(not line or line.startswith(b"  ") for line in text.split(b"\n")[1:])
    assert safe("a-b.exe") == "a-b.exe"


@given(
    st.binary(max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=3)), max_size=6),
    st.integers(1, 9),
)
def test_edits_in_any_chunks(data: bytes, cuts: list[tuple[int, bytes]], step: int) -> None:
    points = sorted((min(at, len(data)), new) for at, new in cuts)
    edits = [
        Edit(start, end, new)
        for (start, new), (end, _) in zip(points[::2], points[1::2], strict=False)
    ]
    expected, at = b"", 0
    for edit in edits:
        expected += data[at : edit.start] + edit.new
        at = edit.end
    expected += data[at:]
    splicer = Splicer(edits)
    out = [splicer.feed(data[at : at + step]) for at in range(0, len(data), step)]
    assert b"".join([*out, splicer.end()]) == expected


def test_edits_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Splicer([Edit(0, 5, b""), Edit(4, 6, b"")])
    splicer = Splicer([Edit(2, 9, b"")])
    splicer.feed(b"abc")
    with pytest.raises(ValueError, match="shorter"):
        splicer.end()


_NAMES = st.sampled_from([b"a.exe", b"a.txt", b'"b.exe "', b"c", b"a.exe.", b'"x\\".exe"'])
_LEAVES = st.builds(
    lambda name, extra, body: (
        b"Content-Disposition: attachment; filename=" + name + b"\n" + extra + b"\n" + body
    ),
    _NAMES,
    st.sampled_from([b"", b"X-A: b\n", b"Content-Type: text/x-odd;\n\tname=a.exe\n"]),
    st.sampled_from([b"", b"\n", b"x\n", b"begin 644 a.exe\n#86)C\n`\nend\n", b"x\n\n"]),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.builds(
            lambda parts, number: (
                b"Content-Type: multipart/mixed; boundary=b%dq\n\n" % number
                + b"".join(b"--b%dq\n%s" % (number, part) for part in parts)
                + b"--b%dq--\n" % number
            ),
            st.lists(inner, min_size=1, max_size=3),
            st.integers(0, 10**6),
        )
        | inner.map(lambda part: b"Content-Type: message/rfc822\n\n" + part)
    ),
    max_leaves=6,
)


@given(_TREES)
def test_after_surgery_nothing_matches_and_all_else_stands(message: bytes) -> None:
    content = b"MIME-Version: 1.0\n" + message
    tree = scan(content)
    asked = rules(names="*.exe")
    verdict = judge(tree, asked)
    if not isinstance(verdict, Stripped):
        assert verdict != Clean() or b".exe" not in content
        return
    left = stripped(content, verdict)
    again = scan(left)
    assert judge(again, asked) == Clean()
    gone = {one.part.path for one in verdict.removals}
    kept = {part.path: part for part in tree.parts}
    for part in again.parts:
        assert part.path in kept
        if part.path not in gone and not part.delimiters and part.type != "message/rfc822":
            before = kept[part.path]
            assert (
                left[part.header.start : part.body.end]
                == (content[before.header.start : before.body.end])
            )


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _verifies(content: bytes, key: rsa.RSAPrivateKey) -> bool:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.split(b"\n")[1:-2])
    return dkim.verify(content.replace(b"\n", b"\r\n"), dnsfunc=lambda *_, **__: record)


def test_dkim_of_mail_that_nothing_matches_verifies(key: rsa.RSAPrivateKey) -> None:
    content = _HEAD + (
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed;\n\tboundary=abc\n\n"
        b"--abc\nContent-Type: text/plain\n\nhello  \n\n--abc\n"
        b"Content-Type: a/b;\n  name=a.txt\n\nx\n--abc--\n"
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    line = dkim.sign(
        content.replace(b"\n", b"\r\n"),
        b"s",
        b"example.com",
        private,
        canonicalize=(b"simple", b"simple"),
    )
    content = line.replace(b"\r\n", b"\n") + content
    tree = scan(content)
    assert judge(tree, rules(names="*.exe")) == Clean()
    splicer = Splicer(removal_edits(tree, ()))
    left = splicer.feed(content) + splicer.end()
    assert left == content and _verifies(left, key)
    verdict = judge(tree, rules(names="*.txt"))
    assert isinstance(verdict, Stripped)
    assert not _verifies(stripped(content, verdict), key)
