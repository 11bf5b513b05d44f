"""Paths of MAIL and RCPT (RFC 5321 4.1.2, RFC 6531 3.3), and the mailbox within.

What is accepted becomes a line of a spool file and an argument of a command, so the
grammar is kept to the letter: no control character, no line separator of any script, no
angle bracket and no blank outside quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

MAX_LOCAL = 64
MAX_DOMAIN = 255
MAX_PATH = 256
"""Octets, RFC 5321 4.5.3.1.1 to 4.5.3.1.3; a path counts its brackets."""

_HIGH = "\x80-\U0010ffff"
_ATEXT = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~\-{_HIGH}]"
_LABEL = rf"(?!-)[A-Za-z0-9_\-{_HIGH}]{{1,63}}(?<!-)"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_QUOTED = rf'"(?:[ !#-\[\]-~{_HIGH}]|\\[ -~])*"'
_PATH = re.compile(
    rf"<(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
    rf"({_ATEXT}+(?:\.{_ATEXT}+)*|{_QUOTED})"
    rf"@({_DOMAIN}|\[[!-Z^-~]+\])>"
)
_POSTMASTER = re.compile("<postmaster>", re.IGNORECASE)
_ROUTED_LOCAL = re.compile(r"[%!@]")
_SECOND_AT = re.compile(r'<(?:@[^:<>"]*:)?[^<>"@:]+@[^<>"@]+@[^<>"@]*>')
_QUOTED_PAIR = re.compile(r"\\(.)")
_ASCII_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_ILLEGIBLE = re.compile(
    "[\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028-\u202f\u205f\u2066-\u2069\u3000"
    "\ud800-\udfff\ufeff\ufff9-\uffff]"
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A parsed mailbox; the null sender is all empty, `<postmaster>` has no domain.

    `text` is local@domain as received, without source route.  `local` is the local part
    without its quotes, `domain` as received, `ascii_domain` its A-label form in lower
    case (RFC 5890), an address literal in lower case.
    """

    text: str
    local: str
    domain: str
    ascii_domain: str


NULL = Mailbox("", "", "", "")
"""The null sender `<>`."""


@dataclass(frozen=True, slots=True)
class BadPath:
    """Why a path was refused.

    `relayed`: its local part asks for relaying; `utf8`: it is non-ASCII where that was
    not asked for, or no legible UTF-8; neither: it is malformed, as `text` says.
    """

    text: str
    relayed: bool = False
    utf8: bool = False


_MALFORMED = BadPath("malformed address")
_RELAYED = BadPath("no %, ! or @ in a local part", relayed=True)
_LONG = BadPath("address too long")
NEEDS_SMTPUTF8 = BadPath("non-ASCII address without SMTPUTF8", utf8=True)
"""What a non-ASCII address meets where SMTPUTF8 was not asked for."""
_NOT_UTF8 = BadPath("address is no readable UTF-8", utf8=True)
_LITERAL = BadPath("malformed address literal")
_IDNA = BadPath("malformed internationalised domain")


def parse_path(text: str, start: int, *, utf8: bool) -> tuple[Mailbox, int] | BadPath:
    """Read the path that begins at `start`; return its mailbox and where it ends.

    `text` is one decoded command line (surrogateescape).  `utf8` says whether SMTPUTF8
    was asked for.  `<>` and `<postmaster>` are the caller's.
    """
    match = _PATH.match(text, start)
    if match is None:
        return _diagnose(text, start)
    local, domain = match.groups()
    if match.end() - start > MAX_PATH or len(local) > MAX_LOCAL or len(domain) > MAX_DOMAIN:
        return _LONG
    whole = f"{local}@{domain}"
    if local[0] == '"':
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    if _ROUTED_LOCAL.search(local):
        return _RELAYED
    if whole.isascii():
        ascii_domain = domain.lower()
        if domain[0] == "[" and not _literal(domain[1:-1]):
            return _LITERAL
    else:
        found = _international(whole, domain, utf8=utf8, path=match[0])
        if isinstance(found, BadPath):
            return found
        ascii_domain = found
    return Mailbox(whole, local, domain, ascii_domain), match.end()


def parse_postmaster(text: str, start: int) -> tuple[Mailbox, int] | None:
    """Read `<postmaster>` without a domain, in any case (RFC 5321 4.5.1)."""
    match = _POSTMASTER.match(text, start)
    if match is None:
        return None
    word = match[0][1:-1]
    return Mailbox(word, word, "", ""), match.end()


def a_label(domain: str) -> str | None:
    """A domain in lower-case A-label form; None when it has none.

    The mapping is the standard library's (IDNA 2003): it serves matching and look-up,
    never the text that is stored or sent.
    """
    if domain.isascii():
        return domain.lower()
    try:
        mapped = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    # Compatibility forms map to ASCII ("＠" to "@"): what comes out is checked again.
    if len(mapped) > MAX_DOMAIN or not _ASCII_DOMAIN.fullmatch(mapped):
        return None
    return mapped


def mail_domain(address: str) -> str:
    """The domain that a mail address is looked up by: its A-label form in lower case.

    The address itself for an address literal (`[192.0.2.1]`, `[IPv6:2001:db8::1]`), ""
    where it names no domain that could be looked up.
    """
    domain = address.rpartition("@")[2] if "@" in address else ""
    if domain.startswith("["):
        inner = domain[1:-1] if domain.endswith("]") else ""
        return inner.lower().removeprefix("ipv6:") if _literal(inner) else ""
    found = a_label(domain.rstrip("."))
    return found if found and _ASCII_DOMAIN.fullmatch(found) and len(found) < MAX_DOMAIN else ""


def _international(whole: str, domain: str, *, utf8: bool, path: str) -> str | BadPath:
    if not utf8:
        return NEEDS_SMTPUTF8
    if _ILLEGIBLE.search(whole):
        return _NOT_UTF8
    local = whole[: -len(domain) - 1]
    if (
        len(local.encode()) > MAX_LOCAL
        or len(domain.encode()) > MAX_DOMAIN
        or len(path.encode("utf-8", "surrogateescape")) > MAX_PATH
    ):
        return _LONG
    if domain[0] == "[":
        return domain.lower() if _literal(domain[1:-1]) else _LITERAL
    return a_label(domain) or _IDNA


def _literal(text: str) -> bool:
    """Whether an address literal is an IPv4 or a tagged IPv6 address (RFC 5321 4.1.3)."""
    try:
        if text[:5].upper() == "IPV6:":
            return not IPv6Address(text[5:]).scope_id
        return bool(IPv4Address(text).packed)
    except AddressValueError:
        return False


def _diagnose(text: str, start: int) -> BadPath:
    if _SECOND_AT.match(text, start):
        return _RELAYED
    return _MALFORMED
