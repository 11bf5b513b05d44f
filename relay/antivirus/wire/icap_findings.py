"""The fields in which ICAP servers tell of a finding.  None of them is in RFC 3507.

    X-Infection-Found: Type=0; Resolution=1; Threat=NAME;
    X-Violations-Found: 1, then for each four lines: file, name, number, resolution
    X-Virus-ID, X-Virus-Name: NAME

The first two are those of draft-stecher-icap-subid, with a resolution: 0 not repaired,
1 repaired, 2 the part was removed.  A field that cannot be read is a finding without name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from relay.antivirus.wire.icap_head import IcapHead
from relay.antivirus.wire.names import name_of
from relay.policy.scan_outcome import UNNAMED

_MENDED = ("1", "2")
_ITEM = re.compile(r"\s*([A-Za-z]+)\s*=\s*([^;]*)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A name, and whether the answer says that what it gives back is without it."""

    name: str
    mended: bool = False


def findings_of(head: IcapHead) -> tuple[Finding, ...]:
    """Everything that an answer says it found."""
    found: list[Finding] = []
    for value in head.all("x-infection-found"):
        items = {key.lower(): text.strip() for key, text in _ITEM.findall(value)}
        threat = name_of(items.get("threat", ""))
        found.append(Finding(threat, items.get("resolution") in _MENDED))
    for value in head.all("x-violations-found"):
        found += _violations(value)
    known = {one.name for one in found if one.name != UNNAMED}
    for field in ("x-virus-id", "x-virus-name"):
        found += [
            # The same finding once more, in a field that has no room for a resolution.
            Finding(name, mended=bool(found) and all(one.mended for one in found))
            for name in map(name_of, head.all(field))
            if name not in known
        ]
    return tuple(found)


def _violations(value: str) -> Iterator[Finding]:
    count, *lines = value.split("\n")
    if count.strip() == "0" and not lines:
        return
    if not lines or len(lines) % 4:
        yield Finding(UNNAMED)
        return
    for at in range(0, len(lines), 4):
        _, name, _, resolution = lines[at : at + 4]
        yield Finding(name_of(name), resolution.strip() in _MENDED)
