"""The part of an error mail that a program reads: message/delivery-status (RFC 3464 2).

Also the two spellings of what may lie beyond ASCII (RFC 6533): raw UTF-8 in a *wide*
report, `\\x{E9}` in a 7-bit one.
"""

from __future__ import annotations

import re

from relay.message.notice_facts import NoticeFacts, NoticeRecipient
from relay.message.received import address_literal, format_date
from relay.message.words import ascii_only, plain
from spooltool.spool.hosts import parse_host
from spooltool.spool.notice_kind import NoticeKind

_MAX_TEXT = 500
_MAX_WORD = 800
_COLUMNS = 76
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_NOT_QCHAR = re.compile(r"[^!-*,-<>-\[\]-~]")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\Z")
_NO_NAME = re.compile(r"[^A-Za-z0-9._:\[\]-]")
_MAX_NAME = 255
_ACTIONS = {NoticeKind.DELAY: "delayed", NoticeKind.RELAYED: "relayed"}
_CLASSES = {NoticeKind.DELAY: "4", NoticeKind.RELAYED: "2"}
_REFUSED = "5.7.1"
"""Delivery not authorised (RFC 3463 3.8): what our own policy has decided."""


def delivery_status(facts: NoticeFacts) -> bytes:
    """The per-message fields, then one group of fields a recipient; LF line ends.

    Without `detailed` a recipient's group tells the class of its status and nothing of
    the reason: no remote host, no reply.
    """
    lines = [f"Reporting-MTA: dns; {facts.hostname}"]
    if envid := _show(_from_xtext(facts.envid), facts.wide):
        lines.insert(0, folded("Original-Envelope-Id", envid))
    if client := _client(facts):
        lines.append(folded("Received-From-MTA", f"dns; {client}"))
    lines.append(f"Arrival-Date: {format_date(facts.arrived)}")
    for recipient in facts.recipients:
        lines.append("")
        lines += _group(recipient, facts)
    return ("\n".join(lines) + "\n").encode()


def _client(facts: NoticeFacts) -> str:
    """Who handed us the message: its name by HELO, its address as a comment (RFC 3464 2.2.4)."""
    name = _NO_NAME.sub("?", facts.client[:_MAX_NAME])
    address = address_literal(_NO_NAME.sub("?", facts.address)) if facts.address else ""
    if not name or name == address:
        return address
    return f"{name} ({address})" if address else name


def _group(recipient: NoticeRecipient, facts: NoticeFacts) -> list[str]:
    """One recipient's fields, in the order of RFC 3464 2.3."""
    lines = []
    if recipient.orcpt:
        lines.append(folded("Original-Recipient", _typed_orcpt(recipient.orcpt, facts.wide)))
    lines.append(folded("Final-Recipient", _typed_address(recipient.address, facts.wide)))
    lines.append(f"Action: {_ACTIONS.get(facts.kind, 'failed')}")
    status = _status(recipient, facts.kind)
    lines.append(f"Status: {status if facts.detailed else status[0] + '.0.0'}")
    if facts.detailed:
        if host := _mta_name(recipient.host):
            lines.append(folded("Remote-MTA", f"dns; {host}"))
        if diagnostic := _diagnostic(recipient, facts):
            lines.append(folded("Diagnostic-Code", diagnostic))
    if recipient.last_try:
        lines.append(f"Last-Attempt-Date: {format_date(recipient.last_try)}")
    lines.append(f"Final-Log-ID: {facts.message}")
    if facts.kind is NoticeKind.DELAY and facts.until:
        lines.append(f"Will-Retry-Until: {format_date(facts.until)}")
    return lines


def _status(recipient: NoticeRecipient, kind: NoticeKind) -> str:
    """The enhanced code of the last reply, else its class, else what the kind says by itself.

    Its class is that of the action, whatever the reply's was: `soft_bounce` makes a delay of
    a 5xx.  A failure without a reply is 4.4.7: time ran out.
    """
    if kind.judged:
        return _REFUSED
    of_kind = _CLASSES.get(kind, "")
    enhanced = recipient.enhanced
    if _STATUS.match(enhanced) and (of_kind or enhanced[0] != "2"):
        return (of_kind or enhanced[0]) + enhanced[1:]
    if of_kind:
        return f"{of_kind}.0.0"
    if 400 <= recipient.code < 600:
        return f"{recipient.code // 100}.0.0"
    return "4.4.7"


def _diagnostic(recipient: NoticeRecipient, facts: NoticeFacts) -> str:
    said = facts.explanation if facts.kind.judged else recipient.text
    text = _show(said[:_MAX_TEXT], facts.wide)
    if not recipient.code:
        return f"x-relay; {text}" if text else ""
    enhanced = ascii_only(recipient.enhanced)
    return "smtp; " + " ".join(word for word in (str(recipient.code), enhanced, text) if word)


def _mta_name(host: str) -> str:
    """A remote host as a `dns` MTA name: its name, or its address as a literal."""
    known = parse_host(host)
    if known is None:
        return ascii_only(host)
    numeric = ":" in known.host or known.host.replace(".", "").isdigit()
    return address_literal(known.host) if numeric else known.host


def _typed_orcpt(orcpt: str, wide: bool) -> str:
    """An ORCPT parameter as a field value: type kept, address decoded (RFC 3464 2.3.1)."""
    kind, mark, address = orcpt.partition(";")
    if not mark:
        kind, address = "rfc822", orcpt
    address = _from_xtext(address)
    if kind.lower() == "utf-8":
        address = _EMBEDDED.sub(_character, address)
    elif kind.lower() != "rfc822":
        return f"{ascii_only(kind)}; {ascii_only(address)}"
    return _typed_address(address, wide)


def _typed_address(address: str, wide: bool) -> str:
    address = plain(address)
    if address.isascii():
        return f"rfc822; {address}"
    if wide:
        return f"utf-8; {address}"
    return "utf-8; " + _NOT_QCHAR.sub(lambda match: f"\\x{{{ord(match[0]):X}}}", address)


def _from_xtext(text: str) -> str:
    """Undo xtext (RFC 3461 4); octets beyond ASCII read as UTF-8."""
    if "+" not in text:
        return text
    octets = _XTEXT.sub(lambda match: chr(int(match[1], 16)), text)
    try:
        return octets.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return octets


def _character(match: re.Match[str]) -> str:
    value = int(match[1], 16)
    return chr(value) if value < 0x110000 else "?"


def _show(text: str, wide: bool) -> str:
    return plain(text) if wide else ascii_only(text)


def folded(name: str, value: str) -> str:
    """A header field folded at blanks below 78 columns where words allow it, without LF.

    A word of more than 800 bytes is cut, so that no line passes 998 (RFC 5322 2.1.1).
    """
    text = f"{name}:"
    first = column = len(text)
    for word in value.split():
        word = word.encode("utf-8", "replace")[:_MAX_WORD].decode("utf-8", "ignore")
        if column > first and column + 1 + len(word) > _COLUMNS:
            text += "\n"
            column = 0
        text += " " + word
        column += 1 + len(word)
    return text
