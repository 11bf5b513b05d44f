"""Where a client was going, and what of that may become a destination.  Pure.

A connection that a packet filter or a proxy turned towards us was meant for a server, and
that server is where its mail goes (chapter: DST).  What was not turned, because it was meant
for this machine, or can be meant for no server at all, gives no destination.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from relay.policy.acceptance import DEFAULT_PORT
from relay.policy.cidr import LOOPBACK, parse_networks
from relay.smtp.reply import Reply
from spooltool.spool.hosts import HostPort

OWN_DELIVERY = Reply(
    451, "4.4.6", "this is our own delivery, redirected back to us: its mark is not spared"
)
"""To mail that this relay itself delivers and a redirect brings back: it stays in the queue."""

OWN_CONNECTION = Reply(
    421, "4.4.6", "this machine's own connection, redirected back to it: its mark is not spared"
)
"""The same at connect, where this machine's address is none that may send."""

_NO_SERVER_V4 = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
_NO_SERVER_V6 = ("::", "::1", "fe80::/10", "ff00::/8")
NO_SERVER = parse_networks((*_NO_SERVER_V4, *_NO_SERVER_V6))[0]
"""What no connection for a mail server goes to: unspecified, loopback, link-local,
multicast, broadcast and reserved."""


class Way(StrEnum):
    """How a listener learns where its clients were going."""

    OFF = "off"
    PROXY = "proxy"
    REDIRECT = "redirect"
    TPROXY = "tproxy"


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a connection beside its client.

    `destination` is the server that the client was going to; None: it was not redirected.
    `proxy` speaks for the client; None: it speaks for itself.  `from_here`: the client's
    address is one of this machine.  `loop` is the configured server that is one of our own
    listening sockets, if one is.  `at` is the address of ours to which the client came, ""
    where that is not known.
    """

    destination: HostPort | None = None
    proxy: HostPort | None = None
    from_here: bool = False
    loop: HostPort | None = None
    at: str = ""


DIRECT = Origin()
"""Of a client that came straight to us."""


def server(found: HostPort | None, *, is_local: Callable[[str], bool]) -> HostPort | None:
    """The destination that was learnt from the wire, where it can be a server.

    `is_local` says whether an address is one of this machine; it is asked last.
    """
    if found is None or not found.port or found.host in NO_SERVER or is_local(found.host):
        return None
    return found


def trusted_as_local(source: str, proxy: HostPort | None) -> bool:
    """Whether a client is this machine itself.

    The loopback of which a proxy tells is the proxy's, not ours, unless it runs here.
    """
    return source in LOOPBACK and (proxy is None or proxy.host in LOOPBACK)


def own_delivery(origin: Origin, helo: str, hostname: str) -> bool:
    """Whether this relay's own delivery to a server was redirected back to it.

    It comes from one of our addresses, was going elsewhere, and greets with our name.
    """
    return (
        origin.from_here
        and origin.destination is not None
        and helo.lower().rstrip(".") == hostname.lower()
    )


def comes_back(
    hosts: Collection[HostPort],
    port: int,
    listening: Collection[HostPort],
    is_local: Callable[[str], bool],
) -> HostPort | None:
    """The first of `hosts` that is one of our own listening sockets.

    `port` is for hosts without one.  Names are not looked up: what they come to is known
    at delivery only.
    """
    for host in hosts:
        for listener in listening:
            if (host.port or port) != listener.port or not _is_address(host.host):
                continue
            if host.host == listener.host or (
                _is_wildcard(listener.host, host.host) and is_local(host.host)
            ):
                return host
    return None


def destination_of(found: HostPort) -> tuple[HostPort, HostPort]:
    """A server as DST, which leaves its port to DPORT, and as ERR_SERVER."""
    return HostPort(found.host), HostPort(
        found.host, found.port if found.port != DEFAULT_PORT else None
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_wildcard(listener: str, host: str) -> bool:
    """Whether a listener takes connections to every address of this host's kind."""
    return listener == ("::" if ":" in host else "0.0.0.0")
