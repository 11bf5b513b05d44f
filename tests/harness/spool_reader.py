"""A tolerant reader of a spool, for the checker alone: no parser of the product in it.

It knows three things of the format: the envelope ends at the first blank line; SIZES gives
the lengths of the three parts, each but the last followed by one LF; a RCPT line begins
with its mark and holds the address in angle brackets.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PLACES = ("D_state", "D_sender", "D_resend", "D_hold", "D_quarantine", ".spooltool/trash")
NAME = re.compile(r"([TRE])([0-9A-Za-z]{1,16})\Z")
_X_ID = re.compile(rb"^X-(?:Demo-)?Id:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
_SIZES = re.compile(rb"^SIZES:\s*(\d+)\s+(\d+)\s+(\d+)\s*$", re.MULTILINE)
_RCPT = re.compile(rb"^RCPT:[ \t]*([PUDFNX] )?[^<\n]*<([^>\n]*)>", re.MULTILINE)
_BLANK = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class SpoolMessage:
    """One spool file: where it is, whose it is, whether all of it is there.

    `recipients` maps each address to its mark ("P" where a line has none).
    """

    id: str
    file: str
    letter: str
    x_id: str
    message_id: str
    complete: bool
    body_sha256: str
    recipients: dict[str, str]

    @property
    def place(self) -> str:
        """The directory that it stands in."""
        return os.path.dirname(self.file)


def spool_messages(spool: Path) -> Iterator[SpoolMessage]:
    """Every message file of a spool, partial ones and the trash included."""
    for place in PLACES:
        folder = spool / place
        if not folder.is_dir():
            continue
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            if NAME.match(entry.name) and entry.is_file(follow_symlinks=False):
                try:
                    content = Path(entry.path).read_bytes()
                except FileNotFoundError:
                    continue  # a running relay moved it on
                yield read_message(f"{place}/{entry.name}", content)


def read_message(file: str, content: bytes) -> SpoolMessage:
    """What a file's bytes say; a file that says nothing is an incomplete message."""
    match = NAME.match(os.path.basename(file))
    assert match is not None
    blank = _BLANK.search(content)
    end = blank.end() if blank else len(content)
    envelope, rest = content[:end], content[end:]
    sizes = _SIZES.search(envelope)
    lengths = [int(n) for n in sizes.groups()] if sizes else []
    complete = bool(blank and sizes) and sum(lengths) + 2 == len(rest)
    body = rest[len(rest) - lengths[2] :] if complete else b""
    head = rest[: lengths[0]] if complete else rest
    x_id, message_id = _X_ID.search(head), _MESSAGE_ID.search(head)
    return SpoolMessage(
        id=match[2],
        file=file,
        letter=match[1],
        x_id=_text(x_id),
        message_id=_text(message_id),
        complete=complete,
        body_sha256=hashlib.sha256(body.replace(b"\n", b"\r\n")).hexdigest() if complete else "",
        recipients={
            address.decode("utf-8", "backslashreplace"): (mark or b"P").decode().strip()
            for mark, address in _RCPT.findall(envelope)
        },
    )


def _text(match: re.Match[bytes] | None) -> str:
    return match[1].decode("utf-8", "backslashreplace").strip() if match else ""
