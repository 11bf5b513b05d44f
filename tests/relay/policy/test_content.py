"""What is judged of content: order of the checks, what each takes, what an operator waives."""

from __future__ import annotations

import pytest

from relay.message.mime import Scanner, Tree
from relay.policy.content import Blocked, Check, Clean, ContentRules, Stripped, Verdict, judge
from relay.policy.wildcard import compile_pattern

MAIL = b"""\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=abc

--abc
Content-Type: text/plain

hello
--abc
Content-Type: application/octet-stream; name=report

%PDF-1.7
--abc
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: image/gif; name=a.gif

x
--inner--

--abc--
"""
AMBIGUOUS = MAIL.replace(b"--abc--\n", b"")


def scan(content: bytes) -> Tree:
    scanner = Scanner()
    scanner.feed(content)
    return scanner.end()


def taken(verdict: Verdict) -> list[tuple[str, str, str]]:
    assert isinstance(verdict, Stripped)
    return [(one.part.path, one.rule, one.matched) for one in verdict.removals]


def types(pattern: str) -> ContentRules:
    return ContentRules(strip_mime_of_type=compile_pattern(pattern))


def names(pattern: str) -> ContentRules:
    return ContentRules(strip_file_by_name=compile_pattern(pattern))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (types("application/pdf"), [("1.2", "strip_mime_of_type", "application/pdf")]),
        (
            types("application/octet-stream"),
            [("1.2", "strip_mime_of_type", "application/octet-stream")],
        ),
        (types("IMAGE/*"), [("1.3.1", "strip_mime_of_type", "image/gif")]),
        (types("multipart/alternative"), [("1.3", "strip_mime_of_type", "multipart/alternative")]),
        (types("multipart/*"), [("1", "strip_mime_of_type", "multipart/mixed")]),
        (
            types("{ image/gif, application/pdf }"),
            [
                ("1.2", "strip_mime_of_type", "application/pdf"),
                ("1.3.1", "strip_mime_of_type", "image/gif"),
            ],
        ),
        (names("*.gif"), [("1.3.1", "strip_file_by_name", "a.gif")]),
        (names("report"), [("1.2", "strip_file_by_name", "report")]),
    ],
)
def test_what_a_rule_takes(rules: ContentRules, expected: list[tuple[str, str, str]]) -> None:
    assert taken(judge(scan(MAIL), rules)) == expected


@pytest.mark.parametrize("rules", [ContentRules(), types("video/*"), names("*.exe")])
def test_what_nothing_takes_is_clean(rules: ContentRules) -> None:
    assert judge(scan(MAIL), rules) == Clean()


def test_the_type_of_a_part_without_one_is_text() -> None:
    assert taken(judge(scan(b"A: b\n\nx\n"), types("text/plain")))[0][0] == "1"


def test_capacity_is_of_the_whole_content() -> None:
    content = b"A: b\n\n" + b"x" * 1018
    assert judge(scan(content), ContentRules(mail_capacity=1)) == Clean()
    assert judge(scan(content + b"x"), ContentRules(mail_capacity=1)) == Blocked(
        Check.CAPACITY, "larger than 1 KB"
    )
    assert judge(scan(content * 9), ContentRules(mail_capacity=0)) == Clean()


@pytest.mark.parametrize("content", [b"A: \xe4\n\nx\n", b"A: b\n\n\xe4\n"])
def test_seven_bit_is_asked_of_headers_and_body(content: bytes) -> None:
    verdict = judge(scan(content), ContentRules(seven_bit=True))
    assert isinstance(verdict, Blocked) and verdict.check is Check.CHARACTERS
    assert verdict.reason == f"8-bit characters, the first at byte {content.index(0xE4)}"
    assert judge(scan(content), ContentRules()) == Clean()


def test_encoded_letters_are_seven_bit() -> None:
    content = b"A: =?utf-8?q?=C3=A4?=\nContent-Transfer-Encoding: quoted-printable\n\n=E4\n"
    assert judge(scan(content), ContentRules(seven_bit=True)) == Clean()


@pytest.mark.parametrize(
    "rules", [types("video/*"), names("*.exe"), ContentRules(looked_into=True)]
)
def test_what_can_be_read_in_two_ways_is_blocked_where_structure_matters(
    rules: ContentRules,
) -> None:
    assert judge(scan(AMBIGUOUS), rules) == Blocked(
        Check.STRUCTURE, "part 1 can be read in two ways: the parts of a multipart have no end"
    )


def test_structure_does_not_matter_where_nothing_depends_on_it() -> None:
    assert judge(scan(AMBIGUOUS), ContentRules(mail_capacity=100, seven_bit=True)) == Clean()


def test_an_operator_waives_one_check_and_no_other() -> None:
    rules = ContentRules(compile_pattern("image/*"), mail_capacity=1, seven_bit=True)
    content = AMBIGUOUS + b"\xe4" * 2000
    waived: list[Check] = []
    for check in (Check.CAPACITY, Check.CHARACTERS, Check.STRUCTURE):
        verdict = judge(scan(content), rules, waived)
        assert isinstance(verdict, Blocked) and verdict.check is check
        waived.append(check)
    assert taken(judge(scan(content), rules, waived))[0][0] == "1.3.1"


def test_an_ambiguity_inside_of_an_encoded_message_counts() -> None:
    content = (
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        b"Q29udGVudC1UeXBlOiBtdWx0aXBhcnQvbWl4ZWQKCngK\n"  # a multipart without a boundary
    )
    verdict = judge(scan(content), names("*.exe"))
    assert isinstance(verdict, Blocked) and "names no boundary" in verdict.reason


def test_a_reason_is_short_however_deep_the_part() -> None:
    content = b"Content-Type: message/rfc822\n\n" * 150
    verdict = judge(scan(content), names("*.exe"))
    assert isinstance(verdict, Blocked) and len(verdict.reason) < 120
