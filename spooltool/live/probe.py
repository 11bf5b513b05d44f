"""A live look at a host: resolve, connect, greeting, EHLO, STARTTLS; MAIL and RCPT when asked.

Never DATA: a probe sends no mail.  Everything has a deadline; whatever goes wrong is a
step with its error, not an exception.  `spooltool probe` and the probe of `retarget` are
this one function.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from spooltool.diagnose.probing import Probe, Step, Tls, Visit, port_of
from spooltool.spool.hosts import HostPort

DEADLINE = 5.0
MOST_ADDRESSES = 5
"""Addresses of one name that are looked at, as the relay tries them."""

_NO_ROUTE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a host: its name, the name we give, an envelope, TLS, seconds."""

    host: HostPort
    helo: str
    sender: str = ""
    recipients: tuple[str, ...] = ()
    tls: Tls = Tls.OFF
    deadline: float = DEADLINE

    @property
    def port(self) -> int:
        """The port that is connected to."""
        return port_of(self.host, self.tls)


Told = Callable[[Visit], None]


def probe(
    host: HostPort,
    *,
    helo: str = "",
    sender: str = "",
    recipients: Sequence[str] = (),
    tls: Tls = Tls.OFF,
    every: bool = False,
    deadline: float = DEADLINE,
    resolved: Callable[[Probe], None] = lambda found: None,
    told: Told = lambda visit: None,
) -> Probe:
    """Look at a host; with `recipients` also ask whether it would take them.

    `every` looks at each of its addresses, `deadline` seconds each; else at the first that
    takes the connection, and the deadline is for all.  `resolved` and `told` hear of what
    is done while the rest goes on.
    """
    wish = Wish(host, helo or socket.gethostname(), sender, tuple(recipients), tls, deadline)
    until = time.monotonic() + deadline
    found = _resolve(wish)
    resolved(found)
    for address in found.addresses[:MOST_ADDRESSES]:
        visit = visit_address(wish, address, deadline if every else until - time.monotonic())
        found.visits.append(visit)
        told(visit)
        if not every and visit.connected:
            break
    if not any(visit.connected for visit in found.visits):
        for visit in found.visits:  # then it is no small matter that there is no way there
            visit.steps = [replace(step, ok=False, noted=False) for step in visit.steps]
    return found


def _resolve(wish: Wish) -> Probe:
    began = time.monotonic()
    try:
        entries = socket.getaddrinfo(wish.host.host, wish.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Probe(wish.host, Step("resolve", False, words_of(error), ms_since(began)))
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in entries))
    said = ", ".join(addresses)
    if len(addresses) > MOST_ADDRESSES:
        said += f" (the first {MOST_ADDRESSES} are looked at)"
    return Probe(wish.host, Step("resolve", True, said, ms_since(began)), addresses)


def visit_address(wish: Wish, address: str, seconds: float) -> Visit:
    """Talk with one address.

    A certificate that does not verify ends the connection before it can be read: then the
    host is visited once more without verifying, and that visit tells what was wrong.
    """
    from spooltool.live.visiting import Unverified, Visiting  # start-up: ssl is large

    until = time.monotonic() + seconds
    first = Visiting(wish, address, seconds)
    try:
        return first.run()
    except Unverified as why:
        return Visiting(wish, address, until - time.monotonic(), unverified=str(why)).run()


def no_route(error: OSError) -> bool:
    """Whether this machine cannot reach that kind of address at all (it has no IPv6, say)."""
    return error.errno in _NO_ROUTE


def words_of(error: Exception) -> str:
    """The system's words for an error."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def ms_since(began: float) -> float:
    """Milliseconds since a moment of the monotonic clock."""
    return round((time.monotonic() - began) * 1000.0, 1)
