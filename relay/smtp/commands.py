"""What follows MAIL, RCPT, HELO and EHLO, parsed to a value or to the reply that refuses it."""

from __future__ import annotations

import re

from relay.smtp import parameters
from relay.smtp.mailbox import NEEDS_SMTPUTF8, NULL, BadPath, parse_path, parse_postmaster
from relay.smtp.reply import Reply
from relay.smtp.transaction import Recipient, Transaction

MAIL_SYNTAX = Reply(501, "5.5.4", "syntax: MAIL FROM:<address> [parameters]")
RCPT_SYNTAX = Reply(501, "5.5.4", "syntax: RCPT TO:<address> [parameters]")
BAD_PARAMETERS = Reply(501, "5.5.4", "malformed parameters")
HELO_SYNTAX = Reply(501, "5.5.4", "a domain or an address literal is wanted")

_HELO = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.:\[\]-]{1,255}")
_IGNORED = frozenset(("SIZE", "AUTH"))


def parse_helo(rest: str) -> str | None:
    """The name in HELO or EHLO: one word of harmless ASCII, at most 255 octets, else None.

    More lenient than RFC 5321 4.1.2, as clients send host names of every kind; strict
    enough for the spool file and for the comment of a Received line.
    """
    name = rest.strip(" ")
    return name if _HELO.fullmatch(name) else None


def parse_mail(rest: str) -> Transaction | Reply:
    """Parse what follows "MAIL " into a transaction without recipients.

    Replies: 501 malformed, 553 for addresses that may not be used, 555 for a parameter
    that is not offered.  Blanks after the colon are allowed, as most clients' authors
    believe they are.
    """
    if rest[:5].upper() != "FROM:":
        return MAIL_SYNTAX
    start = _path_start(rest, 5)
    if rest.startswith("<>", start):
        mailbox, end = NULL, start + 2
    else:
        # SMTPUTF8 stands behind the address that needs it.
        path = parse_path(rest, start, utf8=True)
        if isinstance(path, BadPath):
            return _refusal(path, "5.1.7")
        mailbox, end = path
    transaction = Transaction(mailbox)
    if end < len(rest):
        words = parameters.split(rest[end:])
        if words is None:
            return BAD_PARAMETERS
        refusal = _mail_parameters(transaction, words)
        if refusal is not None:
            return refusal
    if not transaction.utf8 and not mailbox.text.isascii():
        return _refusal(NEEDS_SMTPUTF8, "5.6.7")
    return transaction


def parse_rcpt(rest: str, *, utf8: bool) -> Recipient | Reply:
    """Parse what follows "RCPT "; `utf8` tells that MAIL asked for SMTPUTF8.

    Replies as for `parse_mail`.  `<postmaster>` needs no domain (RFC 5321 4.5.1); the
    null path is refused.
    """
    if rest[:3].upper() != "TO:":
        return RCPT_SYNTAX
    start = _path_start(rest, 3)
    path = parse_path(rest, start, utf8=utf8)
    if isinstance(path, BadPath):
        postmaster = parse_postmaster(rest, start)
        if postmaster is None:
            return _refusal(path, "5.1.3")
        path = postmaster
    mailbox, end = path
    if end == len(rest):
        return Recipient(mailbox)
    words = parameters.split(rest[end:])
    if words is None:
        return BAD_PARAMETERS
    return _rcpt_parameters(Recipient(mailbox), words, utf8=utf8)


def _path_start(rest: str, start: int) -> int:
    while rest.startswith(" ", start):
        start += 1
    return start


def _refusal(path: BadPath, status: str) -> Reply:
    if path.utf8:
        return Reply(553, "5.6.7", path.text)
    return Reply(553 if path.relayed else 501, status, path.text)


def _mail_parameters(transaction: Transaction, words: dict[str, tuple[str, str]]) -> Reply | None:
    for key, (value, word) in words.items():
        match key:
            case "SIZE":
                size = parameters.size(value)
                if size is None:
                    return _malformed(key)
                transaction.size = size
            case "BODY":
                eightbit = parameters.body(value)
                if eightbit is None:
                    return _malformed(key)
                transaction.eightbit = eightbit
            case "SMTPUTF8":
                if "=" in word:
                    return _malformed(key)
                transaction.utf8 = True
            case "RET":
                ret = parameters.ret(value)
                if ret is None:
                    return _malformed(key)
                transaction.ret = ret
            case "ENVID":
                if not parameters.envid(value):
                    return _malformed(key)
                transaction.envid = value
            case "AUTH":
                if not value:
                    return _malformed(key)
            case _:
                return _unknown()
    transaction.mail_params = " ".join(
        word for key, (_, word) in words.items() if key not in _IGNORED
    )
    return None


def _rcpt_parameters(
    recipient: Recipient, words: dict[str, tuple[str, str]], *, utf8: bool
) -> Recipient | Reply:
    for key, (value, _) in words.items():
        match key:
            case "NOTIFY":
                notify = parameters.notify(value)
                if notify is None:
                    return _malformed(key)
                recipient.notify = notify
            case "ORCPT":
                if not parameters.orcpt(value, utf8=utf8):
                    return _malformed(key)
                recipient.orcpt = value
            case _:
                return _unknown()
    recipient.params = " ".join(word for _, word in words.values())
    return recipient


def _malformed(key: str) -> Reply:
    return Reply(501, "5.5.4", f"malformed {key} parameter")


def _unknown() -> Reply:
    return Reply(555, "5.5.4", "parameter not recognised or not offered")
