"""Rewriting: the addr-spec alone, by byte range; custom fields; signatures that break."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message.addresses import AddrSpec, addresses
from relay.message.received import Arrival, received_line
from relay.policy.rewriting import Change, Kind, Rewriter, Rewriting, Rule, spellings
from relay.policy.wildcard import compile_pattern, compile_replacement

HOST = "gw.example.net"


def _rule(pattern: str, replacement: str) -> Rule:
    return compile_pattern(pattern), compile_replacement(replacement)


def _sender(pattern: str = "*@smtp.weirdal.com", replacement: str = "&@weirdal.com") -> Rewriter:
    return Rewriter(Rewriting(sender=_rule(pattern, replacement), rule="11"))


def _recipient(pattern: str = "*@old.org", replacement: str = "&@new.org") -> Rewriter:
    return Rewriter(Rewriting(recipient=_rule(pattern, replacement), rule="11"))


def _custom(field: str, pattern: str, replacement: str) -> Rewriter:
    return Rewriter(Rewriting(custom=(field, *_rule(pattern, replacement)), rule="11"))


@pytest.mark.parametrize(
    ("address", "made"),
    [
        ("al@smtp.weirdal.com", "al@weirdal.com"),
        ("Al@SMTP.WeirdAl.com", "Al@weirdal.com"),
        ("al@elsewhere.com", "al@elsewhere.com"),
        ('"al y"@smtp.weirdal.com', '"al y"@weirdal.com'),
        ('"al"@smtp.weirdal.com', "al@weirdal.com"),
        ("äl@smtp.weirdal.com", "äl@weirdal.com"),
        ("", ""),
    ],
)
def test_the_envelopes_sender(address: str, made: str) -> None:
    assert _sender().sender(address) == made
    assert _sender().recipient(address) == address


def test_the_null_sender_is_never_matched() -> None:
    rewriter = _sender("*", "postmaster@example.org")
    assert rewriter.sender("") == ""
    assert rewriter.sender("a@b.org") == "postmaster@example.org"
    block = b"From: <>\nReply-To: Eva <>\n"
    assert rewriter.headers(block, HOST).block == block


def test_postmaster_without_a_domain_is_an_address() -> None:
    assert _recipient("postmaster", "eva@example.org").recipient("postmaster") == "eva@example.org"
    assert _recipient().recipient("postmaster") == "postmaster"


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        ("*", ""),
        ("*@old.org", "nobody"),
        ("*@old.org", "&@"),
        ("*@old.org", "&@new.org\n"),
        ("*@old.org", "&\r\nBcc: x@x.org"),
        ("*@old.org", "a\x00&@new.org"),
        ("*@old.org", "&@new..org"),
        ("*@old.org", "&@new org"),
        ("*@old.org", "&%relay@new.org"),
    ],
)
def test_what_is_no_address_is_not_applied_and_told(pattern: str, replacement: str) -> None:
    rewriter = _recipient(pattern, replacement)
    assert rewriter.recipient("eva@old.org") == "eva@old.org"
    (change,) = rewriter.envelope_changes("", ("eva@old.org",))
    assert (change.kind, change.field, change.old) == (Kind.REFUSED, "RCPT", "eva@old.org")


def test_a_refused_change_leaves_the_field_and_is_told() -> None:
    block = b"To: Eva <eva@old.org>\n"
    done = _recipient("*@old.org", "&").headers(block, HOST)
    assert done.block == block
    assert done.changes == (
        Change(Kind.REFUSED, "To", "eva@old.org", "eva", "the result is no address"),
    )


def test_envelope_changes_are_told() -> None:
    rewriter = _recipient()
    assert rewriter.envelope_changes("x@old.org", ("eva@old.org", "max@x.org")) == (
        Change(Kind.CHANGED, "RCPT", "eva@old.org", "eva@new.org"),
    )


@pytest.mark.parametrize("address", ["eva@bücher.example", "eva@xn--bcher-kva.example"])
@pytest.mark.parametrize("pattern", ["*@bücher.example", "*@xn--bcher-kva.example"])
def test_either_spelling_of_a_domain_is_found_by_either(address: str, pattern: str) -> None:
    assert _recipient(pattern, "&@new.org").recipient(address) == "eva@new.org"


def test_spellings_of_an_address() -> None:
    assert spellings("e", "BÜCHER.example") == (
        "e@BÜCHER.example", "e@xn--bcher-kva.example", "e@bücher.example"
    )  # fmt: skip
    assert spellings("e", "x.org") == ("e@x.org",)
    assert spellings("e", "x" * 300) == ("e@" + "x" * 300,)
    assert spellings("e", "ü" * 100_000) == ("e@" + "ü" * 100_000,)


def test_an_ascii_address_stays_one_and_a_wide_one_keeps_its_bytes() -> None:
    rewriter = _recipient("*@old.org", "&@bücher.example")
    assert rewriter.recipient("eva@old.org") == "eva@xn--bcher-kva.example"
    assert rewriter.recipient("ävä@old.org") == "ävä@bücher.example"


HEADERS = (
    b"Received: from a (b) by c; eva@smtp.weirdal.com\n"
    b"From: =?utf-8?Q?Al=40smtp.weirdal.com?=\n"
    b"\t\"al@smtp.weirdal.com\" (al@smtp.weirdal.com)\n  <al@smtp.weirdal.com>\n"
    b"SENDER :al@smtp.weirdal.com (Al)\n"
    b"Reply-To: Band: al@smtp.weirdal.com, <jon@smtp.weirdal.com>, x@y.org;\n"
    b"To: al@smtp.weirdal.com\n"
    b"Cc: al@smtp.weirdal.com\n"
    b"Subject: al@smtp.weirdal.com\n"
)  # fmt: skip


def test_the_fields_of_senders_alone_and_the_addr_spec_alone() -> None:
    done = _sender().headers(HEADERS, HOST)
    assert done.block == HEADERS.replace(b"  <al@smtp.weirdal.com>", b"  <al@weirdal.com>").replace(
        b"SENDER :al@smtp.", b"SENDER :al@"
    ).replace(b"Band: al@smtp.weirdal.com, <jon@smtp.", b"Band: al@weirdal.com, <jon@")
    assert [(change.field, change.new) for change in done.changes] == [
        ("From", "al@weirdal.com"),
        ("SENDER", "al@weirdal.com"),
        ("Reply-To", "al@weirdal.com"),
        ("Reply-To", "jon@weirdal.com"),
    ]
    assert not done.broken_dkim


def test_the_fields_of_recipients_alone() -> None:
    done = _recipient("*@smtp.weirdal.com", "&@weirdal.com").headers(HEADERS, HOST)
    assert done.block == HEADERS.replace(b"\nTo: al@smtp.", b"\nTo: al@").replace(
        b"Cc: al@smtp.", b"Cc: al@"
    )
    assert [change.field for change in done.changes] == ["To", "Cc"]


def test_comments_within_an_addr_spec_stay() -> None:
    done = _recipient().headers(b"To: eva (Eva) @ (at)\n old.org (End), x@y.org\n", HOST)
    assert done.block == b"To: eva@new.org (Eva) (at) (End), x@y.org\n"


def test_raw_bytes_of_a_local_part_stay() -> None:
    done = _recipient().headers(b"To: \xe9va@old.org, \xc3\xa9va@old.org\n", HOST)
    assert done.block == b"To: \xe9va@new.org, \xc3\xa9va@new.org\n"


def test_a_line_that_gets_too_long_is_folded_before_the_address() -> None:
    block = b"To: " + b",".join([b"%d@old.org" % number for number in range(90)]) + b"\n"
    assert 900 < len(block) < 998
    done = _recipient("*@old.org", "&@mail.of.another.example.org").headers(block, HOST)
    lines = done.block.split(b"\n")
    assert max(map(len, lines)) <= 998
    assert all(line.strip() for line in lines[:-1])
    assert done.block.replace(b"\n ", b"") == block.replace(
        b"@old.org", b"@mail.of.another.example.org"
    )


def test_a_field_that_cannot_be_read_to_its_end_is_told() -> None:
    block = b"To: eva@old.org, (open <max@old.org>\n"
    done = _recipient().headers(block, HOST)
    assert done.block == block.replace(b"eva@old", b"eva@new")
    assert done.changes[-1].kind is Kind.REFUSED
    assert done.changes[-1].why == "the field cannot be read to its end"


def test_a_line_of_many_addresses_takes_one_pass() -> None:
    block = b"To: " + b",".join([b"a@old.org"] * 25_000) + b"\n"
    assert len(_recipient().headers(block, HOST).changes) == 25_000


@pytest.mark.parametrize(
    "value", [b"," * 1000, b"(" * 1000, b"()" * 500, b'"' * 999, b"<" * 1000, b"ab@" * 300]
)
def test_a_block_of_marks_takes_one_pass(value: bytes) -> None:
    block = b"To: " + b"\n ".join([value] * 256) + b"\n"
    assert _recipient("*a*b*", "x@y.org").headers(block, HOST).block == block


def test_a_custom_field_acts_on_the_unfolded_value_of_every_field_of_that_name() -> None:
    block = b"subject: one\n two\nX: one two\nSubject: other\nSUBJECT :one two\n"
    done = _custom("Subject", "one *", "1 &").headers(block, HOST)
    assert done.block == b"subject: 1 two\nX: one two\nSubject: other\nSUBJECT : 1 two\n"
    assert [(change.old, change.new) for change in done.changes] == [("one two", "1 two")] * 2


def test_a_custom_value_that_comes_out_the_same_keeps_its_folding() -> None:
    block = b"Subject: one\n two\n"
    assert _custom("subject", "*", "&").headers(block, HOST).block == block


def test_any_value_and_no_replacement_deletes_the_field_in_any_case() -> None:
    block = b"A: 1\nX-Mailer: b\n\tc\nB: 2\nx-mailer:\nC: 3\n"
    done = _custom("X-MAILER", "*", "").headers(block, HOST)
    assert done.block == b"A: 1\nB: 2\nC: 3\n"
    assert [change.kind for change in done.changes] == [Kind.DELETED] * 2


def test_another_pattern_without_replacement_empties_the_value() -> None:
    done = _custom("X", "b*", "").headers(b"X: abc\nX: bcd\n", HOST)
    assert done.block == b"X: abc\nX: \n"


def test_our_own_received_lines_cannot_be_deleted() -> None:
    ours = received_line(Arrival("c", "192.0.2.1", "", HOST, "SMTP", "00000001", "", 0))
    other = received_line(Arrival("c", "192.0.2.1", "", "x.org", "SMTP", "00000001", "", 0))
    rewriter = _custom("received", "*", "")
    assert rewriter.headers(other + ours + other + b"To: x\n", HOST).block == ours + b"To: x\n"
    assert _custom("received", "*", "gone").headers(ours, HOST).block == ours


@pytest.mark.parametrize(
    ("replacement", "why"),
    [
        ("a\nBcc: x@y.org", "the result has control characters"),
        ("\x1b[2J&", "the result has control characters"),
        ("&" + "x" * 1000, "the result cannot be folded into lines of 998 octets"),
    ],
)
def test_a_custom_value_that_may_not_stand_is_refused(replacement: str, why: str) -> None:
    block = b"Subject: one\n"
    done = _custom("Subject", "*", replacement).headers(block, HOST)
    assert done.block == block
    assert [(change.kind, change.why) for change in done.changes] == [(Kind.REFUSED, why)]


def test_a_long_custom_value_is_folded_at_blanks() -> None:
    block = b"Subject: " + b"\n".join([b" word" * 150] * 4) + b"\n"
    done = _custom("Subject", "*", "long: &").headers(block, HOST)
    assert max(map(len, done.block.split(b"\n"))) <= 998
    assert done.block.replace(b"\n ", b" ") == block.replace(b": ", b": long:", 1).replace(
        b"\n ", b" "
    )


def test_a_custom_field_of_addresses_comes_after_their_rewriting() -> None:
    rule = _rule("*@old.org", "&@new.org")
    rewriter = Rewriter(Rewriting(recipient=rule, custom=("To", *_rule("*", "List <&>"))))
    assert rewriter.headers(b"To: eva@old.org\n", HOST).block == b"To: List <eva@new.org>\n"


SIGNATURE = b"DKIM-Signature: v=1; d=old.org;\n bh=h=; H = From\n : TO:subject ; b=x\n"


@pytest.mark.parametrize(
    ("rewriter", "signature", "broken"),
    [
        (_recipient(), SIGNATURE, True),
        (_recipient(), SIGNATURE.replace(b"TO", b"cc"), False),
        (_recipient(), b"", False),
        (_recipient("*@x.org", "a@y.org"), SIGNATURE, False),
        (_custom("subject", "*", ""), SIGNATURE, True),
        (_custom("X", "*", "1"), SIGNATURE, False),
        (_custom("dkim-signature", "*", ""), SIGNATURE, False),
        (_custom("dkim-signature", "*", "v=1; h=x"), SIGNATURE, True),
        (_recipient(), SIGNATURE.replace(b"TO", b"cc") + SIGNATURE, True),
    ],
)
def test_a_signature_that_covers_a_changed_field_is_broken_and_stays(
    rewriter: Rewriter, signature: bytes, broken: bool
) -> None:
    done = rewriter.headers(signature + b"To: eva@old.org\nSubject: s\nX: x\n", HOST)
    assert done.broken_dkim is broken
    assert done.block.startswith(signature) or rewriter.headers(signature, HOST).changes


def test_without_a_rule_the_block_is_what_came() -> None:
    assert Rewriter(Rewriting()).idle
    assert Rewriter(Rewriting()).headers(HEADERS, HOST).block is HEADERS
    assert not _sender().idle


_WORDS = st.sampled_from(
    ["Eva", '"a, b <c@d>"', "(x (y) z@old.org)", "=?utf-8?q?=40?=", "\n ", " ", "\t", "ü"]
)
_LOCALS = st.sampled_from(["eva", "e.v", '"e v"', "ä", "e+v"])
_ADDRESS = st.builds(lambda local: f"{local}@old.org", _LOCALS)
_OTHER = st.sampled_from(["max@x.org", "<>", "<max@x.org>", "x", ""])
_NAMED = st.builds(
    lambda words, address: f"{' '.join(words)} <{address}>", st.lists(_WORDS, max_size=3), _ADDRESS
)
_MEMBER = _ADDRESS | _NAMED | _OTHER
_LIST = st.lists(_MEMBER, max_size=6).map(",".join)
_FIELD_VALUE = _LIST | _LIST.map(lambda members: f"Group: {members};")


@given(_FIELD_VALUE)
def test_every_byte_outside_of_the_replaced_addresses_stays(text: str) -> None:
    value = text.encode()
    block = b"To: " + value + b"\nX: eva@old.org\n"
    done = _recipient().headers(block, HOST)
    new = done.block.removesuffix(b"\nX: eva@old.org\n").removeprefix(b"To: ")
    before, after = _cut(value), _cut(new)
    assert before[1] == after[1]
    assert [one.replace("@old.org", "@new.org") for one in before[0]] == after[0]


def _cut(value: bytes) -> tuple[list[str], list[bytes]]:
    """Addresses and what stands between them."""
    found: list[str] = []
    between: list[bytes] = []
    at = 0
    for spec in addresses(value):
        assert isinstance(spec, AddrSpec)
        found.append(f"{spec.local}@{spec.domain}")
        between.append(value[at : spec.start])
        at = spec.end
    return found, [*between, value[at:]]


@given(st.binary(max_size=80), st.sampled_from([b"From", b"To", b"Subject"]))
def test_any_block_is_rewritten_without_an_error(value: bytes, name: bytes) -> None:
    block = name + b": " + value.replace(b"\n", b"\n ") + b"\n"
    both = _rule("*", "new@example.org")
    done = Rewriter(
        Rewriting(both, both, ("Subject", *_rule("*a*", "&b&")), "11")
    ).headers(block, HOST)  # fmt: skip
    assert done.block.startswith(name)
    assert done.block.endswith(b"\n")
