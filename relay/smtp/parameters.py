"""ESMTP parameters of MAIL and RCPT: SIZE, BODY, SMTPUTF8, RET, ENVID, NOTIFY, ORCPT.

Sources: RFC 5321 4.1.2 (form), RFC 1870, RFC 6152, RFC 6531, RFC 3461, RFC 6533.
"""

from __future__ import annotations

import re

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")
_ESCAPE = re.compile(r"\+([0-9A-F]{2})")
_ORCPT = re.compile(r"([A-Za-z0-9-]+);(.+)")
_UTF8_XTEXT = re.compile("(?:[!-*,-<>-~\xa1-\ud7ff\ue000-\U0010ffff]|\\+[0-9A-F]{2})+")
_SEPARATORS = re.compile("[\u1680\u2000-\u200a\u2028-\u202f\u205f\u2066-\u2069\u3000\ufeff]")
_SIZE = re.compile(r"[0-9]{1,20}")
_NOTIFY = re.compile(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}")

MAX_ENVID = 100
MAX_ORCPT = 500
"""Octets, RFC 3461 4.4 and 4.2."""


def split(text: str) -> dict[str, tuple[str, str]] | None:
    """Split what follows a path into keyword → (value, word as on the wire).

    None when it is malformed: no blank before the first word, a keyword twice or not in
    ASCII (the upper case of a long s is an S).
    """
    if not text:
        return {}
    if text[0] != " ":
        return None
    words = [word for word in text.split(" ") if word]
    found: dict[str, tuple[str, str]] = {}
    for word in words:
        key, _, value = word.partition("=")
        if not key.isascii():
            return None
        found[key.upper()] = (value, word)
    return found if len(found) == len(words) else None


def size(value: str) -> int | None:
    """SIZE=n, at most 20 digits; None when malformed."""
    return int(value) if _SIZE.fullmatch(value) else None


def body(value: str) -> bool | None:
    """BODY=7BIT (False) or 8BITMIME (True); None for any other."""
    return {"7BIT": False, "8BITMIME": True}.get(value.upper())


def ret(value: str) -> str | None:
    """RET=FULL or HDRS in upper case; None when malformed."""
    upper = value.upper()
    return upper if upper in ("FULL", "HDRS") else None


def notify(value: str) -> str | None:
    """NOTIFY=NEVER or a list without doubles, in upper case; None when malformed."""
    upper = value.upper()
    if not _NOTIFY.fullmatch(upper):
        return None
    words = upper.split(",")
    return upper if len(set(words)) == len(words) else None


def envid(value: str) -> bool:
    """Whether an ENVID is legal: xtext of printable ASCII (RFC 3461 4.4)."""
    return len(value) <= MAX_ENVID and xtext(value) is not None


def orcpt(value: str, *, utf8: bool) -> bool:
    """Whether an ORCPT is legal: addr-type;xtext, or UTF-8 for type utf-8 (RFC 6533 3)."""
    if len(value.encode("utf-8", "surrogateescape")) > MAX_ORCPT:
        return False
    match = _ORCPT.fullmatch(value)
    if match is None:
        return False
    if value.isascii():
        return xtext(match[2]) is not None
    if not utf8 or match[1].lower() != "utf-8":
        return False
    return bool(_UTF8_XTEXT.fullmatch(match[2])) and not _SEPARATORS.search(match[2])


def xtext(value: str) -> str | None:
    """Decode xtext (RFC 3461 4); None when malformed or not all printable ASCII within."""
    if not _XTEXT.fullmatch(value):
        return None
    if "+" not in value:
        return value
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)
    return plain if plain.isascii() and plain.isprintable() else None


def with_orcpt(params: str, original: str) -> str:
    """RCPT parameters that name the recipient as the client wrote it, before we rewrote it.

    Unchanged where they do already (RFC 3461 5.2.1 c), and for an address beyond ASCII.
    """
    named = any(word[:6].upper() == "ORCPT=" for word in params.split(" "))
    if not original or named or not (original.isascii() and original.isprintable()):
        return params
    word = "ORCPT=rfc822;" + _NOT_XTEXT.sub(lambda match: f"+{ord(match[0]):02X}", original)
    return f"{params} {word}" if params else word
