"""Which hosts mail for a domain is offered to, and in which order (RFC 5321 5.1, RFC 7505).

The name server's answers come in as facts, and so does chance: one draw a record orders
those of equal preference.  What makes a failure certain is said here and nowhere else: a
name that does not exist, a null MX, and a list that leads to nobody but ourselves.  All
other trouble passes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

NO_SUCH_DOMAIN = "5.1.2"
NO_DOMAIN = "5.1.3"
NULL_MX = "5.1.10"
LOOP = "5.4.6"
"""Enhanced status codes, RFC 3463 and RFC 7505."""

MOST_EXCHANGES = 20
"""So many records of a domain are looked at, the best by preference."""

_NUMERIC = re.compile(r"[0-9.]+\Z")


@dataclass(frozen=True, slots=True)
class Exchange:
    """An MX record: the lower its preference, the earlier.  `host` "" is the root (null MX)."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class NoMail:
    """No host will ever take mail for the domain: for good, with status and text."""

    status: str
    text: str


@dataclass(frozen=True, slots=True)
class NoWay:
    """No host can be named now; `text` says why."""

    text: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A host to ask, with its addresses in order; `preference` is its record's."""

    preference: int
    host: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """A record that is not asked, and why."""

    exchange: Exchange
    why: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The chapter's max_mx_node_per_mail and max_ips_per_mx_node."""

    nodes: int = 5
    addresses: int = 5


@dataclass(frozen=True, slots=True)
class Candidates:
    """The records worth a look, in order; `implied`: there is none, the domain stands for it."""

    domain: str
    exchanges: tuple[Exchange, ...]
    passed: tuple[Passed, ...] = ()
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """The hosts to ask, in order, and what was passed over."""

    domain: str
    stops: tuple[Stop, ...]
    passed: tuple[Passed, ...] = ()
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Addresses:
    """A host's addresses, IPv6 and IPv4; `trouble` says why some may be missing for now."""

    found: tuple[str, ...] = ()
    trouble: str = ""


def no_such(domain: str) -> NoMail:
    """What NXDOMAIN means where the MX were asked for."""
    return NoMail(NO_SUCH_DOMAIN, f"{domain}: no such domain")


def no_domain(address: str) -> NoMail:
    """What becomes of a recipient that names no domain that could be looked up."""
    return NoMail(NO_DOMAIN, f"<{address}>: no domain to look up")


def candidates(
    domain: str, exchanges: Sequence[Exchange], draws: Sequence[float]
) -> Candidates | NoMail:
    """The records of a domain in the order of preference; `draws` orders equal ones.

    Without a record the domain is its own exchange.  A null MX counts where it stands
    alone (RFC 7505 3); beside others it is a mistake and passed over.
    """
    if not exchanges:
        return Candidates(domain, (Exchange(0, domain),), implied=True)
    if all(not one.host for one in exchanges):
        return NoMail(NULL_MX, f"{domain} takes no mail (null MX)")
    drawn = sorted(
        zip(exchanges, draws, strict=True), key=lambda pair: (pair[0].preference, pair[1])
    )
    kept: list[Exchange] = []
    passed: list[Passed] = []
    seen: set[str] = set()
    for exchange, _ in drawn:
        if why := _useless(exchange):
            passed.append(Passed(exchange, why))
        elif exchange.host not in seen:
            seen.add(exchange.host)
            kept.append(exchange)
    passed += [Passed(one, "one of too many") for one in kept[MOST_EXCHANGES:]]
    return Candidates(domain, tuple(kept[:MOST_EXCHANGES]), tuple(passed))


def route(
    chosen: Candidates,
    addresses: Mapping[str, Addresses],
    limits: Limits,
    *,
    own_names: Collection[str] = (),
    own_addresses: Collection[str] = (),
) -> Route | NoMail | NoWay:
    """The hosts to ask, with `addresses` by host.

    From our own host on, by name or by an address that we listen at, nobody is asked:
    those would send the mail back (RFC 5321 5.1).  `limits` count what is left.
    """
    ours = [
        one
        for one in chosen.exchanges
        if one.host in own_names
        or any(at in own_addresses for at in addresses.get(one.host, Addresses()).found)
    ]
    cut = min((one.preference for one in ours), default=None)
    stops: list[Stop] = []
    passed = list(chosen.passed)
    troubles = []
    for one in chosen.exchanges:
        known = addresses.get(one.host, Addresses())
        if cut is not None and one.preference >= cut:
            passed.append(Passed(one, _behind(one, ours)))
        elif not known.found:
            why = known.trouble or "it has no address"
            troubles.append(f"{one.host}: {why}")
            passed.append(Passed(one, why))
        elif len(stops) >= limits.nodes:
            passed.append(Passed(one, f"max_mx_node_per_mail is {limits.nodes}"))
        else:
            within = _mixed(known.found)[: limits.addresses]
            stops.append(Stop(one.preference, one.host, within))
    if stops:
        return Route(chosen.domain, tuple(stops), tuple(passed), chosen.implied)
    if troubles:
        return NoWay(_first(chosen, troubles))
    if ours:
        return NoMail(LOOP, f"mail for {chosen.domain} comes to this relay itself: {ours[0].host}")
    return NoWay(f"{chosen.domain}: no MX names a host ({passed[0].why})")


def _useless(exchange: Exchange) -> str:
    """Why a record names no host; "" when it does."""
    if not exchange.host:
        return "a null MX beside others"
    if _NUMERIC.match(exchange.host):
        return "an address in place of a name"
    return ""


def _behind(one: Exchange, ours: Collection[Exchange]) -> str:
    return "this relay itself" if one in ours else "no better than this relay itself"


def _first(chosen: Candidates, troubles: Sequence[str]) -> str:
    more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
    if chosen.implied:
        return troubles[0]
    return f"{chosen.domain}: MX {troubles[0]}{more}"


def _mixed(found: Sequence[str]) -> tuple[str, ...]:
    """IPv6 and IPv4 in turn, so that a limit leaves some of each (as RFC 8305 4 does)."""
    wide = [one for one in found if ":" in one]
    narrow = [one for one in found if ":" not in one]
    mixed = []
    for place in range(max(len(wide), len(narrow))):
        mixed += wide[place : place + 1] + narrow[place : place + 1]
    return tuple(mixed)
