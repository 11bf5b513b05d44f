"""The part of an error mail that a person reads.

Its reader has no interest in mail systems: first what did not happen, then to whom, then
why as far as it may be told, then what can be done.
"""

from __future__ import annotations

import textwrap

from relay.message.headers import value_of
from relay.message.notice_facts import FailedRecipient, NoticeFacts
from relay.message.received import format_date
from relay.message.words import decode_words, plain

_WIDTH = 72
_MAX_SUBJECT = 400
_MAX_TEXT = 500
_MAX_CODE = 11


def human_text(facts: NoticeFacts, complete: bool) -> str:
    """The text with LF line ends; `complete` tells whether the whole message is attached."""
    paragraphs = [
        _wrap(f"This is the mail gateway {facts.hostname}."),
        _wrap(_opening(facts)),
        _about(facts),
        "\n".join(_failure(recipient, facts) for recipient in facts.recipients),
        _wrap(_advice(facts)),
        _wrap(_attached(facts, complete)),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _opening(facts: NoticeFacts) -> str:
    whom = "recipient" if len(facts.recipients) == 1 else "recipients"
    return (
        f"Your message could not be delivered to the {whom} named below, and it will not "
        "be tried again. Other recipients of it, if there are any, are not affected."
    )


def _about(facts: NoticeFacts) -> str:
    lines = []
    if raw := value_of(facts.headers, "Subject"):
        text = plain(decode_words(raw[:_MAX_SUBJECT].decode("utf-8", "replace")))
        lines.append(_wrap(text, "    Subject:  ", "              "))
    lines.append(f"    Arrived:  {format_date(facts.arrived)}")
    return "\n".join(lines)


def _failure(recipient: FailedRecipient, facts: NoticeFacts) -> str:
    address = f"    {plain(recipient.address[:_MAX_TEXT])}"
    if not facts.detailed:
        return address
    return address + "\n" + _wrap(_reason(recipient, facts), " " * 8, " " * 8)


def _reason(recipient: FailedRecipient, facts: NoticeFacts) -> str:
    said = " ".join(
        word
        for word in (
            str(recipient.code or ""),
            plain(recipient.enhanced[:_MAX_CODE]) if recipient.code else "",
            plain(recipient.text[:_MAX_TEXT]),
        )
        if word
    )
    host = plain(recipient.host[:_MAX_TEXT]) or "the next mail server"
    if recipient.permanent:
        verdict = f"{host} refused it" if recipient.code else "not possible"
        return f"{verdict}: {said or 'no reason was given'}"
    given_up = f"given up after {_span(facts.born - facts.arrived)}"
    if recipient.code:
        return f"{given_up}; the last answer of {host} was: {said}"
    return f"{given_up}; the last attempt at {host} ended with: {said or 'no answer'}"


def _span(seconds: float) -> str:
    """A duration in its largest unit, for a person: `5 days`, `1 hour`."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def _advice(facts: NoticeFacts) -> str:
    postmaster = plain(facts.postmaster) or f"postmaster@{facts.hostname}"
    return (
        "What you can do: look for a slip in the address and send the message again. If "
        "the address is right, reach the recipient another way, or write to "
        f"{postmaster} and mention the number {facts.number}."
    )


def _attached(facts: NoticeFacts, complete: bool) -> str:
    if complete:
        return "Your message is attached, and so is a report for mail programs."
    if facts.body is not None:
        return (
            "Your message could not be attached whole; its headers are, and a report for "
            "mail programs."
        )
    return "The headers of your message are attached, and a report for mail programs."


def _wrap(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
