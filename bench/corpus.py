"""A mixed corpus, made from a seed: plain text, HTML with and without scripts, attachments."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator

from tests.harness.sample import Sample

_WORDS = (
    "invoice", "meeting", "Thursday", "attached", "please", "regards", "order", "queue",
    "server", "budget", "draft", "ticket", "printer", "floor", "tomorrow", "harbour",
)  # fmt: skip
_SCRIPT = (
    '<script src="http://a.example/x.js">var a = "</b>";</script>',
    '<a href="javascript:go()" onclick="go()">here</a>',
    '<a href="ftp://files.example/a">files</a>',
)
SHARES = (("text", 50), ("html", 20), ("script", 10), ("document", 14), ("program", 6))
"""Kinds of mail, and how many of a hundred they are."""


def mixed(seed: str) -> Iterator[Sample]:
    """Messages without end; the same seed gives the same ones."""
    chance = random.Random(seed)
    kinds = [kind for kind, share in SHARES for _ in range(share)]
    number = 0
    while True:
        number += 1
        yield _message(f"{seed}-{number}", chance.choice(kinds), chance)


def _message(x_id: str, kind: str, chance: random.Random) -> Sample:
    body = _BODIES[kind](chance)
    head = (
        "From: Billing <billing@example.com>\r\nTo: <anna@example.org>\r\n"
        f"Subject: {kind} {x_id}\r\nMessage-ID: <{x_id}@example.com>\r\nX-Id: {x_id}\r\n"
        "Date: Tue, 24 Nov 2026 18:44:11 +0000\r\nMIME-Version: 1.0\r\n"
    )
    content = (head + body).encode()
    return Sample(x_id, "billing@example.com", ("anna@example.org",), content)


def _text(chance: random.Random) -> str:
    return "Content-Type: text/plain; charset=utf-8\r\n\r\n" + _lines(chance, 3500)


def _html(chance: random.Random, *, script: str = "") -> str:
    page = (
        "<html><head><title>News</title><style>p { color: #333 }</style></head><body>\r\n"
        + "".join(f"<p class=x>{line}</p>\r\n" for line in _lines(chance, 9000).splitlines())
        + script
        + '<img src="https://example.com/a.png" alt=""></body></html>\r\n'
    )
    return _multipart(
        "alternative",
        "Content-Type: text/plain\r\n\r\n" + _lines(chance, 2000),
        "Content-Type: text/html; charset=utf-8\r\n\r\n" + page,
    )


def _with_script(chance: random.Random) -> str:
    return _html(chance, script=chance.choice(_SCRIPT))


def _document(chance: random.Random) -> str:
    return _attached(chance, "report.pdf", "application/pdf", b"%PDF-1.7\n")


def _program(chance: random.Random) -> str:
    return _attached(chance, "setup.exe", "application/octet-stream", b"MZ\x90\0")


def _attached(chance: random.Random, name: str, kind: str, magic: bytes) -> str:
    content = base64.encodebytes(magic + chance.randbytes(40_000)).decode()
    return _multipart(
        "mixed",
        "Content-Type: text/plain\r\n\r\n" + _lines(chance, 1000),
        f'Content-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
        + content.replace("\n", "\r\n"),
    )


def _multipart(kind: str, *parts: str) -> str:
    edge = "=_part_5a1f"
    return (
        f'Content-Type: multipart/{kind}; boundary="{edge}"\r\n\r\n'
        + "".join(f"--{edge}\r\n{part}\r\n" for part in parts)
        + f"--{edge}--\r\n"
    )


def _lines(chance: random.Random, size: int) -> str:
    out = ""
    while len(out) < size:
        out += " ".join(chance.choices(_WORDS, k=9)) + "\r\n"
    return out


_BODIES = {
    "text": _text,
    "html": _html,
    "script": _with_script,
    "document": _document,
    "program": _program,
}
