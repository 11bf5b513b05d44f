"""`relay mx DOMAIN`: the hosts that mail for a domain would be offered to, for a person."""

from __future__ import annotations

import asyncio

from relay.config import Config
from relay.dequeue.process import settings_of
from relay.dequeue.ways import Ways, is_address
from relay.policy.mx import NoMail, NoWay, Route
from spooltool.errors import UsageError
from spooltool.spool.hosts import HostPort
from spooltool.spool.mailbox import mail_domain


def look_up(config: Config, what: str) -> tuple[list[str], bool]:
    """Lines about a domain or a mail address, and whether there is a host to ask.

    Raises UsageError for what is neither.
    """
    domain = mail_domain(what if "@" in what else f"postmaster@{what}")
    if not domain or not what.isprintable():
        raise UsageError("that is no mail domain and no mail address")
    if is_address(domain):
        return [f"{HostPort(domain, config.mx_port)}: an address, so nothing is looked up"], True
    ways = Ways(settings_of(config), lambda hosts: hosts)
    found = asyncio.run(ways.exchanges().of(domain))
    return told(domain, found, config.mx_port), isinstance(found, Route)


def told(domain: str, found: Route | NoMail | NoWay, port: int) -> list[str]:
    """What was found, in words."""
    if isinstance(found, NoMail):
        return [f"{domain}: undeliverable, {found.status}: {_rest(domain, found.text)}"]
    if isinstance(found, NoWay):
        return [f"{domain}: nobody to ask now, mail would wait: {_rest(domain, found.text)}"]
    how = "no MX, so the domain itself" if found.implied else "in this order"
    lines = [f"{domain}: {how}"]
    for number, stop in enumerate(found.stops, 1):
        places = " ".join(str(HostPort(address, port)) for address in stop.addresses)
        preference = "" if found.implied else f"MX {stop.preference}  "
        lines.append(f"  {number}  {preference}{stop.host}  {places}")
    for one in found.passed:
        host = one.exchange.host or "."
        lines.append(f"  -  MX {one.exchange.preference}  {host}  not asked: {one.why}")
    return lines


def _rest(domain: str, text: str) -> str:
    """A text without the domain that it begins with."""
    return text.removeprefix(domain).lstrip(": ")
