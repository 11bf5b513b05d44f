"""Configurations that messages are replayed by."""

from __future__ import annotations

from functools import cache

from relay.config import Config
from relay.intake.route import is_local
from relay.intake.settings import settings_of
from relay.policy.origin import Way
from relay.replay.house import House


def house_of(label: str, config: Config) -> House:
    """What of a valid configuration decides."""
    settings = settings_of(config)
    return House(
        label,
        settings.rule,
        settings.hostname,
        settings.limits,
        settings.headers,
        settings.hops,
        {one.name: one for one in config.resources},
        redirects=settings.way is not Way.OFF,
        at=next((one.host for one in config.listen), ""),
        is_local=cache(is_local),
    )
