"""The envelope that the client side sends: commands made from a spooled message.

A spool file may have been edited by hand, so nothing in it is trusted: an address or a
parameter that could end a line or leave its brackets never becomes a command.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from relay.smtp.extensions import Extensions

_SENDABLE = re.compile(r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|[^\x00-\x20\x7f<>"])*')
_WORD = re.compile(r"[^\x00-\x20\x7f]+")
_DSN_MAIL = frozenset(("RET", "ENVID"))
_DSN_RCPT = frozenset(("NOTIFY", "ORCPT"))


@dataclass(slots=True)
class Mail:
    """One transaction to be made.

    Addresses are without brackets, "" is the null sender; `mail_params` and each
    recipient's parameters as in the spool file.  `size` is in octets with CRLF line ends,
    0 when unknown.  `eightbit` and `utf8` say what the content and the envelope hold, and
    so need of the peer; what the sender had announced decides nothing.
    """

    sender: str
    recipients: Sequence[tuple[str, str]]
    mail_params: str = ""
    size: int = 0
    eightbit: bool = False
    utf8: bool = False

    @property
    def needs_utf8(self) -> bool:
        """Whether the peer must offer SMTPUTF8 (RFC 6531)."""
        return self.utf8 or not (
            self.sender.isascii() and all(address.isascii() for address, _ in self.recipients)
        )


def sendable(address: str) -> bool:
    """Whether an address may stand between the brackets of a command."""
    return _SENDABLE.fullmatch(address) is not None


def mail_command(mail: Mail, peer: Extensions) -> bytes:
    """MAIL with the parameters that the peer's extensions define and no others."""
    words = [f"MAIL FROM:<{mail.sender}>"]
    if mail.size and "SIZE" in peer:
        words.append(f"SIZE={mail.size}")
    if mail.eightbit and "8BITMIME" in peer:
        words.append("BODY=8BITMIME")
    if mail.needs_utf8 and "SMTPUTF8" in peer:
        words.append("SMTPUTF8")
    if mail.mail_params and "DSN" in peer:
        words += _chosen(mail.mail_params, _DSN_MAIL, utf8=False)
    return _line(words)


def rcpt_command(address: str, params: str, peer: Extensions) -> bytes:
    """RCPT with NOTIFY and ORCPT if the peer offers DSN (RFC 3461 4.1, 4.2)."""
    words = [f"RCPT TO:<{address}>"]
    if params and "DSN" in peer:
        words += _chosen(params, _DSN_RCPT, utf8="SMTPUTF8" in peer)
    return _line(words)


def _chosen(params: str, keys: frozenset[str], *, utf8: bool) -> list[str]:
    return [
        word
        for word in params.split(" ")
        if word.partition("=")[0].upper() in keys
        and _WORD.fullmatch(word)
        and (utf8 or word.isascii())
    ]


def _line(words: list[str]) -> bytes:
    return " ".join(words).encode("utf-8", "surrogateescape") + b"\r\n"
