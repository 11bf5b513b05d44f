"""What can keep a message from being delivered: the checks of content policy, once.

Their words stand in `PASS:`, in verdicts and in logs; the reason is the code in STATE.
"""

from __future__ import annotations

from enum import Enum


class Check(Enum):
    """One check: its word, its reason code in STATE, what it says, in words."""

    CAPACITY = "mail_capacity", "capacity", "larger than its resource allows"
    CHARACTERS = "allowed_characters", "characters", "8-bit characters, and 7-bit is asked for"
    STRUCTURE = "structure", "structure", "its MIME structure can be read in two ways"
    HTML = "html", "html", "HTML in it cannot be weeded"
    ANTIVIRUS = "antivirus", "antivirus", "infected, or the scanner could not look into it"
    RULE_BASE = "rule_base", "rule-base", "no rule lets it go to its new destination"

    @property
    def word(self) -> str:
        """What people and `PASS:` call it."""
        return self.value[0]

    @property
    def reason(self) -> str:
        """The reason code in STATE."""
        return self.value[1]

    @property
    def meaning(self) -> str:
        """Why it blocks, in words without a full stop."""
        return self.value[2]


def check_of(word: str) -> Check | None:
    """The check of that word; None for none."""
    return _BY_WORD.get(word)


def check_of_reason(reason: str) -> Check | None:
    """The check that a reason code in STATE tells of; None for other reasons."""
    return _BY_REASON.get(reason)


_BY_WORD = {check.word: check for check in Check}
_BY_REASON = {check.reason: check for check in Check}
