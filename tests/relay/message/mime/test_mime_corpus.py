"""Hostile mail of others (CPython's own test data): no exception, and no byte changes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from relay.message.mime import Splicer, removal_edits, tree_lines
from relay.policy.content import Stripped, judge
from tests.relay.message.mime.hidden_mail import mails
from tests.relay.message.mime.scanned import rules, scan, stripped

FLIPS = 5


def corpus() -> list[bytes]:
    package = pytest.importorskip("test.test_email", reason="this Python has no tests of its own")
    files = sorted((Path(package.__file__).parent / "data").glob("*.txt"))
    return [path.read_bytes() for path in files]


def through(content: bytes) -> None:
    tree = scan(content)
    assert list(tree_lines(tree))
    for asked in (rules(names="*.no-such"), rules(types="x-no/such")):
        assert not isinstance(judge(tree, asked), Stripped)
    splicer = Splicer(removal_edits(tree, ()))
    assert splicer.feed(content) + splicer.end() == content
    verdict = judge(tree, rules(types="{image/*,application/*}", names="*.*"))
    if isinstance(verdict, Stripped):
        assert stripped(content, verdict) != content


def flipped(content: bytes, seed: int) -> bytes:
    at = random.Random(seed).randrange(max(len(content), 1))
    return content[:at] + bytes([content[at] ^ (1 << seed % 8)]) + content[at + 1 :]


def test_mail_of_others() -> None:
    mail = corpus()
    assert len(mail) > 40
    for content in mail:
        for variant in (content, content.replace(b"\r\n", b"\n"), content.replace(b"\n", b"\r\n")):
            through(variant)
        for seed in range(FLIPS):
            through(flipped(content, seed))


def test_our_own_hidden_mails_with_a_byte_changed() -> None:
    for seed, (_, content) in enumerate(mails()):
        if len(content) < 10_000:
            through(flipped(content, seed))
