"""Messages that carry their own identity: an X-Id header, and a body with a known digest."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

_WORDS = (
    "invoice", "meeting", "Thursday", "attached", "please", "regards", "order", "queue",
    "server", "Grüße", "budget", "draft", "ticket", "printer", "floor", "tomorrow",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """One message to send: content with CRLF line ends, not dot-stuffed."""

    x_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def body_sha256(self) -> str:
        """Digest of what follows the first blank line."""
        return body_digest(self.content)


def body_digest(content: bytes) -> str:
    """SHA-256, in hexadecimal, of what follows the first blank line."""
    return hashlib.sha256(content.partition(b"\r\n\r\n")[2]).hexdigest()


def make_sample(
    x_id: str,
    *,
    size: int = 4096,
    sender: str = "billing@example.com",
    recipients: tuple[str, ...] = ("anna@example.org",),
) -> Sample:
    """A message of about `size` bytes; the same arguments give the same bytes.

    Some lines begin with a dot and some hold 8-bit text, as real mail does.
    """
    chance = random.Random(x_id)
    head = (
        f"From: <{sender}>\r\nTo: {', '.join(f'<{r}>' for r in recipients)}\r\n"
        f"Subject: message {x_id}\r\nMessage-ID: <{x_id}@example.com>\r\nX-Id: {x_id}\r\n"
        "Date: Tue, 24 Nov 2026 18:44:11 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode()
    lines: list[bytes] = []
    left = size - len(head)
    while left > 0:
        text = " ".join(chance.choices(_WORDS, k=9))
        line = (("." if chance.random() < 0.05 else "") + text).encode()[
            : max(left - 2, 1)
        ] + b"\r\n"
        lines.append(line)
        left -= len(line)
    return Sample(x_id, sender, recipients, head + b"".join(lines))
