"""Values that are right alone and wrong together."""

from __future__ import annotations

from collections.abc import Iterator

from relay.config.kinds import loopback, unspecified
from relay.config.origin import from_the_wire
from relay.config.parameters import Config
from spooltool.spool.hosts import HostPort, parse_hosts

SMTP_PORT = 25


def contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """Every contradiction: the parameter that a person should look at, and the text."""
    yield from _who_may_send(config)
    yield from from_the_wire(config)
    yield from _twice(config)
    yield from _without_certificate(config)
    for name in ("dst", "default_server", "error_server"):
        yield from ((name, text) for text in to_itself(config, getattr(config, name)))


def _who_may_send(config: Config) -> Iterator[tuple[str, str]]:
    """A relay without rules is open to this machine, or says whom it serves and for what.

    Anything wider must be asked for: an open listener without a rule would accept nothing,
    or everything.
    """
    if config.rules:
        return
    target = config.dst or config.default_server or config.original_destination != "off"
    for name, listener in _listeners(config):
        if loopback(listener.host):
            continue
        if not config.accept_from:
            yield name, f"{listener} can be reached from outside, and accept_from names nobody"
        if not target:
            yield name, f"{listener} can be reached from outside, and there is no dst to go to"
    if config.accept_from and not target:
        yield "accept_from", "there is neither dst nor default_server: nothing would be accepted"


def _twice(config: Config) -> Iterator[tuple[str, str]]:
    seen: set[HostPort] = set()
    for name, listener in _listeners(config):
        if listener in seen and listener.port:
            again = "is in listen already" if name == "listen_tls" else "stands in the list twice"
            yield name, f"{listener} {again}"
        seen.add(listener)


def _listeners(config: Config) -> Iterator[tuple[str, HostPort]]:
    """Every listener, with the parameter that names it."""
    yield from (("listen", listener) for listener in config.listen)
    yield from (("listen_tls", listener) for listener in config.listen_tls)


def _without_certificate(config: Config) -> Iterator[tuple[str, str]]:
    if config.tls_certificate:
        return
    if config.tls_key:
        yield "tls_key", "there is no tls_certificate that it belongs to"
    for name in ("listen_tls", "tls_required"):
        if getattr(config, name):
            yield name, "there is no tls_certificate, so no TLS can be spoken"


def to_itself(config: Config, hosts: str) -> Iterator[str]:
    """A server that is one of our listeners would be given its own mail for ever."""
    for host in parse_hosts(hosts):
        port = host.port or SMTP_PORT
        for _, listener in _listeners(config):
            same = host.host == listener.host or (
                loopback(host.host)
                and (unspecified(listener.host) or loopback(listener.host))
                and _same_loopback(host.host, listener.host)
            )
            if port == listener.port and same:
                yield f"{host} is this relay itself: mail would go round in circles"


def _same_loopback(host: str, listener: str) -> bool:
    """Whether a loopback address reaches a listener: `localhost` and wildcards take any."""
    return unspecified(listener) or "localhost" in (host, listener)
