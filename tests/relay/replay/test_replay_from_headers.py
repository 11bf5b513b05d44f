"""The envelope that header fields suggest."""

from __future__ import annotations

import pytest

from relay.replay import from_headers


@pytest.mark.parametrize(
    ("block", "sender", "source"),
    [
        (b"From: A <a@b.example>\n", ("a@b.example", "From"), ""),
        (b"From: a@b.example\nReturn-Path: <r@b.example>\n", ("r@b.example", "Return-Path"), ""),
        (b"From: a@b.example\nReturn-Path: <>\n", ("", "Return-Path"), ""),
        (b"Subject: x\n", ("", ""), ""),
        (b"Received: x ([192.0.2.1])\nReceived: z ([192.0.2.2])\n", ("", ""), "192.0.2.1"),
        (b"Received: from x (y [IPv6:2001:DB8::1]) by y\n", ("", ""), "2001:db8::1"),
        (b"Received: from x ([999.1.1.1]) by y\n", ("", ""), ""),
        (b"Received: by y\nReceived: from z ([192.0.2.2])\n", ("", ""), ""),
    ],
)  # fmt: skip
def test_sender_and_source(block: bytes, sender: tuple[str, str], source: str) -> None:
    assert (from_headers.sender(block), from_headers.source(block)) == (sender, source)


def test_recipients_each_once() -> None:
    block = b"To: a@b.example,\n B <c@d.example>\nCC: a@b.example\nBcc: \xff@e.example\n"
    assert from_headers.recipients(block) == ("a@b.example", "c@d.example", "\udcff@e.example")
