"""What a response of a name server says, as one of four answers (RFC 2308, RFC 1034 4.3).

An empty response is *nothing* only where the server vouches for it: a referral to others
(a lame server) is trouble, and so is every response code but NOERROR and NXDOMAIN.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rrset

from relay.policy.mx import Exchange

LONGEST = 86400.0
"""Seconds that an answer is kept at most."""

LONGEST_NEGATIVE = 3600.0
"""Seconds that "no such name" and "no such records" are kept at most (RFC 2308 5)."""

TROUBLE_KEPT = 30.0
"""Seconds that a failure is kept (RFC 2308 7 allows five minutes)."""

Record = Exchange | str
"""An MX record, or an address."""


class Said(Enum):
    """The four things that come of a question."""

    RECORDS = auto()
    NOTHING = auto()
    """The name exists, and has no such records."""
    NO_NAME = auto()
    """There is no such name (NXDOMAIN)."""
    TROUBLE = auto()
    """Nobody knows now: silence, SERVFAIL, REFUSED, a lame server, garbage."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `ttl` in seconds, `text` of a trouble, `alias` where a CNAME leads on."""

    said: Said
    records: tuple[Record, ...] = ()
    ttl: float = 0.0
    text: str = ""
    alias: str = ""


def trouble(text: str) -> Answer:
    """An answer that is none."""
    return Answer(Said.TROUBLE, ttl=TROUBLE_KEPT, text=text)


def read(response: dns.message.Message) -> Answer:
    """What a response says.  Garbage is trouble, never an exception."""
    code = response.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return trouble(dns.rcode.to_text(code))
    if not isinstance(response, dns.message.QueryMessage):
        return trouble("not a response to a question")
    try:
        chain = response.resolve_chaining()
    except dns.exception.DNSException as error:
        return trouble(f"{type(error).__name__}: {error}")
    if chain.answer is not None:
        found = tuple(_records(chain.answer))
        return Answer(Said.RECORDS, found, min(float(chain.minimum_ttl), LONGEST))
    vouched = any(rrset.rdtype == dns.rdatatype.SOA for rrset in response.authority)
    ttl = min(float(chain.minimum_ttl), LONGEST_NEGATIVE) if vouched else 0.0
    if code == dns.rcode.NXDOMAIN:
        return Answer(Said.NO_NAME, ttl=ttl)
    if chain.cnames and not vouched:
        # The server knows the alias and not what it stands for: that is asked for by itself.
        kept = min(float(rrset.ttl) for rrset in chain.cnames)
        return Answer(Said.NOTHING, ttl=min(kept, LONGEST), alias=str(chain.canonical_name))
    if not vouched and any(rrset.rdtype == dns.rdatatype.NS for rrset in response.authority):
        return trouble("lame server: it refers to others")
    return Answer(Said.NOTHING, ttl=ttl)


def _records(rrset: dns.rrset.RRset) -> list[Record]:
    found: list[Record] = []
    for one in rrset:
        if isinstance(one, dns.rdtypes.ANY.MX.MX):
            found.append(Exchange(one.preference, plain(str(one.exchange))))
        elif isinstance(one, dns.rdtypes.IN.A.A | dns.rdtypes.IN.AAAA.AAAA):
            found.append(str(one.address))
    return found


def plain(name: str) -> str:
    """A name in lower case, without the dot at its end; the root is ""."""
    return name.rstrip(".").lower()
