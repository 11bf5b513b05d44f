"""What one intake process is told to do, read from the configuration once."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass

from relay.config import Config
from relay.config.kinds import MinFree
from relay.message.headers import HeaderLimits
from relay.policy.cidr import Networks, parse_networks
from relay.policy.implicit import ImplicitRule
from relay.policy.origin import Way
from relay.policy.rulebase import RuleBase, rulebase_of
from relay.smtp.commands import parse_helo
from relay.smtp.limits import Limits


@dataclass(frozen=True, slots=True)
class Settings:
    """Values for every new connection; a reload makes another object.

    `idle` and `data_idle` are seconds without progress of a client, between commands and
    in content.  `rule` is the rule base, or the implicit rule of a relay without one.
    `clients` is how many connections may be open, in this process, and
    `clients_per_address` how many of one address.  `proxies` speak for others, `way` is how
    the server that a client was going to is learnt.  `spool_limit` counts messages (0: no
    limit), looked at each `spool_limit_scan_period` seconds.  `tls` is what STARTTLS is
    offered with, None not to; `tls_required` takes no mail without it.
    """

    hostname: str
    rule: ImplicitRule | RuleBase
    limits: Limits
    headers: HeaderLimits
    hops: int
    idle: float
    data_idle: float
    clients: int
    clients_per_address: int
    spool_limit: int
    spool_limit_scan_period: float
    min_free: MinFree
    proxies: Networks
    way: Way
    tls: ssl.SSLContext | None = None
    tls_required: bool = False


def settings_of(config: Config, tls: ssl.SSLContext | None = None) -> Settings:
    """The part of a valid configuration that an intake process needs."""
    return Settings(
        hostname=config.hostname or machine_name(),
        rule=rulebase_of(config) if config.rules else _implicit_rule(config),
        limits=Limits(
            content_line=config.max_line,
            size=config.max_octets,
            recipients=config.maxrecipients,
            errors=config.max_errors,
            commands=config.max_commands,
            mails=config.max_mails_per_client,
            bare="normalise" if config.bare == "normalise" else "reject",
        ),
        headers=HeaderLimits(config.max_header_size, config.max_header_fields),
        hops=config.max_hops,
        idle=config.client_idle,
        data_idle=config.data_idle,
        # The processes share the listening sockets evenly enough.
        clients=-(-config.max_clients // config.intake_workers),
        clients_per_address=config.max_clients_per_address,
        spool_limit=config.spool_limit,
        spool_limit_scan_period=config.spool_limit_scan_period,
        min_free=config.min_free,
        proxies=_networks(config.proxy_from),
        way=Way(config.original_destination),
        tls=tls,
        tls_required=config.tls_required,
    )


def _implicit_rule(config: Config) -> ImplicitRule:
    return ImplicitRule(
        _networks(config.accept_from),
        config.dst,
        config.default_server,
        config.error_server,
        config.errmail,
        from_wire=config.original_destination != Way.OFF,
        servers=_networks(config.original_networks) if config.original_networks else None,
    )


def _networks(texts: tuple[str, ...]) -> Networks:
    networks, problems = parse_networks(texts)
    if problems:
        raise ValueError(f"networks were not validated: {problems}")
    return networks


def machine_name() -> str:
    """The machine's own name, as far as it can stand in a greeting."""
    name = os.uname().nodename
    return name if parse_helo(name) == name else "localhost"
