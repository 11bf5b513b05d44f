"""The error mail: a delivery status notification as RFC 3464 has it.

`compose` makes the same bytes from the same facts, so that a notice which is tried again
after a crash is recognised by its Message-ID as the same one.  Nothing from outside goes
in unguarded: reply texts, addresses and parameters can neither begin a field nor carry
control bytes, and what is returned of the message can end no part.

A notice to an ASCII address is 7-bit wherever the returned body allows it, so that every
hop can carry it.  A notice to an address beyond ASCII needs SMTPUTF8 anyway
(`NoticeFacts.wide`) and uses the `message/global` family (RFC 6533 4-6).

The envelope is the caller's: the null sender, and the original sender as recipient.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from relay.message.delivery_status import delivery_status, folded
from relay.message.headers import value_of
from relay.message.notice_facts import NoticeFacts, NoticeRecipient
from relay.message.notice_text import human_text
from relay.message.received import format_date
from relay.message.words import ascii_only
from spooltool.spool.notice_kind import NoticeKind

__all__ = ["RETURN_LIMIT", "NoticeFacts", "NoticeRecipient", "compose"]

RETURN_LIMIT = 256 * 1024
"""Longest body in bytes that a notice gives back whole; of a longer one the headers."""

_MAX_LINE = 998
_MAX_SUBJECT = 300
_SUBJECTS = {NoticeKind.DELAY: "Delayed", NoticeKind.RELAYED: "Handed on"}
_MESSAGE_ID = re.compile(rb"<[!-;=?-~]{1,800}>")
_SEVEN_BIT = bytes((9, 10, *range(32, 127)))
_EIGHT_BIT = bytes((*_SEVEN_BIT, *range(128, 256)))


@dataclass(frozen=True, slots=True)
class _Part:
    """A body part; `encoding` "" is 7bit."""

    type: str
    encoding: str
    description: str
    content: bytes


def compose(facts: NoticeFacts) -> bytes:
    """The notice with LF line ends, none longer than 998 bytes.

    Raises ValueError for a null sender, which is never sent a notice (RFC 5321 4.5.5), and
    for facts without a recipient.
    """
    if not facts.sender:
        raise ValueError("a null sender is never sent a notice")
    if not facts.recipients:
        raise ValueError("a notice needs a recipient to tell of")
    whole = _whole(facts)
    parts = (
        _human(human_text(facts, complete=whole is not None)),
        _report(facts),
        whole or _headers_only(facts),
    )
    boundary = _boundary(facts, parts)
    pieces = [_head(facts, boundary, any(part.encoding == "8bit" for part in parts))]
    for part in parts:
        pieces.append(f"--{boundary}\nContent-Type: {part.type}\n".encode())
        if part.encoding:
            pieces.append(f"Content-Transfer-Encoding: {part.encoding}\n".encode())
        pieces.append(f"Content-Description: {part.description}\n\n".encode())
        pieces += (part.content, b"\n")
    pieces.append(f"--{boundary}--\n".encode())
    return b"".join(pieces)


def _head(facts: NoticeFacts, boundary: str, eightbit: bool) -> bytes:
    addressee = facts.sender if facts.wide else ascii_only(facts.sender)
    lines = [
        f"Date: {format_date(facts.born)}",
        f"From: Mail Delivery System <MAILER-DAEMON@{facts.hostname}>",
        folded("To", f"<{addressee}>"),
        folded("Subject", _subject(facts)),
        f"Message-ID: <notice.{facts.number}.{int(facts.born)}@{facts.hostname}>",
    ]
    if original := _MESSAGE_ID.fullmatch(value_of(facts.headers, "Message-ID") or b""):
        text = original[0].decode()
        lines += [folded("In-Reply-To", text), folded("References", text)]
    lines += [
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="{boundary}"',
    ]
    if eightbit:
        lines.append("Content-Transfer-Encoding: 8bit")
    return ("\n".join(lines) + "\n\n").encode()


def _subject(facts: NoticeFacts) -> str:
    """Ours, with the original one behind it where that is fit to stand in a header again."""
    ours = _SUBJECTS.get(facts.kind, "Not delivered")
    raw = value_of(facts.headers, "Subject") or b""
    if 0 < len(raw) <= _MAX_SUBJECT and raw.isascii():
        text = raw.decode().replace("\t", " ")
        if text.isprintable():
            return f"{ours}: {text}"
    return f"{ours}: {'a' if facts.about else 'your'} message"


def _human(text: str) -> _Part:
    content = text.encode("utf-8", "replace")
    if content.isascii():
        return _Part("text/plain; charset=us-ascii", "", "Notification", content)
    content = _quoted_printable(content)
    return _Part("text/plain; charset=utf-8", "quoted-printable", "Notification", content)


def _report(facts: NoticeFacts) -> _Part:
    content = delivery_status(facts)
    if facts.wide:
        return _Part("message/global-delivery-status", "8bit", "Delivery report", content)
    return _Part("message/delivery-status", "", "Delivery report", content)


def _whole(facts: NoticeFacts) -> _Part | None:
    """The message itself as third part, None where it is not asked for or not fit.

    Only a notice of a failure gives a message back (RFC 3461 4.3), and never one of what was
    found in it.  A part of type message/rfc822 cannot be encoded (RFC 2046 5.2.1): where the
    headers are not ASCII and the notice goes to an ASCII address, message/global is, which can.
    """
    body = facts.body
    if body is None or len(body) > RETURN_LIMIT or facts.kind is not NoticeKind.FAILURE:
        return None
    content = facts.headers + facts.separator + body
    if b"\0" in content or b"\r" in content or _longest_line(content) > _MAX_LINE:
        return None
    name = "Returned message"
    if facts.headers.isascii():
        return _Part("message/rfc822", "" if content.isascii() else "8bit", name, content)
    if facts.wide and _is_utf8(facts.headers):
        return _Part("message/global", "8bit", name, content)
    encoded = _quoted_printable(content)
    return _Part("message/global", "quoted-printable", name, encoded)


def _headers_only(facts: NoticeFacts) -> _Part:
    headers = facts.headers
    name = "Returned headers"
    if _longest_line(headers) <= _MAX_LINE:
        if not headers.translate(None, _SEVEN_BIT):
            return _Part("text/rfc822-headers", "", name, headers)
        if facts.wide and _is_utf8(headers) and not headers.translate(None, _EIGHT_BIT):
            return _Part("message/global-headers", "8bit", name, headers)
    encoded = _quoted_printable(headers)
    return _Part("text/rfc822-headers", "quoted-printable", name, encoded)


def _quoted_printable(content: bytes) -> bytes:
    """RFC 2045 6.7, line by line: so that a CR is an octet to encode, never a line end."""
    return b"\n".join(binascii.b2a_qp(line, istext=False) for line in content.split(b"\n"))


def _longest_line(content: bytes) -> int:
    return max(map(len, content.split(b"\n")))


def _is_utf8(headers: bytes) -> bool:
    try:
        headers.decode()
    except UnicodeDecodeError:
        return False
    return True


def _boundary(facts: NoticeFacts, parts: tuple[_Part, ...]) -> str:
    """A boundary that no part holds; the same one for the same facts."""
    stem = f"=_{facts.number}.{int(facts.born)}"
    boundary = stem
    attempt = 0
    while any(f"--{boundary}".encode() in part.content for part in parts):
        attempt += 1
        boundary = f"{stem}.{attempt}"
    return boundary
