"""Encoded words (RFC 2047) where they must not stand, and broken: what readers make of them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from relay.message.mime.charsets import decode, texts

_WORD = re.compile(r"=\?([^?\s]{0,60}+)\?([bBqQ])\?([^?]*+)(?:\?(?:=|\Z)|\Z)")
_BETWEEN = re.compile(r"(?<=\?=)[ \t\n]+(?==\?)")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")


def decode_all(text: str) -> Iterator[str]:
    """The text with its encoded words decoded: each alone, and their bytes joined.

    Nothing when there is none.
    """
    if "=?" not in text or (first := _WORD.search(text)) is None:
        return
    close = _BETWEEN.sub("", text)
    yield _WORD.sub(lambda match: _text(match, _octets(match)), close)
    yield _WORD.sub(lambda match: _text(match, _octets(match)), text)
    words = list(_WORD.finditer(close))
    if len(words) > 1:
        yield from texts(b"".join(map(_octets, words)), first[1].partition("*")[0])


def _octets(match: re.Match[str]) -> bytes:
    coded = match[3]
    if match[2] in "qQ":
        plain = coded.replace("_", " ").encode("utf-8", "replace")
        return binascii.a2b_qp(plain)
    letters = _NOT_BASE64.sub("", coded)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def _text(match: re.Match[str], data: bytes) -> str:
    text = decode(data, match[1].partition("*")[0])
    return text if text is not None else data.decode("utf-8", "replace")
