"""The demo's mail: what the demo relies on, checked on a whole corpus."""

from __future__ import annotations

import email
import re
from email.message import Message

import pytest

from spooltool.cli.corpus import SampleMail, corpus

COUNT = 200
EXAMPLE = re.compile(r"(?:[a-z]+\.)*example\.(?:com|net|org)\Z")


@pytest.fixture(scope="module")
def mails() -> list[SampleMail]:
    return list(corpus(COUNT, seed=1))


def parsed(mail: SampleMail) -> Message:
    return email.message_from_bytes(mail.content)


def test_the_same_seed_gives_the_same_mail() -> None:
    assert list(corpus(25, seed=3)) == list(corpus(25, seed=3))
    assert list(corpus(25, seed=3)) != list(corpus(25, seed=4))


def test_a_shorter_corpus_is_the_beginning_of_a_longer_one(mails: list[SampleMail]) -> None:
    assert list(corpus(30, seed=1)) == mails[:30]


def test_ids_are_unique_and_stand_in_the_content(mails: list[SampleMail]) -> None:
    heads = [parsed(mail) for mail in mails]
    assert [head["X-Demo-Id"] for head in heads] == [mail.x_id for mail in mails]
    assert all(mail.content.count(b"X-Demo-Id:") == 1 for mail in mails)
    assert len({mail.x_id for mail in mails}) == COUNT
    assert len({head["Message-ID"] for head in heads}) == COUNT


def test_content_is_fit_for_the_wire(mails: list[SampleMail]) -> None:
    for mail in mails:
        lines = mail.content.split(b"\r\n")
        assert lines[-1] == b""
        assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
        assert max(map(len, lines)) <= 200
        assert mail.content.isascii() == (mail.mail_params == "")
        assert mail.mail_params in ("", "BODY=8BITMIME")
        assert mail.content[: mail.content.index(b"\r\n\r\n")].isascii()


def test_sizes(mails: list[SampleMail]) -> None:
    sizes = [len(mail.content) for mail in mails]
    assert max(sizes) <= 205_000
    assert 9_000 <= sum(sizes) / COUNT <= 16_000
    assert sum(size < 1_500 for size in sizes) <= COUNT // 8


def test_envelopes(mails: list[SampleMail]) -> None:
    counts = {len(mail.recipients) for mail in mails}
    assert {1, 2, 3, 8} <= counts <= set(range(1, 9))
    for mail in mails:
        assert len(set(mail.recipients)) == len(mail.recipients)
        for address in (mail.sender, *mail.recipients):
            assert EXAMPLE.match(address.partition("@")[2])


def test_every_domain_is_an_example(mails: list[SampleMail]) -> None:
    text = b"".join(mail.content.partition(b"\r\n\r\n")[0] for mail in mails).decode()
    domains = set(re.findall(r"@([A-Za-z0-9.-]+)", text))
    assert domains
    assert [domain for domain in domains if not EXAMPLE.match(domain)] == []


def test_every_kind_comes_within_a_deck() -> None:
    mails = list(corpus(21, seed=9))
    types = [{part.get_content_type() for part in parsed(mail).walk()} for mail in mails]
    for kind in (
        "multipart/alternative",
        "application/pdf",
        "image/png",
        "message/rfc822",
        "text/calendar",
    ):
        assert any(kind in found for found in types), kind
    contents = b"".join(mail.content for mail in mails)
    for sign in (
        b"charset=utf-8\r\nContent-Transfer-Encoding: 8bit",
        b"charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit",
        b"Content-Transfer-Encoding: quoted-printable",
        b"\r\n.\r\n..\r\n.hidden\r\n",
        b"\r\nDKIM-Signature: ",
        b"\r\nList-Id: ",
        b"\r\nSubject: =?utf-8?",
    ):
        assert sign in contents, sign
    assert any(mail.content.endswith(b"\r\n\r\n") for mail in mails), "an empty body"
    references = [parsed(mail)["References"] or "" for mail in mails]
    assert max(len(value.split()) for value in references) == 40


def test_mail_programs_find_nothing_wrong(mails: list[SampleMail]) -> None:
    for mail in mails:
        for part in parsed(mail).walk():
            assert part.defects == []
            if not part.is_multipart():
                assert part.get_payload(decode=True) is not None
