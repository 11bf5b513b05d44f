"""Two forecasts of one message, by two configurations: what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relay.replay.forecast import Copy, Forecast
from relay.replay.wording import (
    address_words,
    header_lines,
    mailbox_words,
    notice_words,
    rule_words,
    server_words,
)
from spooltool.render.text import visible

Facts = dict[str, str]
"""What is told of a forecast, by the name of each fact."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact, by the old configuration and by the new one; "" where it has none."""

    name: str
    old: str
    new: str


def differences(old: Forecast, new: Forecast) -> tuple[Difference, ...]:
    """The facts that differ, in order; none where the outcome is the same.

    A rule's number is a fact only where what it does to the mail is another: a rule that was
    put in before it changes no outcome.
    """
    before, after = facts(old), facts(new)
    names = _compared(old, new, before, after)
    found = tuple(
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    )
    return found if any(not one.name.startswith("rule") for one in found) else ()


_WHY = ("outcome", "verdict", "why", "rule", "resource", "refused")
_OF_ITSELF = "is sent"


def _compared(old: Forecast, new: Forecast, before: Facts, after: Facts) -> list[str]:
    """The facts that are worth a line.

    Beside mail that is refused it is no news that the other mail has a server.  What is sent is
    another whenever headers or content are, so that it is told only where those do not tell it.
    """
    names = list(dict.fromkeys((*before, *after)))
    if not (old.copies and new.copies):
        return [name for name in names if name.startswith(_WHY)]
    told = {name for name in names if before.get(name) != after.get(name)}
    if any(name.startswith(("headers", "content")) for name in told):
        return [name for name in names if not name.startswith(_OF_ITSELF)]
    return names


def facts(found: Forecast) -> Facts:
    """Everything about a forecast that another may say otherwise."""
    told: Facts = {"outcome": found.end.value}
    for number, copy in enumerate(found.copies, 1):
        more = f" {number}" if len(found.copies) > 1 else ""
        told |= {name + more: text for name, text in _of_copy(found, copy) if text}
    for number, refused in enumerate(found.refused, 1):
        more = f" {number}" if len(found.refused) > 1 else ""
        told["refused" + more] = f"{_list(refused.recipients)}: {refused.reply}"
        if refused.rule:
            told["refused by" + more] = rule_words(found.house, refused.rule)
    return told


def _of_copy(found: Forecast, copy: Copy) -> Iterator[tuple[str, str]]:
    acceptance, outcome = copy.acceptance, copy.outcome
    yield "verdict", outcome.verdict.value if len(found.copies) > 1 else ""
    yield "why", visible(outcome.reason)
    yield "rule", rule_words(found.house, acceptance.rule)
    yield "resource", acceptance.resource.partition(" ")[0]
    yield "server", server_words(acceptance)
    yield "error mail", notice_words(acceptance)
    yield "scanner", f"{acceptance.av_setting} {acceptance.av_address}" if copy.scanned else ""
    yield "sender", address_words(copy.sender)
    yield "recipients", ", ".join(map(address_words, copy.recipients))
    yield "headers", "\n".join(f"{sign} {line}" for sign, line in header_lines(copy))
    yield "content", "\n".join(map(visible, outcome.removed))
    yield "notes", "\n".join(map(visible, copy.notes))
    yield _OF_ITSELF, f"{copy.size:,} bytes, SHA-256 {copy.digest[:16]}" if copy.digest else ""


def _list(addresses: tuple[str, ...]) -> str:
    return ", ".join(map(mailbox_words, addresses))
