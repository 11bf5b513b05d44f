"""One thing that is told to a log server: a record of the tracker, an alert, or an .elg line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from spooltool.logs.quoting import value

LONGEST = 400
"""Characters of one value that are sent."""


class Severity(IntEnum):
    """Severities of RFC 5424 6.2.1 that are used, and PRIORITY of the journal."""

    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6


class Source(Enum):
    """Where an entry stands in the files, with the id of such messages in the journal."""

    TRACKER = "tracker"
    ALERT = "alert"
    EVENT = "event"


MESSAGE_IDS = {
    Source.TRACKER: "229ec19b4f2e43468782d33411d8c4cc",
    Source.ALERT: "727982f63b804de8af912939e6fc5110",
    Source.EVENT: "bac965f0dbf8494a8f9b2b7701ac6d2d",
}
"""MESSAGE_ID for `journalctl`; fixed for ever."""

_TRACKED = {
    "reject": Severity.NOTICE,
    "drop": Severity.NOTICE,
    "put-off": Severity.NOTICE,
    "unknown": Severity.NOTICE,
    "notice-put-off": Severity.NOTICE,
    "notice-unknown": Severity.NOTICE,
    "exception": Severity.NOTICE,
    "rejected": Severity.WARNING,
    "notice-rejected": Severity.WARNING,
    "notice-due": Severity.WARNING,
    "trashed": Severity.WARNING,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """`time` in unix seconds; `process` is mdq or asmtpd, `word` the action or event.

    `id` is the message's number or "".  `fields` are names and values in order, values as
    they came, whatever a message has put into them.  `text` is an alert's.
    """

    source: Source
    time: float
    host: str
    process: str
    pid: int
    word: str
    id: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @property
    def severity(self) -> Severity:
        """How grave it is: alerts are errors, what fails for good is a warning."""
        if self.source is Source.ALERT:
            return Severity.ERROR
        if self.source is Source.EVENT:
            return Severity.INFO
        return _TRACKED.get(self.word, Severity.INFO)

    def message(self) -> str:
        """It as one line for a person, nothing in it that a terminal obeys."""
        words = [self.word]
        if self.id:
            words.append(f"id={self.id}")
        words += [f"{name}={value(content[:LONGEST])}" for name, content in self.fields]
        if self.text:
            words.append(f"text={value(self.text[:LONGEST])}")
        return " ".join(words)
