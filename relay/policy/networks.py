"""The networks that rules name, resolved once: a set of spans to look addresses up in."""

from __future__ import annotations

from collections.abc import Mapping

from relay.config.networks import Members, NetworkTable, addresses
from relay.config.spans import EVERYTHING, joined
from relay.policy.cidr import Networks


def resolve(members: Members, tables: Mapping[str, NetworkTable]) -> Networks | None:
    """The addresses of a list; None for all there are, and for what has no address at all."""
    spans = addresses(members, tables)
    return None if joined(spans) == EVERYTHING else Networks(spans)
