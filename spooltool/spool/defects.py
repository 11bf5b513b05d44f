"""Defects: what is wrong with a file, as data.

Reading is lenient; nothing in a spool file raises.  A defect has a stable code, so
that `check` and scripts can name it, and a place a person can go to.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFECTS: dict[str, str] = {
    "empty": "the file has no bytes",
    "not-a-spool-file": "no line of it reads as a KEY: value line",
    "no-colon": "an envelope line without a key and a colon; kept, not understood",
    "key-missing": "one of the chapter's keys is missing",
    "key-doubled": "a key that may stand once stands more than once",
    "key-unknown": "a key neither of the chapter nor ours; kept as it is",
    "key-order": "keys stand in another order than they are written in",
    "value-bad": "a value that its key does not allow",
    "envelope-open": "the file ends before the empty line that closes the envelope",
    "state-missing": "a retried message without a STATE line",
    "state-bad": "a STATE line whose checksum or shape is wrong",
    "rcpt-bad": "a RCPT line that names no address",
    "no-envelope": "no FROM or no RCPT: it cannot be delivered as it is",
    "sizes-bad": "SIZES cannot be read",
    "torn": "shorter than SIZES says, or cut in the envelope: the end is missing",
    "edited": "longer than SIZES says: edited by hand",
    "one-header-set": "only one set of headers: original and modified cannot be told apart",
    "no-headers": "no message headers follow the envelope",
    "crlf": "every line of the file ends in CR LF",
    "name-illegal": "a letter that does not belong in its directory",
    "two-files": "two files carry the same number",
    "not-regular": "no regular file, or one with several hard links",
    "unreadable": "the file cannot be opened",
}
"""Every defect code with its meaning."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong: `code` of DEFECTS, text for a person, line and column from 1 (0: none)."""

    code: str
    text: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: " if self.line else ""
        return f"{where}{self.code}: {self.text or DEFECTS[self.code]}"
