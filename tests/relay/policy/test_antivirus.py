"""What the antivirus keys ask for, and what becomes of a message after the scan."""

from __future__ import annotations

import pytest

from relay.policy.antivirus import (
    Decision,
    Deliver,
    DeliverCured,
    FindPart,
    NoScan,
    Quarantine,
    ReplacePart,
    ScanOrder,
    Wait,
    decide,
    order_of,
    unfound,
)
from relay.policy.scan_outcome import (
    Clean,
    Cured,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Silent,
    Unreachable,
    Unscanned,
)
from spooltool.spool.hosts import HostPort

SCANNERS = {HostPort("192.0.2.9", 3310): "clam", HostPort("2001:db8::9", 1344): "icap"}
KEYS = {
    "AV_SETTING": ("check",),
    "AV_IPADDR": ("192.0.2.9",),
    "AV_PORT": ("3310",),
    "AV_HEADERS": ("0",),
}
NAMES = ("Eicar",)


def test_orders() -> None:
    assert order_of(KEYS, SCANNERS) == ScanOrder("clam", Mode.CHECK, False)
    other = {"AV_SETTING": ("cure",), "AV_HEADERS": ("1",)}
    assert order_of({**KEYS, **other}, SCANNERS) == ScanOrder("clam", Mode.CURE, True)
    six = {"AV_IPADDR": ("2001:DB8::9",), "AV_PORT": ("1344",)}
    assert order_of({**KEYS, **six}, SCANNERS) == ScanOrder("icap", Mode.CHECK, False)


def test_none_is_none() -> None:
    keys = {"AV_SETTING": ("none",), "AV_IPADDR": ("0.0.0.0",), "AV_PORT": ("0",)}
    assert order_of(keys, {}) == NoScan()


@pytest.mark.parametrize("key", list(KEYS))
def test_a_key_that_is_missing_or_doubled_makes_it_wait(key: str) -> None:
    for values, word in (((), "missing"), (KEYS[key] * 2, "twice"), (("none", "check"), "twice")):
        found = order_of({**KEYS, key: values}, SCANNERS)
        assert isinstance(found, Wait) and found.alert and key in found.text and word in found.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("AV_SETTING", "None"),
        ("AV_SETTING", ""),
        ("AV_SETTING", "clean"),
        ("AV_HEADERS", "yes"),
        ("AV_HEADERS", ""),
        ("AV_IPADDR", "192.0.2.10"),
        ("AV_IPADDR", "0.0.0.0"),
        ("AV_IPADDR", "192.0.2.9:3310"),
        ("AV_PORT", "3311"),
        ("AV_PORT", "0"),
        ("AV_PORT", "３３１０"),
        ("AV_PORT", ""),
    ],
)
def test_what_nobody_knows_makes_it_wait(key: str, value: str) -> None:
    found = order_of({**KEYS, key: (value,)}, SCANNERS)
    assert isinstance(found, Wait) and found.alert and key in found.text


WAITS = [
    NotScanned(Unscanned.PARTIAL, "t"),
    NotScanned(Unscanned.ERROR, "t"),
    Unreachable("t"),
    Silent("t"),
]
UNSEEN = [NotScanned(Unscanned.LIMIT, "t"), NotScanned(Unscanned.ENCRYPTED, "t")]
BLOCKED = Quarantine("infected: Eicar", NAMES)


@pytest.mark.parametrize("a_part", [True, False])
@pytest.mark.parametrize(
    ("outcome", "checked", "cured"),
    [
        (Clean(), Deliver(), Deliver()),
        (Cured(NAMES, 5), BLOCKED, DeliverCured(NAMES)),
        *((one, Quarantine("not scanned: t"), Quarantine("not scanned: t")) for one in UNSEEN),
        *((one, Wait("t"), Wait("t")) for one in WAITS),
    ],
)
def test_decisions(outcome: Outcome, checked: Decision, cured: Decision, a_part: bool) -> None:
    assert decide(outcome, Mode.CHECK, a_part=a_part) == checked
    assert decide(outcome, Mode.CURE, a_part=a_part) == cured
    assert decide(outcome, Mode.CURE, a_part=a_part, may_modify=False) == checked


def test_infected() -> None:
    found = Infected(NAMES)
    assert decide(found, Mode.CHECK, a_part=True) == BLOCKED
    assert decide(found, Mode.CURE, a_part=True) == ReplacePart(NAMES)
    assert decide(found, Mode.CURE, a_part=False) == FindPart(NAMES)
    assert decide(found, Mode.CURE, a_part=True, may_modify=False) == BLOCKED


def test_clean_alone_is_delivered_as_it_is() -> None:
    for outcome in (Infected(NAMES), Cured(NAMES, 1), *UNSEEN, *WAITS):
        for mode in Mode:
            assert decide(outcome, mode, a_part=True) != Deliver()


def test_a_finding_in_no_single_part_is_quarantined() -> None:
    assert unfound(NAMES).text.startswith("infected: Eicar, and no single part")
