"""The part of an error mail that a person reads.

Its reader has no interest in mail systems: first what did not happen, then to whom, then
why as far as it may be told, then what can be done.
"""

from __future__ import annotations

import textwrap
from typing import assert_never

from relay.message.headers import value_of
from relay.message.notice_facts import NoticeFacts, NoticeRecipient
from relay.message.received import format_date
from relay.message.words import decode_words, plain
from spooltool.spool.notice_kind import NoticeKind

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
        "\n".join(_recipient(recipient, facts) for recipient in facts.recipients),
        _explanation(facts),
        _wrap(_advice(facts)),
        _wrap(_attached(facts, complete)),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _opening(facts: NoticeFacts) -> str:
    whose = f"A message from {plain(facts.about[:_MAX_TEXT])}" if facts.about else "Your message"
    whom = "recipient" if len(facts.recipients) == 1 else "recipients"
    there = f"the {whom} named below"
    stopped = f"{whose} was not delivered to {there}"
    match facts.told:
        case NoticeKind.FAILURE:
            return (
                f"{whose} could not be delivered to {there}, and it will not "
                "be tried again. Other recipients of it, if there are any, are not affected."
            )
        case NoticeKind.DELAY:
            until = f" until {format_date(facts.until)}" if facts.until else ""
            return (
                f"{whose} has not been delivered to {there} yet. It is not lost: it goes on "
                f"being tried{until}, and if that is in vain you will get another notice. There "
                "is no need to send it again."
            )
        case NoticeKind.RELAYED:
            return (
                f"{whose} was handed on to the mail server that is in charge of {there}. That "
                "server does not report deliveries, so this is the last that you hear of it "
                "unless something goes wrong there."
            )
        case NoticeKind.BLOCKED:
            return f"{stopped}: it holds something that this gateway does not let through."
        case NoticeKind.INFECTED:
            return f"{stopped}: the virus scanner of this gateway found something harmful in it."
        case NoticeKind.NOT_ALLOWED:
            return f"{stopped}: the rules of this gateway do not let it go there."
        case other:
            assert_never(other)


def _about(facts: NoticeFacts) -> str:
    lines = []
    if raw := value_of(facts.headers, "Subject"):
        text = plain(decode_words(raw[:_MAX_SUBJECT].decode("utf-8", "replace")))
        lines.append(_wrap(text, "    Subject:  ", "              "))
    lines.append(f"    Arrived:  {format_date(facts.arrived)}")
    return "\n".join(lines)


def _recipient(recipient: NoticeRecipient, facts: NoticeFacts) -> str:
    address = f"    {plain(recipient.address[:_MAX_TEXT])}"
    if not facts.detailed or facts.kind.judged:
        return address
    return address + "\n" + _wrap(_reason(recipient, facts), " " * 8, " " * 8)


def _reason(recipient: NoticeRecipient, facts: NoticeFacts) -> str:
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
    if facts.kind is NoticeKind.RELAYED:
        return f"{host} took it: {said or 'no reply is known'}"
    if facts.kind is NoticeKind.DELAY:
        so_far = f"tried for {_span(facts.born - facts.arrived)}"
    elif recipient.permanent:
        verdict = f"{host} refused it" if recipient.code else "not possible"
        return f"{verdict}: {said or 'no reason was given'}"
    else:
        so_far = f"given up after {_span(facts.born - facts.arrived)}"
    if recipient.code:
        return f"{so_far}; the last answer of {host} was: {said}"
    return f"{so_far}; the last attempt at {host} ended with: {said or 'no answer'}"


def _explanation(facts: NoticeFacts) -> str:
    """What a scanner or a rule said of the whole message; "" where that may not be told."""
    text = plain(facts.explanation[:_MAX_TEXT])
    if not text or not facts.told.judged:
        return ""
    return _wrap(text, "    Reason:   ", "              ")


def _span(seconds: float) -> str:
    """A duration in its largest unit, for a person: `5 days`, `1 hour`."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def _advice(facts: NoticeFacts) -> str:
    """What can be done, and whom to ask."""
    number = facts.message
    if facts.about:
        return f"Its sender was not told. `spooltool show {number}` tells more while it is kept."
    postmaster = plain(facts.postmaster) or f"postmaster@{facts.hostname}"
    ask = f"write to {postmaster} and mention the number {number}."
    match facts.told:
        case NoticeKind.FAILURE:
            return (
                "What you can do: look for a slip in the address and send the message again. If "
                f"the address is right, reach the recipient another way, or {ask}"
            )
        case NoticeKind.DELAY:
            return f"If it is urgent, reach the recipient another way. To ask about it, {ask}"
        case NoticeKind.RELAYED:
            return f"Nothing needs to be done. To ask about it, {ask}"
        case NoticeKind.BLOCKED:
            return (
                "What you can do: send it again without that part. To ask how it may be sent, "
                f"{ask}"
            )
        case NoticeKind.INFECTED:
            return (
                "What you can do: have your computer checked before you send the same again. If "
                "you have not sent this message, somebody else has used your address. To ask "
                f"about it, {ask}"
            )
        case NoticeKind.NOT_ALLOWED:
            return f"What you can do: if you think that it should be let through, {ask}"
        case other:
            assert_never(other)


def _attached(facts: NoticeFacts, complete: bool) -> str:
    whose = "the" if facts.about else "your"
    if complete:
        return f"{whose.capitalize()} message is attached, and so is a report for mail programs."
    if facts.body is not None and facts.kind is NoticeKind.FAILURE:
        return (
            f"{whose.capitalize()} message could not be attached whole; its headers are, and a "
            "report for mail programs."
        )
    return f"The headers of {whose} message are attached, and a report for mail programs."


def _wrap(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
