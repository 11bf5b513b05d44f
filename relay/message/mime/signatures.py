"""Types by the first bytes of the decoded content: one table.

A declared type is what the sender says; programs that open a file often go by its bytes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD = 4096
"""Bytes that are looked at."""


class Signature(NamedTuple):
    """Bytes at an offset, and the types that content with them has."""

    at: int
    magic: bytes
    types: tuple[str, ...]


_EXE = (
    "application/x-msdownload",
    "application/x-dosexec",
    "application/x-msdos-program",
    "application/vnd.microsoft.portable-executable",
)
_ZIP = ("application/zip", "application/x-zip-compressed")
_RAR = ("application/vnd.rar", "application/x-rar-compressed")
_GZIP = ("application/gzip", "application/x-gzip")
_TEXT_SCRIPT = ("text/x-shellscript", "application/x-sh")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")

SIGNATURES: tuple[Signature, ...] = (
    Signature(0, b"\x7fELF", ("application/x-executable", "application/x-elf")),
    Signature(0, b"\xca\xfe\xba\xbe", ("application/java-vm", "application/x-mach-binary")),
    Signature(0, b"\xcf\xfa\xed\xfe", ("application/x-mach-binary",)),
    Signature(0, b"\xce\xfa\xed\xfe", ("application/x-mach-binary",)),
    Signature(0, b"\0asm", ("application/wasm",)),
    Signature(0, b"PK\x03\x04", _ZIP),
    Signature(0, b"PK\x05\x06", _ZIP),
    Signature(0, b"PK00PK\x03\x04", _ZIP),
    Signature(0, b"Rar!\x1a\x07", _RAR),
    Signature(0, b"7z\xbc\xaf\x27\x1c", ("application/x-7z-compressed",)),
    Signature(0, b"\x1f\x8b", _GZIP),
    Signature(0, b"BZh", ("application/x-bzip2",)),
    Signature(0, b"\xfd7zXZ\0", ("application/x-xz",)),
    Signature(0, b"\x28\xb5\x2f\xfd", ("application/zstd",)),
    Signature(0, b"MSCF", ("application/vnd.ms-cab-compressed",)),
    Signature(0, b"\x60\xea", ("application/x-arj",)),
    Signature(7, b"**ACE**", ("application/x-ace-compressed",)),
    Signature(2, b"-lh", ("application/x-lzh-compressed",)),
    Signature(257, b"ustar", ("application/x-tar",)),
    Signature(0, b"{\\rt", ("application/rtf", "text/rtf")),
    Signature(
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        (
            "application/x-ole-storage",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.ms-outlook",
            "application/x-msi",
        ),
    ),
    Signature(0, b"ITSF", ("application/vnd.ms-htmlhelp",)),
    Signature(0, b"L\0\0\0\x01\x14\x02\0", ("application/x-ms-shortcut",)),
    Signature(0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", ("application/onenote",)),
    Signature(0, b"\x78\x9f\x3e\x22", _TNEF),
    Signature(0, b"FWS", ("application/x-shockwave-flash",)),
    Signature(0, b"CWS", ("application/x-shockwave-flash",)),
    Signature(0, b"ZWS", ("application/x-shockwave-flash",)),
    Signature(0, b"%!PS", ("application/postscript",)),
    Signature(0, b"#!", _TEXT_SCRIPT),
    Signature(0, b"GIF87a", ("image/gif",)),
    Signature(0, b"GIF89a", ("image/gif",)),
    Signature(0, b"\x89PNG\r\n\x1a\n", ("image/png",)),
    Signature(0, b"\xff\xd8\xff", ("image/jpeg",)),
    Signature(0, b"II*\0", ("image/tiff",)),
    Signature(0, b"MM\0*", ("image/tiff",)),
    Signature(8, b"WEBP", ("image/webp",)),
    Signature(8, b"WAVE", ("audio/wav", "audio/x-wav")),
    Signature(8, b"AVI ", ("video/x-msvideo",)),
    Signature(4, b"ftyp", ("video/mp4",)),
    Signature(0, b"OggS", ("application/ogg",)),
    Signature(0, b"ID3", ("audio/mpeg",)),
)

_PDF = re.compile(rb"%PDF-")
_HTML = re.compile(
    rb"[\s\0]*(?:<!--(?:(?!-->).)*+-->\s*)?<(?:!doctype html|html|head|body|script|iframe|"
    rb"table|title|meta|style|svg|object|embed|form|a href|img|div)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_BINARY = re.compile(rb"[\0-\x08\x0e-\x1a\x80-\xff]")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ZIPPED = {
    b"META-INF/": ("application/java-archive", "application/x-java-archive"),
    b"AndroidManifest.xml": ("application/vnd.android.package-archive",),
    b"[Content_Types].xml": ("application/vnd.openxmlformats-officedocument",),
    b"word/": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    b"xl/": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    b"ppt/": ("application/vnd.openxmlformats-officedocument.presentationml.presentation",),
}
_MIMETYPE = re.compile(rb"mimetype(application/[\w.+-]++)")


def types_of(head: bytes) -> tuple[str, ...]:
    """The types that the first `HEAD` bytes of a content tell; none when they tell nothing."""
    found = [
        name for at, magic, types in SIGNATURES if head.startswith(magic, at) for name in types
    ]
    if head.startswith((b"MZ", b"ZM")) and _BINARY.search(head):
        found += _EXE
    if _PDF.search(head, 0, 1024 + 5):
        found.append("application/pdf")
    if head.startswith(b"PK"):
        found += _in_zip(head)
    if _HTML.match(_narrow(head)):
        found.append("text/html")
    return tuple(dict.fromkeys(found))


def _in_zip(head: bytes) -> list[str]:
    """What an archive is by the names of its first members."""
    found = [name for member, types in _ZIPPED.items() if member in head for name in types]
    if match := _MIMETYPE.search(head, 0, 200):
        found.append(match[1].decode("ascii"))
    return found


def _narrow(head: bytes) -> bytes:
    """Text without its byte order mark, and without the zero bytes of UTF-16."""
    for mark in _BOMS:
        if head.startswith(mark):
            return head[len(mark) :].replace(b"\0", b"")
    return head
