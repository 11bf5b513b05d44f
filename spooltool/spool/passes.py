"""PASS: the checks that an operator waived for a message, by whom and when.

::

    PASS:<TAB>structure anna@gw1 2026-11-26T10:00:00Z, antivirus ben@gw1 2026-11-26T11:30:00Z

A message that is let out of quarantine gets one, so that the same check does not put it back;
every other check still counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from spooltool.spool.checks import Check, check_of
from spooltool.spool.codec import Envelope

_BETWEEN = ", "
_UNFIT = re.compile(r"[^!-+\--~]")
"""What may not stand in a name: blanks and commas divide, and all else is no ASCII."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One check waived: `who` is user and host, `when` unix seconds."""

    check: Check
    who: str
    when: float


def passed_checks(envelope: Envelope) -> frozenset[Check]:
    """The checks that are waived; words that nobody knows waive nothing."""
    found = (
        check_of(one.strip().partition(" ")[0])
        for line in envelope.all("PASS")
        for one in line.value.split(",")
    )
    return frozenset(check for check in found if check is not None)


def with_pass(envelope: Envelope, added: Pass) -> str:
    """The value of PASS with one more."""
    when = datetime.fromtimestamp(added.when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    who = _UNFIT.sub("_", added.who) or "-"
    before = [line.value for line in envelope.all("PASS")]
    return _BETWEEN.join([*before, f"{added.check.word} {who} {when}"])
