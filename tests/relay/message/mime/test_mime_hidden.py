"""Hidden programs and hidden names, of our own making: none is silently clean."""

from __future__ import annotations

import base64

from tests.relay.message.mime.hidden_mail import PAYLOAD, codings, mails
from tests.relay.message.mime.hidden_names import fields
from tests.relay.message.mime.scanned import outcome, rules

PROGRAMS = rules(types="application/x-dosexec")
ZIPS = rules(names="*.zip")


def test_a_hidden_program_is_found_or_the_mail_is_ambiguous() -> None:
    count = 0
    for name, mail in mails():
        word, left = outcome(mail, PROGRAMS)
        assert word in ("stripped", "blocked"), name
        if word == "stripped":
            assert base64.b64encode(PAYLOAD)[:40] not in left, name
            assert outcome(left, PROGRAMS)[0] == "clean", name
        count += 1
    assert count >= 400 and len(list(codings())) >= 40


def test_the_plain_codings_are_stripped_not_only_blocked() -> None:
    plain = {"base64", "quoted-printable", "uuencode", "yEnc", "BinHex", "base64, no label"}
    wanted = {f"{name} / mixed" for name in plain}
    wanted |= {"base64 / in a base64 message", "base64 / in a message", "base64 / alone"}
    words = {name: outcome(mail, PROGRAMS)[0] for name, mail in mails() if name in wanted}
    assert words == dict.fromkeys(wanted, "stripped")


def _named(field: str) -> bytes:
    part = field.encode() + b"\nhello\n"
    return (
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=abc\n\n--abc\n%s--abc--\n"
        % part
    )


def test_a_hidden_name_is_found_or_the_mail_is_ambiguous() -> None:
    names = list(fields())
    assert len(set(names)) >= 180
    for field in names:
        word, left = outcome(_named(field), ZIPS)
        assert word in ("stripped", "blocked"), field
        if word == "stripped":
            assert outcome(left, ZIPS)[0] == "clean", field


def test_hidden_names_are_found_nearly_always() -> None:
    words = [outcome(_named(field), ZIPS)[0] for field in fields()]
    assert words.count("stripped") > 0.95 * len(words)


def test_other_names_pass() -> None:
    for name in (
        *("zip", "payload.zipx", "payload.txt", "zip.txt", "a.zip.txt", "payloadzip", "azip"),
        *("payload.z", "réponse.pdf", "日本.doc", "a;b.txt", "unzip-me.sh", "100%.pdf"),
    ):
        assert outcome(_named(f'Content-Type: a/b; name="{name}"\n'), ZIPS)[0] == "clean", name
