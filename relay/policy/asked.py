"""What a message asks to be done with its content before it is sent: read from its envelope.

Fail closed: a key that is missing, doubled or of unknown value, a resource or a scanner that
does not exist ask for something that nobody knows, and the message waits.

The resource counts as it is defined now; about the scanner the file's own keys decide, which
an operator may set.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from relay.config.resources import Resource
from relay.message.mime import DEFAULT_LIMITS, Limits
from relay.policy.antivirus import (
    ADDRESS,
    HEADERS,
    PORT,
    SETTING,
    NoScan,
    ScanOrder,
    Wait,
    order_of,
)
from relay.policy.pipeline import Orders, encode_orders, orders_of
from relay.policy.resources import NONE, named, needs_content
from spooltool.spool.checks import Check, check_of
from spooltool.spool.codec import Envelope
from spooltool.spool.hosts import HostPort
from spooltool.spool.judged import BASIS_WIDTH

FRESH = 3600
"""Seconds for which a verdict counts."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """It may be sent as it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Its content is to be judged, and then perhaps scanned.

    `resource` is None where it matched none.  `basis` is a digest of all that the verdict
    depends on, the content as it was accepted included.
    """

    orders: Orders
    scan: ScanOrder | None
    resource: Resource | None
    basis: str

    @property
    def may_modify(self) -> bool:
        """Whether an infected part may be replaced."""
        return self.resource is None or self.resource.allowed_to_modify_content


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody here can tell, and why, for a person to mend."""

    text: str


def asked_of(
    envelope: Envelope,
    resources: Mapping[str, Resource],
    scanners: Mapping[HostPort, str],
    limits: Limits = DEFAULT_LIMITS,
) -> Nothing | Asked | Unknown:
    """What a message asks for.  `resources` are known by name, `scanners` named by address."""
    resource = _resource(envelope, resources)
    if isinstance(resource, Unknown):
        return resource
    keys = {key: _values(envelope, key) for key in (SETTING, ADDRESS, PORT, HEADERS)}
    scan = order_of(keys, scanners)
    if isinstance(scan, Wait):
        return Unknown(scan.text)
    if isinstance(scan, NoScan) and (
        resource is None or not needs_content(resource, _content_size(envelope))
    ):
        return Nothing()
    passed = frozenset(
        check for line in envelope.all("PASS") if (check := check_of(line.value.split(" ")[0]))
    )
    wanted = None if isinstance(scan, NoScan) or Check.ANTIVIRUS in passed else scan
    orders = orders_of(
        resource,
        rule=envelope.get("RULE") or "",
        scanned=wanted is not None,
        passed=passed,
        limits=limits,
    )
    return Asked(orders, wanted, resource, _basis(envelope, orders, wanted, resource))


def _resource(envelope: Envelope, known: Mapping[str, Resource]) -> Resource | Unknown | None:
    values = _values(envelope, "RESOURCE")
    if len(values) != 1:
        there = "there twice" if values else "missing"
        return Unknown(f"RESOURCE is {there}: `set --resource NAME|none` says what is asked")
    name = named(values[0])
    if name == NONE:
        return None
    found = known.get(name)
    return Unknown(f"RESOURCE is {name}, and there is no such resource") if found is None else found


def _values(envelope: Envelope, key: str) -> tuple[str, ...]:
    return tuple(line.value for line in envelope.all(key))


def _content_size(envelope: Envelope) -> int:
    """Octets of what would be sent; of the whole file where its parts are not known."""
    sizes = envelope.sizes
    return sizes[1] + 1 + sizes[2] if sizes is not None else envelope.size


def _basis(
    envelope: Envelope, orders: Orders, scan: ScanOrder | None, resource: Resource | None
) -> str:
    modify = resource is None or resource.allowed_to_modify_content
    facts = {
        "orders": encode_orders(orders),
        "scan": [scan.scanner, scan.mode, scan.headers, modify] if scan is not None else [],
        "content": [envelope.get("SIZES"), envelope.get("DIGEST")],
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:BASIS_WIDTH]
