"""Names of spool files: directory, letter, number.

A number is kept for life; letter and directory say what state the message is in.
Our numbers are 8 characters of `0-9a-z`; readers take any `[0-9A-Za-z]{1,16}`, so
that the decimal and hexadecimal names of an original gateway read as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STATE_DIR = "D_state"
SENDER = "D_sender"
RESEND = "D_resend"
HOLD = "D_hold"
QUARANTINE = "D_quarantine"
OWN_DIR = ".spooltool"
TRASH = ".spooltool/trash"
FLAT = ""

MAIL_DIRS = (STATE_DIR, SENDER, RESEND, HOLD, QUARANTINE)
"""The directories that hold live mail, in the order in which they are listed."""

CHAPTER_DIRS = (STATE_DIR, SENDER, RESEND)
"""What makes a folder a spool: at least one of these, or flat T/R/E files."""

LETTERS: dict[str, str] = {
    STATE_DIR: "T",
    SENDER: "R",
    RESEND: "RE",
    HOLD: "RE",
    QUARANTINE: "RE",
    TRASH: "TRE",
    FLAT: "TRE",
}
"""Which letters are legal where."""

NUMBER_WIDTH = 8
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NAME = re.compile(r"([TRE])([0-9A-Za-z]{1,16})\Z")
_ID = re.compile(r"(?:[TRE](?=[0-9A-Za-z]))?([0-9A-Za-z]{1,16})\Z")


@dataclass(frozen=True, slots=True)
class SpoolName:
    """Where a message's file stands; `file` is its path inside the spool."""

    dir: str
    letter: str
    number: str

    @property
    def file(self) -> str:
        """Path inside the spool: `D_resend/R001njchs`, or `R001njchs` in a flat spool."""
        return f"{self.dir}/{self.letter}{self.number}" if self.dir else self.base

    @property
    def base(self) -> str:
        """The file name alone: letter and number."""
        return self.letter + self.number

    @property
    def id(self) -> str:
        """The number: the message's identity for life."""
        return self.number

    @property
    def legal(self) -> bool:
        """Whether this letter may stand in this directory."""
        return self.letter in LETTERS.get(self.dir, "")

    def at(self, directory: str, letter: str | None = None) -> SpoolName:
        """The same message in another directory, or under another letter."""
        return SpoolName(directory, letter or self.letter, self.number)


def parse_name(filename: str, directory: str) -> SpoolName | None:
    """Read a directory entry as a message's name; None for anything else (dot names too)."""
    match = _NAME.match(filename)
    return SpoolName(directory, match[1], match[2]) if match else None


def parse_path(path: str) -> SpoolName | None:
    """Read `D_resend/R001njchs` as pasted; None when it is no such path."""
    directory, _, base = path.strip("/").rpartition("/")
    return parse_name(base, directory) if directory in LETTERS else None


def in_trash(file: str) -> bool:
    """Whether a path inside the spool leads into the trash."""
    return file.startswith(f"{TRASH}/")


def id_readings(word: str) -> tuple[str, ...]:
    """Every number that a typed word may mean: as it stands, and without its letter."""
    if not _ID.match(word):
        return ()
    if word[0] in "TRE" and len(word) > 1:
        return (word[1:], word)
    return (word,)


def format_number(value: int) -> str:
    """The 8-character number of a counter value, `0-9a-z`, most significant first."""
    if not 0 <= value < 36**NUMBER_WIDTH:
        raise ValueError(f"number out of range: {value}")
    text = ""
    for _ in range(NUMBER_WIDTH):
        value, digit = divmod(value, 36)
        text = _DIGITS[digit] + text
    return text


def number_value(number: str) -> int | None:
    """The counter value that a number of ours has; None for foreign forms."""
    if len(number) != NUMBER_WIDTH or any(digit not in _DIGITS for digit in number):
        return None
    return int(number, 36)


def queue_key(arrived: float, number: str) -> tuple[float, int, str]:
    """Sort key of the queue's order: ARRIVED, then number by length, then text."""
    return (arrived, len(number), number)
