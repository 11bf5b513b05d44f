"""Types by content."""

from __future__ import annotations

import pytest

from relay.message.mime import types_of
from relay.message.mime.signatures import HEAD, SIGNATURES


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda one: one.types[0])
def test_each_signature(signature: object) -> None:
    at, magic, types = signature  # type: ignore[misc]
    assert set(types) <= set(types_of(b"x" * at + magic + b" more"))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"MZ\x90\0\x03", "application/x-msdownload"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\n" * 500 + b"%PDF-1.7", "application/pdf"),
        (b"<html><p>", "text/html"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html>", "text/html"),
        (b"\xff\xfe" + "<script>".encode("utf-16le"), "text/html"),
        (b"<!-- x --> <BODY >", "text/html"),
        (b"PK\x03\x04" + bytes(26) + b"META-INF/MANIFEST.MF", "application/java-archive"),
        (
            b"PK\x03\x04" + bytes(26) + b"word/document.xml",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.textPK",
            "application/vnd.oasis.opendocument.textPK",
        ),
    ],
)
def test_types(head: bytes, kind: str) -> None:
    assert kind in types_of(head)


@pytest.mark.parametrize("head", [b"", b"words", b"MZ is a pair of letters", b"a < b > c", b"PDF"])
def test_words_are_nothing(head: bytes) -> None:
    assert types_of(head) == ()


def test_an_open_comment_takes_no_time() -> None:
    assert types_of(b"<!--" * (HEAD // 4)) == ()
